"""What was read ahead of one source: rows in order, and the mistake that follows them, if there is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from helios_engine.block import Rows
from helios_engine.bodies import Control
from helios_engine.events import Body
from helios_engine.timeline import Source, misplaced

EVENTS = 8192
"""So many inputs of a source without columns are read at a time."""
_NONE = np.zeros(0, np.int64)


class Chunk(NamedTuple):
    """Some inputs of a source: when, and what, in columns or as bodies."""

    ts: NDArray[np.int64]
    rows: Rows | None = None
    bodies: Sequence[Body] = ()
    controls: Sequence[int] = ()


class Buffer:
    """Reads a source a chunk ahead, so that its end, or its mistake, is known before its last row is handed out.

    `ts` are the times of the rows that wait, `count` is the number of the first of them in its source.
    """

    def __init__(self, source: Source, order: int) -> None:
        self.name, self.rank, self.order = source.name, source.rank, order
        self.count = 0
        self.ts: NDArray[np.int64] = _NONE
        self._error: Exception | None = None
        self.is_done = False
        self._chunks = _columns(source.blocks()) if source.blocks is not None else _bodies(iter(source.inputs))
        self._chunk, self._offset, self._read, self._last = Chunk(_NONE), 0, 0, 0
        self._next = self._fetch()
        self.fill()

    @property
    def error(self) -> Exception | None:
        """What the source raised after the rows that wait."""
        return self._error if self._next is None else None

    def fill(self) -> None:
        """Have rows to hand out, if there are any left."""
        while not len(self.ts) and self._next is not None:
            self._chunk, self._offset, self.ts = self._next, 0, self._next.ts
            self._next = self._fetch()

    def take(self, number: int, at: NDArray[np.int64]) -> Iterator[tuple[Rows, NDArray[np.int64]]]:
        """Hand out so many rows, which have the indices `at`, by kind and key, with their numbers in the source."""
        a, b = self._offset, self._offset + number
        seqs = np.arange(self.count, self.count + number, dtype=np.int64)
        chunk = self._chunk
        self._offset, self.ts, self.count = b, self.ts[number:], self.count + number
        if chunk.rows is not None:
            yield chunk.rows.cut(a, b, at), seqs
            return
        for kind, key, chosen in _groups(chunk.bodies[a:b]):
            pick = np.array(chosen, np.int64)
            bodies = [chunk.bodies[a + n] for n in chosen]
            yield Rows(kind, key, chunk.ts[a:b][pick], {}, at=at[pick], bodies=bodies), seqs[pick]

    def control(self) -> int | None:
        """Where the first control among the rows that wait stands."""
        return next((n - self._offset for n in self._chunk.controls if n >= self._offset), None)

    def _fetch(self) -> Chunk | None:
        """The next chunk that is not empty; what is wrong with it is kept, after what precedes the mistake."""
        if self._error is not None:
            return None
        ts: NDArray[np.int64]
        while (found := next(self._chunks, None)) is not None:
            chunk, error = found
            ts = chunk.ts
            wrong = np.flatnonzero((ts <= 0) | (ts < np.concatenate([[self._last], ts[:-1]])))
            if len(wrong):
                n = int(wrong[0])
                error = misplaced(self.name, self._read + n, int(ts[n]), int(ts[n - 1]) if n else self._last)
                chunk = chunk._replace(ts=ts[:n])
            self._error = error
            if len(chunk.ts):
                self._read, self._last = self._read + len(chunk.ts), int(chunk.ts[-1])
                return chunk
            if error is not None:
                return None
        self.is_done = True
        return None


def _columns(blocks: Iterator[Rows]) -> Iterator[tuple[Chunk, Exception | None]]:
    while True:
        try:
            rows = next(blocks, None)
        except Exception as error:  # raised when the clock is there
            yield Chunk(_NONE), error
            return
        if rows is None:
            return
        yield Chunk(rows.ts, rows), None


def _bodies(inputs: Iterator[tuple[int, Body]]) -> Iterator[tuple[Chunk, Exception | None]]:
    while True:
        times: list[int] = []
        bodies: list[Body] = []
        error: Exception | None = None
        try:
            for ts, body in islice(inputs, EVENTS):
                times.append(ts)
                bodies.append(body)
        except Exception as raised:  # raised when the clock is there
            error = raised
        if not times and error is None:
            return
        controls = [n for n, body in enumerate(bodies) if isinstance(body, Control)]
        yield Chunk(np.array(times, np.int64), None, bodies, controls), error
        if error is not None:
            return


def _groups(bodies: Sequence[Body]) -> Iterator[tuple[type[Body], tuple[str, str], list[int]]]:
    groups: dict[tuple[Any, str, str], list[int]] = {}
    for n, body in enumerate(bodies):
        key = (type(body), getattr(body, "instrument", ""), getattr(body, "timeframe", ""))
        groups.setdefault(key, []).append(n)
    for (kind, instrument, timeframe), chosen in groups.items():
        yield kind, (instrument, timeframe), chosen
