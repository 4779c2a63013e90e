"""Rows of features that a feed gives: do they hold values of a bar that is still open when they are known?"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from helios_engine.bodies import Bar, Features
from helios_engine.proof.audits.tally import Tally
from helios_engine.proof.findings import Part
from helios_engine.timeframe import iso, nanoseconds

ENOUGH, SHARE = 5, 0.9
"""So many rows, and this share of all of them, must hold a value of the open bar before a column is called early."""
_NEAR = 1e-9


class RowValues:
    """Compares columns of given features with the bars of the same instrument and timeframe.

    What a column says is known only to its maker. But one that is, row by row, the close, high, low, volume or return
    of a bar that had not closed when the row was known, and not of the bar before, is stamped too early.
    """

    def __init__(self, tick: int, tally: Tally) -> None:
        self._tick, self._tally = tick, tally
        self._bars: dict[tuple[str, str], dict[int, Bar]] = {}
        self._rows: dict[tuple[Part, str, str, str], list[tuple[int, NDArray[np.float64]]]] = {}

    def bar(self, bar: Bar) -> None:
        """A bar that was given or built."""
        self._bars.setdefault((bar.instrument, bar.timeframe), {})[bar.ts_open] = bar

    def row(self, part: Part, ts: int, row: Features) -> None:
        """A row that a feed gave at `ts`."""
        if row.timeframe:
            self._rows.setdefault((part, row.instrument, row.timeframe, row.schema), []).append((ts, row.array))

    def ended(self) -> None:
        """The run is over: compare."""
        for (part, instrument, timeframe, schema), rows in self._rows.items():
            bars = self._bars.get((instrument, timeframe))
            if bars is None:
                continue
            self._tally.count("given rows of features compared", len(rows))
            width = min(values.size for _, values in rows)
            for column in range(width):
                self._column(part, f"{schema}[{column}]", column, rows, bars, nanoseconds(timeframe))

    def _column(
        self,
        part: Part,
        name: str,
        column: int,
        rows: list[tuple[int, NDArray[np.float64]]],
        bars: dict[int, Bar],
        length: int,
    ) -> None:
        seen, early = 0, list[tuple[int, int]]()
        for ts, values in rows:
            value, start = float(values[column]), ts - ts % length
            now, before = bars.get(start), bars.get(start - length)
            if now is None or before is None or math.isnan(value):
                continue
            seen += 1
            known = set(_close_to(value, before, bars.get(start - 2 * length)))
            if set(_close_to(value, now, before)) - known and not known:
                early.append((ts, now.ts_close))
        if len(early) < max(ENOUGH, SHARE * seen):
            return
        ts, close = early[0]
        self._tally.wrong(
            part,
            f"row {name}",
            f"its row of {iso(ts)} holds what is known only at {iso(close)}, as do {len(early)} of {seen} rows",
            ts=ts,
            column=f"Features.values[{column}]",
            horizon=(close - ts) / self._tick,
            remedy="stamp rows with the close of the bar they speak of, not with its open",
        )


def _close_to(value: float, bar: Bar, before: Bar | None) -> Iterator[str]:
    """Which values of a bar a number is."""
    candidates = {"close": bar.close, "high": bar.high, "low": bar.low, "volume": bar.volume}
    if before is not None:
        change = bar.close / before.close
        candidates |= {"return": change - 1, "log return": math.log(change)}
    for name, candidate in candidates.items():
        if candidate and abs(value - candidate) <= _NEAR * abs(candidate):
            yield name
