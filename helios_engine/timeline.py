"""Merge the sources of inputs into one stream by `(ts, rank, order)`; refuse what comes too late."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from helios_engine.block import Rows
from helios_engine.bodies import Tick
from helios_engine.errors import TimeError
from helios_engine.events import Body
from helios_engine.timeframe import iso

REPLY, TICK = 30, 100
"""Ranks: market data (20, see FeedSpec) first, then replies, then the tick, which closes its time."""


class Source(NamedTuple):
    """A stream of `(ts, body)` and its place among others at one time; `blocks` opens the same stream in columns."""

    name: str
    rank: int
    inputs: Iterable[tuple[int, Body]]
    blocks: Callable[[], Iterator[Rows]] | None = None


class Released(NamedTuple):
    """What the stage at `position`, which ran ahead of the clock, says of the input that the clock has reached.

    An exception in the place of a body is what it raised.
    """

    position: int
    said: list[Body | Exception]


class Passed(NamedTuple):
    """Rows `start` to `stop` of a source, taken at once."""

    rows: Rows
    start: int
    stop: int


class Input(NamedTuple):
    """What comes next: when, from whom, the how-manieth of that source, and what."""

    ts: int
    source: str
    seq: int
    body: Body


class Timeline:
    """Iterate over inputs in time order; `schedule` adds one that must not lie in the past."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.now = 0
        self._names = [source.name for source in sources]
        self._orders = {source.name: order for order, source in enumerate(sources)}
        self._ranks = [source.rank for source in sources]
        self._streams = [iter(source.inputs) for source in sources]
        self._counts = [0] * len(sources)
        self._last = [0] * len(sources)
        # (ts, rank, order, seq) is unique, so bodies are never compared.
        self._heap: list[tuple[int, int, int, int, Body]] = []
        for order in range(len(sources)):
            self._pull(order)

    def schedule(self, ts: int, rank: int, source: str, body: Body) -> None:
        """Add one input of a source that answers, such as an effect."""
        order = self._orders.get(source)
        if order is None:
            order = self._orders[source] = len(self._names)
            self._names.append(source)
            self._ranks.append(rank)
            self._streams.append(iter(()))
            self._counts.append(0)
            self._last.append(0)
        if ts < self.now:
            raise late(source, ts, self.now)
        self._push(order, ts, body)

    def released(self) -> Sequence[Released]:
        """What stages that ran ahead of the clock say of the input that was taken last: here none does."""
        return ()

    def free(self) -> int:
        """How many of the next inputs may be passed over, because nobody takes them: here none."""
        return 0

    def pass_over(self, count: int) -> list[Passed]:
        """Take so many inputs, which are `free`, at once; see `helios_engine.driving.timeline`."""
        raise TimeError(f"expected no inputs to be passed over, found {count}; this timeline hands out each")

    def next(self) -> Input | None:
        """Take the next input, or nothing when all sources are empty."""
        if not self._heap:
            return None
        ts, _, order, seq, body = heapq.heappop(self._heap)
        self.now = ts
        self._pull(order)
        return Input(ts, self._names[order], seq, body)

    @property
    def upcoming(self) -> int | None:
        """When the next input comes (ns UTC), or nothing when all sources are empty."""
        return self._heap[0][0] if self._heap else None

    def __iter__(self) -> Iterator[Input]:
        while (found := self.next()) is not None:
            yield found

    @property
    def delivered(self) -> dict[str, int]:
        """How many inputs of each source were taken so far."""
        waiting = [0] * len(self._names)
        for _, _, order, _, _ in self._heap:
            waiting[order] += 1
        return {name: self._counts[i] - waiting[i] for i, name in enumerate(self._names)}

    def _pull(self, order: int) -> None:
        found = next(self._streams[order], None)
        if found is None:
            return
        ts, body = found
        if ts <= 0 or ts < self._last[order]:
            raise misplaced(self._names[order], self._counts[order], ts, self._last[order])
        self._last[order] = ts
        self._push(order, ts, body)

    def _push(self, order: int, ts: int, body: Body) -> None:
        heapq.heappush(self._heap, (ts, self._ranks[order], order, self._counts[order], body))
        self._counts[order] += 1


def misplaced(source: str, number: int, ts: int, last: int) -> TimeError:
    """What is wrong with an input at `ts` of a source whose last one was at `last`."""
    if ts <= 0:
        return TimeError(f"{source}: input {number} has ts {ts}; expected ns UTC after 1970")
    return TimeError(
        f"{source}: input {number} at {iso(ts)} is older than the one before it, {iso(last)}; "
        "a feed must deliver oldest first"
    )


def late(source: str, ts: int, now: int) -> TimeError:
    """What is wrong with an input that is scheduled for a time that has passed."""
    return TimeError(
        f"{source}: input at {iso(ts)} is older than now, {iso(now)}; what comes late is a DataIssue, not an input"
    )


def ticks(timeframe: str, length: int, grace: int, start: int, stop: int) -> Iterator[tuple[int, Tick]]:
    """A `Tick` for each boundary after `start`, `grace` ns after it, as long as that is not after `stop`."""
    for boundary in range(start - start % length + length, stop - grace + 1, length):
        yield boundary + grace, Tick(timeframe, boundary)
