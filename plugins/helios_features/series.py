"""One instrument on its way through a kernel: bar by bar, or by columns; the state is one array of float64."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from helios_features.bar_row import FRESH, NUMBER, WIDTH
from helios_features.larger import BUCKET, lift, lift_all, weave

Table = NDArray[np.float64]
BLOCK = 4096
"""Bars that are worked on at once, so that what lies between two passes stays in the processor's cache."""
FIELDS = ("open", "high", "low", "close", "volume", "spread", "depth", "tick")
NOTHING = float("nan")
_pack = struct.Struct(f"={FRESH}d").pack_into


class Machine(NamedTuple):
    """A compiled `run`, its settings for each timeframe, and the sizes of its memory and of its rows.

    `ratios` are the larger timeframes in bars of the smallest, `length` the smallest in ns, `max_gap` the missing bars
    of a timeframe up to which a segment goes on.
    """

    run: Callable[..., None]
    settings: tuple[Any, ...]
    memory: int
    width: int
    length: int
    ratios: tuple[int, ...] = ()
    max_gap: float = 60.0


class Series:
    """Bars of one instrument in, rows of all timeframes out: what had closed at or before the close of the bar."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        larger, count = len(machine.ratios), len(machine.ratios) + 1
        sizes = (count, larger * BUCKET, count * machine.memory, count * machine.width)
        self.state = np.zeros(np.add.reduce(sizes))
        self._clock, buckets, memories, self._line = np.split(self.state, np.cumsum(sizes)[:-1])
        self._buckets = buckets.reshape(larger, BUCKET)
        self._memories = tuple(memories.reshape(count, machine.memory))
        self._outs = tuple(self._line.reshape(count, 1, machine.width))
        self._line[:] = NOTHING
        self._ratios = np.array(machine.ratios, np.int64)
        # What one bar is passed in: made once, because making arrays would cost more than the arithmetic.
        self._bar = np.zeros((1, WIDTH))
        self._closed, self._counts = np.zeros((larger, 2, WIDTH)), np.zeros(larger, np.int64)

    def row(self, number: int, *bar: float) -> Table:
        """Take the bar of this number (ts_open / length), the rest as in FIELDS; return the row, to be copied."""
        machine, given = self.machine, self._bar
        _pack(given.data, 0, number, *bar)
        found = lift(self._ratios, machine.max_gap, self._clock, self._buckets, given, 0, self._closed, self._counts)
        if found < 0:
            self._outs[0][:] = NOTHING
            return self._line
        self._advance(0, given, self._outs[0])
        if found:
            for k, count in enumerate(self._counts.tolist()):
                for bar_of_k in range(count):
                    self._advance(k + 1, self._closed[k, bar_of_k : bar_of_k + 1], self._outs[k + 1])
            self._counts[:] = 0
        return self._line

    def table(self, columns: Mapping[str, Table | NDArray[np.int64]]) -> Table:
        """Take bars in columns `ts_open` (int64 ns) and FIELDS, of which the last three may be left out.

        Returns a row for each bar, as `row` would have, in an array of its own; any split into calls gives the same
        bits.
        """
        ts_open = columns["ts_open"]
        result = np.empty((len(ts_open), self._line.size))
        for start in range(0, len(ts_open), BLOCK):
            part = slice(start, start + BLOCK)
            bars = np.full((len(ts_open[part]), WIDTH), NOTHING)
            bars[:, NUMBER] = ts_open[part] // self.machine.length
            for place, name in enumerate(FIELDS, 1):
                if name in columns:
                    bars[:, place] = columns[name][part]
            self._block(bars, result[part])
        return result

    def restore(self, state: bytes) -> None:
        """Take back the bytes of another's `state`; ValueError if it is of another size."""
        self.state[:] = np.frombuffer(state, np.float64)

    def _block(self, bars: Table, result: Table) -> None:
        machine, (count, width) = self.machine, (len(bars), self.machine.width)
        larger = len(machine.ratios)
        closed, counts = np.empty((larger, count + 1, WIDTH)), np.zeros(larger, np.int64)
        by = np.empty((count, larger + 1), np.int64)
        fit = lift_all(self._ratios, machine.max_gap, self._clock, self._buckets, bars, closed, counts, by)
        # One row before those of each timeframe: nothing for a bar that is not fit, else what was known before.
        sizes = np.array([fit, *counts.tolist()]) + 1
        starts = np.cumsum(sizes) - sizes
        rows = np.empty((int(starts[-1] + sizes[-1]), width))
        rows[0] = NOTHING
        for k, (first, size) in enumerate(zip(starts.tolist(), sizes.tolist(), strict=True)):
            if k:
                rows[first] = self._outs[k]
            self._rows(k, bars[:fit] if k == 0 else closed[k - 1, : size - 1], rows[first + 1 : first + size])
            self._outs[k][:] = rows[first + size - 1]
        weave(result, rows, starts, by)
        if not by[-1, 0]:
            self._outs[0][:] = NOTHING

    def _rows(self, k: int, bars: Table, rows: Table) -> None:
        """Fill the rows of bars of one timeframe, segment by segment."""
        starts = np.flatnonzero(bars[:, FRESH]).tolist()
        for first, last in zip([0, *starts], [*starts, len(bars)], strict=True):
            if first < last:
                self._advance(k, bars[first:last], rows[first:last])

    def _advance(self, k: int, bars: Table, out: Table) -> None:
        memory = self._memories[k]
        if bars[0, FRESH]:
            memory[:] = 0.0
        self.machine.run(self.machine.settings[k], memory, bars, out)
