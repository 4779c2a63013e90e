"""Official buckets as bars: each told once, when it is over; what VALR changes afterwards is told as a doubt."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator

from helios_engine.bodies import Bar, DataIssue
from helios_engine.timeframe import UNITS
from helios_valr import translation
from helios_valr.errors import WireError
from helios_valr.rows import BucketRow

LENGTH = 60
"""Seconds of the buckets that become bars; longer ones are made of these."""
MINUTE = LENGTH * UNITS["s"]
"""The same in ns."""
SETTLED = UNITS["s"]
"""A bucket is over when, by VALR's clock, it had ended this long before it was asked for."""
KEPT, PAIRS = 1500, 4096
"""Bars of a pair that are remembered, a day and more, and pairs."""


class Bars:
    """What was told of every pair; `since` says from when on (ns UTC) bars are wanted."""

    def __init__(self) -> None:
        self.since: dict[str, int] = {}
        self._told: dict[str, OrderedDict[int, Bar]] = {}

    def until(self, pair: str) -> int:
        """The close of the last bar told (ns UTC), 0 before the first."""
        told = self._told.get(pair)
        return next(reversed(told.values())).ts_close if told else 0

    def take(self, pair: str, rows: Iterable[BucketRow], over: int) -> Iterator[Bar | DataIssue]:
        """The new bars of an answer, whatever its order; buckets that end after `over` (ns UTC) are not over yet.

        WireError for a bucket of another pair or length; what came before it was taken.
        """
        for row in sorted(rows, key=lambda row: row.start_time):
            if row.currency_pair_symbol != pair or row.bucket_period_in_seconds != LENGTH:
                found = f"{row.bucket_period_in_seconds} s of {row.currency_pair_symbol}"
                raise WireError(f"buckets of {pair}: a bucket of {found}; expected {LENGTH} s")
            bar = translation.bar(row, over)
            if bar is None:
                continue
            if bar.ts_open >= self.since.get(pair, 0):
                yield from self._new(pair, bar)

    def _new(self, pair: str, bar: Bar) -> Iterator[Bar | DataIssue]:
        if pair not in self._told and len(self._told) >= PAIRS:
            raise WireError(f"buckets of {pair}, after {PAIRS} other pairs; expected no more than VALR lists")
        told, until = self._told.setdefault(pair, OrderedDict()), self.until(pair)
        before = told.get(bar.ts_open)
        if before == bar:
            return
        if before is not None or bar.ts_open < until:
            told_as = prices(before) if before else "nothing"
            kind = "bucket_changed" if before else "bucket_late"
            yield _issue(bar, kind, f"told as {told_as}, now {prices(bar)}; not told again")
            if before:
                told[bar.ts_open] = bar
            return
        # Before the first bar of all, what is wanted is known: after a resume much of it may never come.
        due = until or -(-self.since.get(pair, 0) // MINUTE) * MINUTE
        if due and bar.ts_open > due:
            text = f"{(bar.ts_open - due) // MINUTE} buckets before this one never came"
            yield DataIssue(bar.instrument, "bucket_missing", "warn", due, bar.ts_open, text)
        told[bar.ts_open] = bar
        if len(told) > KEPT:
            told.popitem(last=False)
        yield bar


def prices(bar: Bar) -> str:
    """A bar in words."""
    return f"open {bar.open} high {bar.high} low {bar.low} close {bar.close} volume {bar.volume}"


def _issue(bar: Bar, kind: str, detail: str) -> DataIssue:
    return DataIssue(bar.instrument, kind, "warn", bar.ts_open, bar.ts_close, detail)
