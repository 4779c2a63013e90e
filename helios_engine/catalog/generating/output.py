"""The tables of one simulated instrument."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from helios_engine.catalog import tables
from helios_engine.catalog.generate import bars_of
from helios_engine.catalog.generating.books import Quotes
from helios_engine.catalog.generating.checks import tick_units
from helios_engine.catalog.generating.flow import Trades
from helios_engine.catalog.generating.path import Ints
from helios_engine.catalog.generating.world import QuotedMarket
from helios_engine.catalog.tables import SCHEMAS


@dataclass(frozen=True)
class Simulated:
    """What happened on one instrument, in tables whose prices and quantities are in the instrument's scales.

    `quotes` has a row at the beginning of each minute and after each trade; `books` replayed up to a quote's time
    has the same best prices and sizes. A trade prints at the quote before it. `outages` are (from, to) in ns:
    no row has `from <= ts < to` or `from <= ts_event < to`.
    """

    trades: pa.Table
    quotes: pa.Table
    books: pa.Table
    outages: tuple[tuple[int, int], ...]

    def bars(self, length: int) -> pa.Table:
        """Bars of `length` ns from the trades; no bar where nothing traded."""
        return bars_of(self.trades, length)


def trade_table(market: QuotedMarket, done: Trades, bid: Ints, ask: Ints, latency: int) -> pa.Table:
    """Each trade at the price that stood on its taker's other side; `bid` and `ask` are ticks of each renewal."""
    price = np.where(done.side > 0, ask[done.quote], bid[done.quote]) * tick_units(market.instrument)
    columns = {
        "ts": done.ts + latency,
        "ts_event": done.ts,
        "price": price,
        "quantity": done.quantity,
        "side": done.side,
        "trade_id": pa.array([f"g{n}" for n in range(done.ts.size)], pa.string()),
    }
    return pa.table(columns, schema=tables.SCHEMAS["trades"])


def quote_table(market: QuotedMarket, quotes: Quotes, latency: int) -> pa.Table:
    """The best prices in units and what stands there."""
    tick = tick_units(market.instrument)
    columns = {
        "ts": quotes.ts + latency,
        "ts_event": quotes.ts,
        "bid": quotes.bid * tick,
        "ask": quotes.ask * tick,
        "bid_quantity": quotes.bid_quantity,
        "ask_quantity": quotes.ask_quantity,
    }
    return pa.table(columns, schema=SCHEMAS["quotes"])
