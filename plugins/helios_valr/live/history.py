"""Bars and trades of the past by REST, for a warm-up. They are handed to whoever asks and are no frames."""

from __future__ import annotations

from helios_engine.bodies import Bar, Trade
from helios_engine.errors import ConfigError
from helios_engine.events import Body
from helios_engine.recorder.connection import Wanted
from helios_engine.timeframe import UNITS
from helios_valr import translation
from helios_valr.live.bars import LENGTH
from helios_valr.live.subscriptions import pair_of
from helios_valr.rest.public import Public

SETTLED = 5 * UNITS["s"]
"""A bucket that ended less than this ago may not be over by VALR's clock; the live connection brings it."""


async def history(public: Public, wanted: Wanted, start: int, stop: int) -> list[tuple[int, Body]]:
    """What is wanted of `[start, stop)` (ns UTC), oldest first: bars at their close, trades at their time.

    ConfigError for a kind that VALR has no history of, UnreachableError if VALR does not answer.
    """
    pair = pair_of(wanted.instrument)
    if wanted.kind is Trade:
        return [(int(row.traded_at), translation.trade(row)) for row in await public.trades(pair, start, stop)]
    if wanted.kind is Bar and wanted.timeframe in ("", "1m"):
        rows = await public.buckets(pair, LENGTH, start, stop, settled=SETTLED)
        bars = [bar for row in rows if (bar := translation.bar(row, stop)) is not None]
        return [(bar.ts_close, bar) for bar in bars]
    what = f"{wanted.kind.__name__} {wanted.timeframe}".strip()
    raise ConfigError(
        f"connection 'valr' has no history of {what} of {wanted.instrument}; it has bars of 1m and trades"
    )
