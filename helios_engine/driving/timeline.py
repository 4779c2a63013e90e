"""The timeline of the block driver: the same inputs in the same order, read ahead in stretches."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from helios_engine.driving.ahead import Ahead
from helios_engine.driving.buffer import Buffer
from helios_engine.driving.ready import Ready
from helios_engine.driving.stretch import Part, Stretch, merged
from helios_engine.timeline import Input, Passed, Released, Source, Timeline

LONGEST = 1 << 18
"""The most inputs of a stretch, unless somebody asks for other sizes."""
WANTED = 1024
"""How many bodies are made at a time where each is wanted."""
Wants = Callable[[Part], bool]


class BlockTimeline(Timeline):
    """Inputs by `(ts, rank, order)`, as `Timeline` has them; `ahead` runs over a stretch before its first input.

    `wants` says of a part whether somebody takes each of its inputs; others may be passed over many at a time.
    `sizes` yields the most inputs of each stretch.
    """

    def __init__(
        self, sources: Sequence[Source], ahead: Ahead, wants: Wants, sizes: Iterator[int] | None = None
    ) -> None:
        super().__init__([])
        self._buffers = [Buffer(source, order) for order, source in enumerate(sources)]
        for buffer in self._buffers:
            if buffer.error is not None and not len(buffer.ts):
                raise buffer.error
        self._ahead, self._wants, self._sizes = ahead, wants, sizes
        self._taken = {source.name: 0 for source in sources}
        self._orders = {source.name: order for order, source in enumerate(sources)}
        self._names = [source.name for source in sources]
        self._ranks = [source.rank for source in sources]
        self._counts = [0] * len(sources)
        self._streams = [iter(()) for _ in sources]
        self._last = [0] * len(sources)
        self._stretch: Stretch | None = None
        self._at, self._stop, self._must = 0, 0, np.zeros(0, np.int64)
        self._ready = Ready()
        self._released: Sequence[Released] = ()

    def next(self) -> Input | None:
        """Take the next input, or nothing when all sources are empty."""
        part, row = self._head()
        if self._heap and (part is None or self._heap[0][:3] < (self._ts(), part.rank, part.order)):
            ts, _, order, seq, body = heapq.heappop(self._heap)
            self.now = ts
            return Input(ts, self._names[order], seq, body)
        if part is None:
            return None
        self.now = self._ts()
        self._released = self._ready.at(self._at)
        self._at += 1
        self._taken[part.source] += 1
        return Input(self.now, part.source, int(part.seqs[row]), part.body(row))

    def released(self) -> Sequence[Released]:
        """What stages that ran ahead say of the input that was taken last; asked once for each."""
        found, self._released = self._released, ()
        return found

    def free(self) -> int:
        """How many of the next inputs nobody takes, before one that somebody does or that was scheduled."""
        if self._at == self._stop:
            self._head()
        if self._stretch is None:
            return 0
        place = int(np.searchsorted(self._must, self._at))
        stop = int(self._must[place]) if place < len(self._must) else self._stop
        if self._heap:
            stop = min(stop, int(np.searchsorted(self._stretch.ts, self._heap[0][0], "left")))
        return max(0, stop - self._at)

    def pass_over(self, count: int) -> list[Passed]:
        """Take so many inputs, which are `free`, at once; returns them by source, in the order of the first of each."""
        assert self._stretch is not None
        begin, end = self._at, self._at + count
        found: list[tuple[int, Passed]] = []
        for part in self._stretch.parts:
            first, last = np.searchsorted(part.rows.at, [begin, end]).tolist()
            if first < last:
                found.append((int(part.rows.at[first]), Passed(part.rows, first, last)))
                self._taken[part.source] += last - first
        self._at = end
        self.now = int(self._stretch.ts[end - 1])
        return [passed for _, passed in sorted(found, key=lambda entry: entry[0])]

    @property
    def upcoming(self) -> int | None:
        """When the next input comes (ns UTC), or nothing when all sources are empty."""
        part, _ = self._head()
        times = [self._ts()] if part is not None else []
        return min([*times, self._heap[0][0]] if self._heap else times, default=None)

    @property
    def delivered(self) -> dict[str, int]:
        """How many inputs of each source were taken so far."""
        return {**super().delivered, **self._taken}

    def _ts(self) -> int:
        assert self._stretch is not None
        return int(self._stretch.ts[self._at])

    def _head(self) -> tuple[Part | None, int]:
        if self._at == self._stop:
            self._advance()
        if self._stretch is None:
            return None, 0
        return self._stretch.parts[self._stretch.owner[self._at]], int(self._stretch.row[self._at])

    def _advance(self) -> None:
        limit = LONGEST if self._sizes is None else next(self._sizes)
        self._stretch = merged(self._buffers, limit)
        self._at, self._stop, self._ready = 0, 0, Ready()
        if self._stretch is None:
            return
        self._stop = len(self._stretch.ts)
        self._ready = self._ahead.over(self._stretch)
        must = np.zeros(self._stop, bool)
        must[self._ready.inputs] = True
        for part in self._stretch.parts:
            if self._wants(part):
                part.ahead = WANTED
                must[part.rows.at] = True
        self._must = np.flatnonzero(must)
