"""A stretch of the timeline: the next inputs of all sources, merged by `(ts, rank, order)` like the clock does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from helios_engine.block import Rows, sealed
from helios_engine.block_making import has_columns, rows_of
from helios_engine.driving.buffer import Buffer
from helios_engine.events import Body


class Part:
    """Rows of one source, kind and key in a stretch: `seqs` are their numbers in the source."""

    def __init__(self, source: str, rank: int, order: int, rows: Rows, seqs: NDArray[np.int64]) -> None:
        self.source, self.rank, self.order, self.seqs = source, rank, order, seqs
        self.rows = rows
        self.has_columns = has_columns(rows.kind)
        fields = rows.kind.__struct_fields__
        self.instrument = rows.instrument if "instrument" in fields else None
        self.timeframe = rows.timeframe if "timeframe" in fields else None
        self.ahead = 16
        """How many bodies are made at a time when one is asked for."""
        self._first, self._window = 0, list[Body]()

    def body(self, n: int) -> Body:
        """Row `n` as a body."""
        place = n - self._first
        if not 0 <= place < len(self._window):
            self._first, self._window, place = n, self.rows.bodies(n, min(n + self.ahead, len(self.rows))), 0
        return self._window[place]

    def columns(self) -> Rows:
        """The rows with columns, made of the bodies where the source has none."""
        if not self.rows.columns:
            self.rows = rows_of(self.rows.bodies(), sealed(self.rows.ts), self.rows.at)
        return self.rows


class Stretch(NamedTuple):
    """Inputs in order: input `i` comes at `ts[i]` and is row `row[i]` of part `owner[i]`."""

    ts: NDArray[np.int64]
    owner: NDArray[np.int64]
    row: NDArray[np.int64]
    parts: tuple[Part, ...]


class Window:
    """Inputs of a stretch one by one: single elements of an array cost more than a list of as many as follow."""

    def __init__(self) -> None:
        self._first = self._stop = 0
        self._inputs: list[tuple[int, int, int]] = []
        self._length = 8

    def at(self, stretch: Stretch, n: int) -> tuple[int, int, int]:
        """Time, part and row of input `n`."""
        if not self._first <= n < self._stop:
            # As long as one follows the other more of them are made; where they lie apart, few.
            self._length = min(2 * self._length, 1024) if n == self._stop else 8
            self._first, self._stop = n, min(n + self._length, len(stretch.ts))
            some = slice(n, self._stop)
            columns = (stretch.ts[some].tolist(), stretch.owner[some].tolist(), stretch.row[some].tolist())
            self._inputs = list(zip(*columns, strict=True))
        return self._inputs[n - self._first]


def merged(buffers: Sequence[Buffer], limit: int) -> Stretch | None:
    """The next stretch, of at most `limit` inputs; nothing when all sources are empty.

    It ends where the next chunk of some source may follow, before a control, and before the row after which a source
    fails: then what it raised is raised.
    """
    for buffer in buffers:
        buffer.fill()
    waiting = sorted((b for b in buffers if len(b.ts)), key=lambda b: (b.rank, b.order))
    if not waiting:
        return None
    ends = [(int(b.ts[-1]), b.rank, b.order, b.error) for b in waiting if not b.is_done]
    numbers = [len(b.ts) for b in waiting]
    if ends:
        last, rank, order, failed = min(ends, key=lambda end: end[:3])
        for n, b in enumerate(waiting):
            side = "right" if (b.rank, b.order) <= (rank, order) else "left"
            numbers[n] = int(np.searchsorted(b.ts, last, side))  # type: ignore[call-overload]
            if b.error is not None:
                numbers[n] = min(numbers[n], len(b.ts) - 1)
        if failed is not None and not any(numbers):
            raise failed
    ts = np.concatenate([b.ts[:number] for b, number in zip(waiting, numbers, strict=True)])
    which = np.repeat(np.arange(len(waiting)), numbers)
    if len(waiting) > 1:
        order_of = np.argsort(ts, kind="stable")  # ties stay in the order of rank and source
        ts, which = ts[order_of], which[order_of]
    limit = _before_control(waiting, which, limit)
    return _cut(waiting, ts[:limit], which[:limit])


def _before_control(waiting: Sequence[Buffer], which: NDArray[np.int64], limit: int) -> int:
    """The number of inputs before the first control; a control that is first stands alone."""
    for n, buffer in enumerate(waiting):
        place = buffer.control()
        if place is not None:
            found = np.flatnonzero(which == n)
            if place < len(found):
                limit = min(limit, max(1, int(found[place])))
    return limit


def _cut(waiting: Sequence[Buffer], ts: NDArray[np.int64], which: NDArray[np.int64]) -> Stretch:
    owner, row = np.empty(len(ts), np.int64), np.empty(len(ts), np.int64)
    parts: list[Part] = []
    for n, buffer in enumerate(waiting):
        at = np.flatnonzero(which == n)
        if not len(at):
            continue
        for rows, seqs in buffer.take(len(at), at):
            owner[rows.at], row[rows.at] = len(parts), np.arange(len(rows))
            parts.append(Part(buffer.name, buffer.rank, buffer.order, rows, seqs))
    return Stretch(ts, owner, row, tuple(parts))
