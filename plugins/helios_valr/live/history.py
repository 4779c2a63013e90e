"""Bars and trades of the past by REST, for a warm-up. They are handed to whoever asks and are no frames."""

from __future__ import annotations

from helios_engine.bodies import Bar, Trade
from helios_engine.events import Body
from helios_engine.recorder.connection import Wanted
from helios_engine.timeframe import UNITS
from helios_valr import translation
from helios_valr.live.bars import LENGTH, MINUTE
from helios_valr.live.subscriptions import pair_of
from helios_valr.rest.public import Public

SETTLED = 5 * UNITS["s"]
"""What is younger than this may not be whole, or not yet be over by VALR's clock; the live connection brings it."""


def is_known(wanted: Wanted) -> bool:
    """Whether VALR has a history of it: of bars of 1m and of trades."""
    return wanted.kind is Trade or (wanted.kind is Bar and wanted.timeframe in ("", "1m"))


async def history(public: Public, wanted: Wanted, start: int, stop: int) -> list[tuple[int, Body]]:
    """What is wanted of `[start, stop)` (ns UTC), oldest first: bars at their close, trades at their time.

    Nothing of a kind that VALR has no history of. UnreachableError if VALR does not answer.
    """
    pair = pair_of(wanted.instrument)
    if start >= stop or not is_known(wanted):
        return []
    if wanted.kind is Trade:
        return [(int(row.traded_at), translation.trade(row)) for row in await public.trades(pair, start, stop)]
    rows = await public.buckets(pair, LENGTH, start - MINUTE, stop, settled=SETTLED)
    bars = [bar for row in rows if (bar := translation.bar(row, stop - 1)) is not None]
    return [(bar.ts_close, bar) for bar in bars if bar.ts_close >= start]
