"""Bars that stages build, added up again by numpy from all that went into them, and compared value by value."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from helios_engine.bodies import Bar

COLUMNS = ("open", "high", "low", "close", "volume")
_MOST = 2.0**62


class Tape:
    """What a stage heard of one instrument, in the order in which it came: trades, or bars of one timeframe."""

    def __init__(self) -> None:
        self.times, self.numbers = array("q"), array("q")
        self.open, self.high, self.low, self.close = array("d"), array("d"), array("d"), array("d")
        self.quantities = array("d")

    def trade(self, number: int, ts: int, price: float, quantity: float) -> None:
        """A trade of a venue time (ns UTC), heard as the stage's event of that number."""
        self._add(number, ts, quantity, price, price, price, price)

    def bar(self, number: int, bar: Bar) -> None:
        """A bar, which counts for the bucket in which it opens."""
        self._add(number, bar.ts_open, bar.volume, bar.open, bar.high, bar.low, bar.close)

    def _add(self, number: int, ts: int, quantity: float, o: float, h: float, low: float, c: float) -> None:
        self.times.append(ts)
        self.numbers.append(number)
        self.quantities.append(quantity)
        self.open.append(o)
        self.high.append(h)
        self.low.append(low)
        self.close.append(c)

    def buckets(
        self, length: int, smallest: int, scale: int, without: frozenset[int], shift: int = 0
    ) -> dict[int, tuple[float, ...]]:
        """Open, high, low, close and volume by the bucket's open, each `[open, open + length)` of the venue's time.

        Open and close are of the first and last that came, in the first and last of the buckets of `smallest` length
        (ns), which divides `length`. Quantities are added up as integers of 10^-scale.
        `without` are numbers of events that count for nothing; `shift` (ns) moves every event back.
        """
        kept = np.ones(len(self.times), dtype=np.bool_)
        if without:
            kept = ~np.isin(np.asarray(self.numbers), np.fromiter(without, dtype=np.int64))
        if not kept.any():
            return {}
        times = np.asarray(self.times)[kept] - shift
        order = np.argsort(times // smallest, kind="stable")
        starts = times[order] // length * length
        first = np.flatnonzero(np.r_[True, starts[1:] != starts[:-1]])
        last = np.r_[first[1:], starts.size] - 1

        def column(values: array[float]) -> NDArray[np.float64]:
            return np.asarray(values)[kept][order]

        rows = zip(
            starts[first].tolist(),
            column(self.open)[first].tolist(),
            np.maximum.reduceat(column(self.high), first).tolist(),
            np.minimum.reduceat(column(self.low), first).tolist(),
            column(self.close)[last].tolist(),
            _added(column(self.quantities), first, last, scale),
            strict=True,
        )
        return {start: tuple(values) for start, *values in rows}


def _added(quantities: NDArray[np.float64], first: NDArray[np.intp], last: NDArray[np.intp], scale: int) -> list[float]:
    """Sums of each group, exact in units of 10^-scale and divided once."""
    unit = 10**scale
    if float(np.abs(quantities).max()) * unit * quantities.size < _MOST:
        whole = np.rint(quantities * unit).astype(np.int64)
        return [units / unit for units in np.add.reduceat(whole, first).tolist()]
    exact = [round(q * unit) for q in quantities.tolist()]
    return [sum(exact[a : b + 1]) / unit for a, b in zip(first.tolist(), last.tolist(), strict=True)]


class Wrong(NamedTuple):
    """A built bar that is not what went into it: its number, the column, and what is wrong in words."""

    number: int
    column: str
    what: str


def compare(bars: Sequence[Bar], expected: Mapping[int, tuple[float, ...]]) -> list[Wrong]:
    """Every bar that differs from what it should be, with the first column that does."""
    found: list[Wrong] = []
    for number, bar in enumerate(bars):
        values = expected.get(bar.ts_open)
        if values is None:
            found.append(Wrong(number, "Bar", "nothing was traded in it"))
            continue
        if (bar.open, bar.high, bar.low, bar.close, bar.volume) != values:
            name = next(n for n, v in zip(COLUMNS, values, strict=True) if getattr(bar, n) != v)
            wanted = values[COLUMNS.index(name)]
            found.append(Wrong(number, f"Bar.{name}", f"{name} is {getattr(bar, name)!r}, not {wanted!r}"))
    return found


def missing(bars: Iterable[Bar], expected: Iterable[int], length: int, until: int) -> list[int]:
    """Opens of buckets that had ended by `until` (ns UTC) and that no bar was said of."""
    said = {bar.ts_open for bar in bars}
    return [start for start in expected if start + length <= until and start not in said]
