"""Recorded frames of VALR in, the engine's bodies out: of the stream's lines, of REST, and of what was measured here.

No clock and no socket. What is read follows from the frames alone, and nothing that a frame holds raises.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from helios_engine.bodies import Bar, DataIssue, Health, Trade, VenueStatus
from helios_engine.errors import ConfigError
from helios_engine.events import Body
from helios_engine.recorder.entries import Frame, Gap
from helios_engine.timeframe import UNITS
from helios_valr.errors import WireError
from helios_valr.live import envelopes
from helios_valr.live.answered import Answered
from helios_valr.live.envelopes import EDGE, REST, Active, Began, Closed, Measured, Opened, Told
from helios_valr.live.lines import Lines
from helios_valr.live.tally import Tally
from helios_valr.live.trades import Trades
from helios_valr.messages import KINDS
from helios_valr.translation import VENUE, instrument_of

QUIET = 60 * UNITS["s"]
"""A refused frame of a type, and what VALR refuses, is told once in this time; `counts` has them all."""
SUSPECT = 30 * UNITS["s"]
"""How far back trades are looked at again when a book turns out to have a gap: books are silent for up to 20.5 s."""
Inputs = Iterator[tuple[int, Body]]


class ValrParser:
    """Remembers books, bars, trades and definitions; the connection asks here what was read and what is missing."""

    def __init__(self) -> None:
        self.has_begun = False
        """Whether the frame was read that says what is wanted, and since when."""
        self.trades = Trades()
        self.lines = Lines(self.trades)
        self.answered = Answered(self.trades)
        self.tally = Tally()
        self._checked: frozenset[str] = frozenset()
        self.counts: Counter[str] = Counter()
        self._refused: dict[str, int] = {}
        self._gaps: dict[str, float] = {}

    def frame(self, frame: Frame) -> Inputs:
        """The inputs of a frame, at the time it was received. A frame that this side sent has none."""
        if frame.direction == "in":
            try:
                for body in self._read(frame):
                    if isinstance(body, DataIssue) and body.kind == "book_lost":
                        self._suspect_trades(frame.recv_ns)
                    if not self._is_unwanted(body):
                        yield frame.recv_ns, body
                    for doubt in self._compared(body, frame.recv_ns):
                        yield frame.recv_ns, doubt
            except (WireError, ConfigError) as error:
                yield from self._doubt(frame, str(error))
            for body in self._counted_gaps():
                yield frame.recv_ns, body

    def gap(self, gap: Gap) -> Inputs:
        """Frames are missing: no book is to be trusted, and trades must be filled."""
        self.lines.forget()
        self.trades.missed(gap.recv_ns)
        for body in self._counted_gaps():
            yield gap.recv_ns, body

    def _read(self, frame: Frame) -> Iterator[Body]:
        if frame.connection == REST:
            yield from self.answered.take(*envelopes.opened(frame.raw), frame.recv_ns)
        elif frame.connection == EDGE:
            yield from self._at_the_edge(envelopes.read_edge(frame.raw), frame.recv_ns)
        else:
            yield from self.lines.take(frame)

    def _at_the_edge(self, told: Told, received: int) -> Iterator[Body]:
        match told:
            case Measured():
                if told.kind == "lag":
                    self.lines.measured(told.subject, told.value)
                yield Health(told.subject, told.kind, told.value)
            case Began():
                self.has_begun = True
                self.answered.begin(told)
                self.lines.lag_limit = told.lag
                self._checked = frozenset(map(instrument_of, told.checked))
                for pair, since in told.trades.items():
                    self.tally.whole_from(instrument_of(pair), since)
            case Opened():
                self.lines.opened(told, received)
            case Active():
                yield from self.lines.listen(told.line)
            case Closed():
                self.lines.closed(told.line)
            case _ if self.answered.status != "unreachable":
                self.answered.status = "unreachable"
                yield VenueStatus(VENUE, received, "unreachable")

    def _is_unwanted(self, body: Body) -> bool:
        """Bars, and doubts about them, of which nobody asked."""
        if isinstance(body, DataIssue):
            return body.instrument in self._checked and body.kind.startswith("bucket_")
        return isinstance(body, Bar) and body.instrument in self._checked

    def _compared(self, body: Body, received: int) -> Iterator[Body]:
        """Trades and official buckets side by side."""
        match body:
            case Trade():
                self.tally.trade(body)
            case DataIssue(kind="trades_missing" | "trade_refused"):
                self.tally.whole_from(body.instrument, max(received, body.ts_to))
            case Bar():
                # The buckets before this one: a trade may be a moment later than the bucket that counts it.
                pair = body.instrument.removesuffix(f".{VENUE}")
                until = received if self.lines.streams_trades(pair) else 0
                for doubt in self.tally.differences(body.instrument, self.trades.known_until(pair, until)):
                    # A trade of the stream has no sequence: this is how one that was lost on the way is found.
                    self.trades.suspect(pair, doubt.ts_from, received)
                    yield doubt
                self.tally.bar(body)

    def _suspect_trades(self, received: int) -> None:
        """A book has a gap: what was lost on the line may have been trades as well, of any pair."""
        for pair in self.trades.pairs():
            if self.lines.streams_trades(pair):
                self.trades.suspect(pair, received - SUSPECT, received)

    def _doubt(self, frame: Frame, error: str) -> Inputs:
        kind = error.partition(":")[0]
        if frame.connection not in (REST, EDGE) and kind not in KINDS:
            kind = "a frame"
        kind = kind if len(self._refused) < 1000 or kind in self._refused else "others"
        self.counts[f"refused: {kind}"] += 1
        before = self._refused.get(kind)
        if before is None or not before <= frame.recv_ns < before + QUIET:
            self._refused[kind] = frame.recv_ns
            yield frame.recv_ns, DataIssue(VENUE, "refused_frame", "warn", frame.recv_ns, frame.recv_ns, error[:500])

    def _counted_gaps(self) -> Iterator[Health]:
        """How many books of an instrument are lost, whenever that changes: in the very frame that changed it."""
        for pair, missing in self.lines.changed():
            subject = instrument_of(pair)
            if self._gaps.get(subject, 0.0) != missing:
                self._gaps[subject] = missing
                yield Health(subject, "gaps", missing)
