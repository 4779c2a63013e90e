"""What this plugin offers; pyarrow is imported when a feed is made."""

from __future__ import annotations

from helios_engine.catalog.feeds import CatalogBars, CatalogTrades
from helios_engine.hookspecs import hookimpl
from helios_engine.stage import FeedSpec


@hookimpl
def helios_feeds() -> list[FeedSpec]:
    return [FeedSpec("catalog.bars", CatalogBars), FeedSpec("catalog.trades", CatalogTrades)]
