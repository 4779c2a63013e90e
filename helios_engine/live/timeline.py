"""Inputs as they come, in the order in which the same inputs would be merged from a recording."""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from helios_engine.bodies import Tick
from helios_engine.events import Body
from helios_engine.timeline import REPLY, TICK, Input, Timeline


class Ticks(NamedTuple):
    """The boundaries that ticks tell of from `first` on, `length` ns apart, each told `grace` ns later."""

    timeframe: str
    length: int
    grace: int
    first: int


class LiveTimeline(Timeline):
    """First the `past` (the warm-up), then what was `put`, with ticks and replies at their times in between.

    Stamps of what is put never fall. A tick or a reply that is due at T comes as soon as `clock` is past T, or
    before the first input that is younger: from then on nothing can come that is not younger.
    """

    def __init__(self, past: Timeline, clock: Callable[[], int], ticks: Ticks, start: int | None = None) -> None:
        """The `past` may hold live inputs too, of a run that was killed; ticks go on behind its last.

        Without them it ends at `start` (ns UTC): replies that are due later wait for their time.
        """
        super().__init__(())
        self._past: Timeline | None = past
        self._start = start
        self._clock, self._ticks = clock, ticks
        self._put: deque[tuple[int, str, Body]] = deque()
        self._due: list[tuple[int, int, int, str, Body]] = []
        self._number = 0
        self._taken: Counter[str] = Counter()
        self._tick(ticks.first)

    def put(self, ts: int, source: str, body: Body) -> None:
        """An input that has come."""
        self._put.append((ts, source, body))

    def interpose(self, ts: int, source: str, body: Body) -> None:
        """An input that counts from `ts` on, behind those of that time and before what has come since."""
        place = next((n for n, (after, _, _) in enumerate(self._put) if after > ts), len(self._put))
        self._put.insert(place, (ts, source, body))

    def schedule(self, ts: int, rank: int, source: str, body: Body) -> None:
        """An input that is due at `ts`, which lies ahead."""
        if self._past is not None:
            self._past.schedule(ts, rank, source, body)
            return
        self._number += 1
        heapq.heappush(self._due, (ts, rank, self._number, source, body))

    def next(self) -> Input | None:
        """Take the next input, or nothing while none is due."""
        if self._past is not None:
            found = None if self._is_past_over() else self._past.next()
            if found is not None:
                self.now = found.ts
                if isinstance(found.body, Tick) and found.body.boundary >= self._boundary:
                    heapq.heappop(self._due)  # nothing else is due yet: replies go to the past
                    self._tick(found.body.boundary + self._ticks.length)
                return found
            self._taken.update(self._past.delivered)
            for late in self._past if self._start is not None else ():
                self._number += 1
                heapq.heappush(self._due, (late.ts, REPLY, self._number, late.source, late.body))
            self._past = None
        due = self._due[0]
        if self._put and (self._put[0][0], 0) <= due[:2]:
            ts, source, body = self._put.popleft()
        elif self._put or due[0] < self._clock():
            ts, _, _, source, body = heapq.heappop(self._due)
            if isinstance(body, Tick):
                self._tick(body.boundary + self._ticks.length)
        else:
            return None
        self.now = ts
        number = self._taken[source]
        self._taken[source] = number + 1
        return Input(ts, source, number, body)

    def _is_past_over(self) -> bool:
        """Whether what is left of the past, replies to its requests, is due after the start."""
        assert self._past is not None
        ahead = self._past.upcoming if self._start is not None else None
        # What is told at the start itself are definitions, which precede the first price.
        return ahead is not None and self._start is not None and ahead > self._start

    @property
    def is_warm(self) -> bool:
        """Whether the past is over."""
        return self._past is None

    @property
    def boundary(self) -> int:
        """What the next tick tells of (ns UTC)."""
        return self._boundary

    @property
    def due(self) -> int:
        """When the next tick or reply is due (ns UTC)."""
        return self._due[0][0]

    @property
    def upcoming(self) -> int | None:
        """When the next input comes, as far as that is known."""
        return self._put[0][0] if self._put else self.due

    @property
    def delivered(self) -> dict[str, int]:
        """How many inputs of each source were taken so far."""
        return dict(self._past.delivered if self._past is not None else self._taken)

    def _tick(self, boundary: int) -> None:
        self._boundary = boundary
        tick = Tick(self._ticks.timeframe, boundary)
        heapq.heappush(self._due, (boundary + self._ticks.grace, TICK, 0, "tick", tick))


class Stored(Timeline):
    """Inputs of a journal, in the order and under the numbers that they had."""

    def __init__(self, inputs: Iterator[Input], taken: Mapping[str, int] | None = None) -> None:
        """`taken` says how many inputs of each source came before these."""
        super().__init__(())
        self._inputs = inputs
        self._taken: Counter[str] = Counter(taken or {})

    def schedule(self, ts: int, rank: int, source: str, body: Body) -> None:
        """Nothing: what was scheduled is on record."""

    def next(self) -> Input | None:
        """The next input of the journal."""
        found = next(self._inputs, None)
        if found is not None:
            self.now = found.ts
            self._taken[found.source] += 1
        return found

    @property
    def delivered(self) -> dict[str, int]:
        """How many inputs of each source were taken so far."""
        return dict(self._taken)
