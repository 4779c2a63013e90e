"""What brings frames from an exchange, as a plugin offers it through `helios_connections`."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from helios_engine.events import Body
from helios_engine.recorder.entries import Direction
from helios_engine.recorder.parsing import Parser


class Wanted(NamedTuple):
    """Data that somebody asked for: a kind of body, of an instrument, for bars of a timeframe."""

    kind: type[Body]
    instrument: str
    timeframe: str = ""


class Taker(Protocol):
    """Whoever takes frames: records each before the connection's parser reads it, all before `take` returns."""

    def take(self, raw: bytes, connection: str, direction: Direction = "in") -> None:
        """A frame of one line. StorageError once nothing can be recorded any more."""
        ...

    def gap(self, count: int | None, reason: str) -> None:
        """Something is missing that never came: how much (None: nobody knows), and why."""
        ...


class Line(NamedTuple):
    """How one line of a connection is, for people to look at: when it came up and last spoke (ns UTC, 0: never)."""

    name: str
    is_up: bool
    since: int
    heard: int
    frames: int
    attempts: int
    problem: str


class Connection(Protocol):
    """Lines to one exchange. What it measures (lag, staleness, links) it hands over as frames too.

    Whatever its `parser` reads must be in the frames: the log alone must bring the same inputs again. A connection
    may ask its own parser what it has read, such as which books are lost, and act on that.

    It may have `history(wanted, start, stop)`, a coroutine that returns `(ts, body)` of a span for a warm-up, and
    `go_on(wanted, since)`, which is told before `run` up to when (ns UTC) a run has data, to fill what follows.
    """

    parser: Parser

    async def run(self, taker: Taker) -> None:
        """Bring frames until cancelled; lines that break are mended. Raises what no waiting can mend."""
        ...

    def lines(self) -> list[Line]:
        """How the lines are now."""
        ...
