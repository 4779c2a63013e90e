"""From recorded frames to inputs: live as they are recorded, and again from the log, with one chain for both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from helios_engine.bodies import BookDelta
from helios_engine.codec import Codec
from helios_engine.errors import ConfigError, PluginError, StageError
from helios_engine.events import Body
from helios_engine.plugins import Plugins
from helios_engine.recorder.entries import Direction, Frame, Gap, Mark
from helios_engine.recorder.log import LogReader, Placed
from helios_engine.recorder.recorder import Recorder
from helios_engine.recorder.running import Running

Inputs = list[tuple[int, Body]]
MARK_EVERY = 4096
"""Frames and gaps between two marks: how near `rebuild` comes to the first difference."""


class Parser(Protocol):
    """Reads frames of one protocol. It may remember, and begins anew with each session of a recorder.

    What it yields must follow from the entries alone: no clock, no randomness, nothing from elsewhere.
    """

    def frame(self, frame: Frame) -> Iterable[tuple[int, Body]]:
        """The inputs of a frame as `(ts, body)`; ts (ns UTC) is as a rule `frame.recv_ns`."""
        ...

    def gap(self, gap: Gap) -> Iterable[tuple[int, Body]]:
        """The inputs that follow from something missing, such as that a book is not to be trusted any more."""
        ...


class Parsed:
    """A parser at work: inputs whose times rise, so that no feed order decides a tie, and their chain.

    Only the levels of one change of a book share a time.
    """

    def __init__(self, name: str, parser: Parser, codec: Codec) -> None:
        self.name, self._parser, self._codec = name, parser, codec
        self.chain = Running()
        self.last = 0
        """Every further input is younger than this (ns UTC)."""

    def take(self, entry: Frame | Gap) -> Inputs:
        """The inputs of an entry, chained. After a clock that stepped back each follows the one before by 1 ns.

        StageError names the entry that the parser failed at, PluginError a body that no plugin offers.
        """
        try:
            found = list(self._parser.frame(entry) if isinstance(entry, Frame) else self._parser.gap(entry))
        except Exception as error:
            raise StageError(
                f"parser {self.name!r} failed at entry {entry.seq}: {type(error).__name__}: {error}; it is recorded, "
                "mend the parser and rebuild"
            ) from error
        chained: Inputs = []
        before: Body | None = None
        for ts, body in found:
            chained.append(self._chained(entry.seq, ts, body, is_same_change=_is_same_change(before, body)))
            before = body
        return chained

    def _chained(self, seq: int, ts: int, body: Body, *, is_same_change: bool) -> tuple[int, Body]:
        tag = self._codec.tag(type(body))
        if tag is None:
            raise PluginError(f"parser {self.name!r} yields {type(body).__name__}, which no plugin offers")
        self.last = self.last if is_same_change else max(self.last + 1, ts)
        self.chain.add(self._codec.encode((self.last, seq, tag, body)))
        return self.last, body


def _is_same_change(before: Body | None, body: Body) -> bool:
    """Whether two changed levels are of one change of a book, which is whole only after the last of them."""
    if not isinstance(before, BookDelta) or not isinstance(body, BookDelta):
        return False
    return (before.instrument, before.sequence) == (body.instrument, body.sequence)


class Intake:
    """What a live run reads through: nothing is parsed that was not recorded first."""

    def __init__(self, recorder: Recorder, parsed: Parsed) -> None:
        self._recorder, self._parsed = recorder, parsed
        parsed.last = max(parsed.last, recorder.floor_ns)
        self._since = 0

    def take(self, raw: bytes, connection: str, direction: Direction = "in") -> Inputs:
        """Record a frame and return its inputs; none if it could not be recorded. Raises as `Recorder.record` does."""
        return self._parse(self._recorder.record(raw, connection, direction))

    def gap(self, count: int | None, reason: str) -> Inputs:
        """Record that something is missing, and return what follows from that."""
        return self._parse((self._recorder.gap(count, reason),))

    def mark(self) -> None:
        """Write down the head of the chain as it is now; done every `MARK_EVERY` entries and at the end."""
        self._since = 0
        self._recorder.mark(self._parsed.name, self._parsed.chain.count, self._parsed.chain.head)

    def _parse(self, entries: Iterable[Frame | Gap]) -> Inputs:
        found: Inputs = []
        for entry in entries:
            found += self._parsed.take(entry)
            self._since += 1
        if self._since >= MARK_EVERY:
            self.mark()
        return found


class Rebuilt(NamedTuple):
    """A session parsed again: the seq it begins at, its inputs, their head, and how its marks compare."""

    session: int
    inputs: int
    head: str
    marks: int
    differs: str
    """What differs first, or why nothing can be compared; empty if every mark agrees."""


def parses(name: str, plugins: Plugins) -> tuple[Callable[[], Parsed], Codec]:
    """What makes the parser of that name, one for each session, and the codec of what it yields.

    ConfigError for a parser that no plugin offers.
    """
    offers = plugins.offers("parser")
    if name not in offers:
        raise ConfigError(f"no parser {name!r}; installed plugins offer: {', '.join(sorted(offers)) or 'none'}")
    factory, codec = offers[name].spec.factory, Codec(plugins.bodies)
    return lambda: Parsed(name, factory(), codec), codec


def replayed(folder: Path, begin: Callable[[], Parsed]) -> Iterator[tuple[Placed, Parsed, Inputs]]:
    """Every entry with its inputs, parsed again; `begin` makes the parser of each session."""
    session, parsed, is_headless = None, begin(), False
    for placed in LogReader(folder).placed():
        if placed.header is None:
            # Its header is lost. It goes on with what is at hand; the marks say whether that was right.
            is_headless = is_headless or session is None
        elif placed.header.session != session:
            if not is_headless:
                parsed = begin()
                parsed.last = placed.header.floor_ns
            session, is_headless = placed.header.session, False
        entry = placed.entry
        yield placed, parsed, [] if isinstance(entry, Mark) else parsed.take(entry)


def rebuild(folder: Path, begin: Callable[[], Parsed]) -> list[Rebuilt]:
    """Parse a log again, session by session, and compare with the heads that were written while it was recorded."""
    found: list[Rebuilt] = []
    current: Parsed | None = None
    marks, differs, session = 0, "", 0
    for placed, parsed, _ in replayed(folder, begin):
        if parsed is not current:
            if current is not None:
                found.append(_rebuilt(session, current, marks, differs))
            current, marks, differs = parsed, 0, ""
            session = placed.entry.seq if placed.header is None else placed.header.session
            if placed.entry.seq != session:
                differs = f"the session began at entry {session}, the log at {placed.entry.seq}: the rest was removed"
        if isinstance(placed.entry, Mark):
            marks += 1
            differs = differs or _difference(placed.entry, parsed)
    return [*found, _rebuilt(session, current, marks, differs)] if current is not None else found


def _rebuilt(session: int, parsed: Parsed, marks: int, differs: str) -> Rebuilt:
    return Rebuilt(session, parsed.chain.count, parsed.chain.head, marks, differs or ("" if marks else "no mark"))


def _difference(mark: Mark, parsed: Parsed) -> str:
    if mark.parser != parsed.name:
        return f"entry {mark.seq} was marked by parser {mark.parser!r}, this is {parsed.name!r}"
    if (mark.inputs, mark.head) == (parsed.chain.count, parsed.chain.head):
        return ""
    return (
        f"at entry {mark.seq}: {mark.inputs} inputs with head {mark.head[:12]} were marked, {parsed.chain.count} with "
        f"head {parsed.chain.head[:12]} come of the log"
    )
