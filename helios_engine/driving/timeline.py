"""The timeline of the block driver: the same inputs in the same order, read ahead in stretches."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from helios_engine.driving.ahead import Ahead
from helios_engine.driving.buffer import Buffer
from helios_engine.driving.ready import Ready
from helios_engine.driving.stretch import Part, Stretch, Window, merged
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
        self._at, self._stop, self._ready = 0, 0, Ready()
        self._must: list[int] = []
        self._place = 0
        """Of the next input that somebody takes, among those."""
        self._window = Window()
        self._released: Sequence[Released] = ()

    def next(self) -> Input | None:
        """Take the next input, or nothing when all sources are empty."""
        head = self._head()
        if self._heap and (head is None or self._heap[0][:3] < (head[0], head[1].rank, head[1].order)):
            ts, _, order, seq, body = heapq.heappop(self._heap)
            self.now = ts
            return Input(ts, self._names[order], seq, body)
        if head is None:
            return None
        self.now, part, row = head
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
        must = self._must
        while self._place < len(must) and must[self._place] < self._at:
            self._place += 1
        stop = must[self._place] if self._place < len(must) else self._stop
        if stop > self._at and self._heap:
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
        head = self._head()
        times = [head[0]] if head is not None else []
        return min([*times, self._heap[0][0]] if self._heap else times, default=None)

    @property
    def delivered(self) -> dict[str, int]:
        """How many inputs of each source were taken so far."""
        return {**super().delivered, **self._taken}

    def _head(self) -> tuple[int, Part, int] | None:
        """When the next input of the sources comes, of which part it is, and which row of that."""
        if self._at == self._stop:
            self._advance()
        if self._stretch is None:
            return None
        ts, owner, row = self._window.at(self._stretch, self._at)
        return ts, self._stretch.parts[owner], row

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
        self._must, self._place, self._window = np.flatnonzero(must).tolist(), 0, Window()
