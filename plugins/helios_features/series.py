"""One instrument on its way through a kernel: bar by bar, or by columns; the state is one array of float64."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from helios_engine.errors import StageError
from helios_features.bar_row import FRESH, NUMBER, WIDTH
from helios_features.larger import BUCKET

Table = NDArray[np.float64]
BLOCK = 2048
"""Bars that are worked on at once, so that what lies between two passes stays in the processor's cache."""
FIELDS = ("open", "high", "low", "close", "volume", "spread", "depth", "tick")
NOTHING = float("nan")
_pack = struct.Struct(f"={FRESH}d").pack_into


class Machine(NamedTuple):
    """What turns bars into rows, and the sizes of its memory and of its rows of one timeframe.

    `turn(state, bars, out, room)` takes bars of the smallest timeframe (n × WIDTH) and writes the rows of all; `room`
    makes room for it to work in, for so many bars. `timeframes` is how many there are, `length` the smallest in ns.
    """

    turn: Callable[..., None]
    room: Callable[[int], Table]
    memory: int
    width: int
    length: int
    timeframes: int


class Series:
    """Bars of one instrument in, rows of all timeframes out: what had closed at or before the close of the bar."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        count, larger = machine.timeframes, machine.timeframes - 1
        self.state = np.zeros(count + larger * BUCKET + count * machine.memory + larger * machine.width)
        self.state[self.state.size - larger * machine.width :] = NOTHING
        # What one bar is passed in: made once, because making arrays would cost more than the arithmetic.
        self._bar, self._line, self._room = np.zeros((1, WIDTH)), np.empty((1, count * machine.width)), machine.room(1)
        self._given, self._turn = self._bar.data.cast("B"), machine.turn
        self._row: Table = self._line[0]

    def row(self, number: int, *bar: float) -> Table:
        """Take the bar of this number (ts_open / length), the rest as in FIELDS; return the row, to be copied."""
        _pack(self._given, 0, number, *bar)
        self._turn(self.state, self._bar, self._line, self._room)
        return self._row

    def table(self, columns: Mapping[str, Table | NDArray[np.int64]]) -> Table:
        """Take bars in columns `ts_open` (int64 ns) and FIELDS, of which the last three may be left out.

        Returns a row for each bar, as `row` would have, in an array of its own; any split into calls gives the same
        bits.
        """
        ts_open = columns["ts_open"]
        count = min(len(ts_open), BLOCK)
        result, room = np.empty((len(ts_open), self._row.size)), self.machine.room(count)
        bars = np.full((count, WIDTH), NOTHING)
        for start in range(0, len(ts_open), BLOCK):
            part = slice(start, start + BLOCK)
            given = bars[: len(ts_open[part])]
            given[:, NUMBER] = ts_open[part] // self.machine.length
            for place, name in enumerate(FIELDS, 1):
                if name in columns:
                    given[:, place] = columns[name][part]
            self._turn(self.state, given, result[part], room)
        return result

    def restore(self, state: bytes) -> None:
        """Take back the bytes of another's `state`; StageError if it is of another size."""
        if len(state) != self.state.nbytes:
            raise StageError(
                f"expected {self.state.nbytes} bytes of state of these features, found {len(state)}; another version "
                "saved them: begin anew, or install that version"
            )
        self.state[:] = np.frombuffer(state, np.float64)
