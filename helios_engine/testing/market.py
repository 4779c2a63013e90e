"""A small market to try plugins on: six days of two instruments, their trades and hourly bars."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import msgspec

from helios_engine.bodies import Bar
from helios_engine.catalog.feeds import CatalogBars
from helios_engine.catalog.sample import SAMPLE, write_market
from helios_engine.events import Event
from helios_engine.proof.forks import answer_of

START, DAYS, SEED, TIMEFRAME = "2026-01-05", 6, 7, "1h"
INSTRUMENTS = tuple(market.instrument.instrument for market in SAMPLE)


def write_small_market(folder: Path, seed: int = SEED, days: int = DAYS) -> Path:
    """Write the market into a new catalog in `folder`, and return it; another seed gives other prices.

    A child process does it: threads that pyarrow started here would be missing in the forks that make the checks.
    """
    answer_of(partial(_write, folder, seed, days))
    return folder


def _write(folder: Path, seed: int, days: int) -> None:
    markets = tuple(msgspec.structs.replace(market, trades_per_day=200) for market in SAMPLE)
    write_market(folder, markets, START, days, seed, TIMEFRAME)


def bar_events(catalog: Path, instrument: str = INSTRUMENTS[0]) -> list[Event[Bar]]:
    """The hourly bars of one instrument as the events that a stage sees."""
    feed = CatalogBars(str(catalog), instrument, TIMEFRAME)
    return [Event(ts, number, "feed", bar) for number, (ts, bar) in enumerate(feed.inputs(0, 2**63 - 1))]
