"""The lines of the stream, each with its own books. Of several that are up, one is listened to.

A line that is about to replace another builds its books in silence; when it takes over, they are told whole. Trades
count on every line, for their ids tell them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from helios_engine.bodies import BookDelta, BookSnapshot, DataIssue, Health
from helios_engine.events import Body
from helios_engine.recorder.entries import Frame
from helios_engine.timeframe import UNITS
from helios_valr import messages
from helios_valr.books.shelf import EVENTS, BookMessage
from helios_valr.errors import WireError
from helios_valr.frames import NewTrade, Note
from helios_valr.live.envelopes import Opened
from helios_valr.live.trades import Trades
from helios_valr.rows import TradeRow
from helios_valr.translation import instrument_of
from helios_valr.wire import Taken, Wire

MOST, MOST_PAIRS = 16, 4096
"""Lines that a session of the log may name, and pairs of a line."""
_DENIED = re.compile(r"Channel (?P<event>[A-Z0-9_]{1,64}), pair (?P<pair>[A-Za-z0-9]{2,32}) combination invalid")
_GRANTED = re.compile(r"(?P<event>[A-Z0-9_]{1,64}):(?P<pair>[A-Z0-9]{2,32})")
Key = tuple[str, str]
"""Event and pair."""


class Line:
    """What is known of one line."""

    def __init__(self, told: Opened) -> None:
        self.told = told
        self.wire = Wire(told.event or "OB_L1_DIFF")
        self.granted: set[Key] = set()
        self.denied: set[Key] = set()
        self.is_open = self.is_authenticated = False
        self.pongs = 0

    def has_lost(self, pair: str) -> bool:
        """Whether the book of a pair is not to be trusted now."""
        book = self.wire.shelf.books.get((self.told.event, pair))
        return book is None or not book.is_trusted

    def lost(self) -> list[str]:
        """The pairs whose book is not to be trusted now."""
        return [pair for pair in self.told.books if self.has_lost(pair)]


class Lines:
    """Gives frames to their line. `useful` is the event and pair that the last frame brought something new of."""

    def __init__(self, trades: Trades) -> None:
        self.all: dict[str, Line] = {}
        self.active = ""
        self.useful: Key | None = None
        self.lag: dict[str, int] = {}
        """The longest (ns, by our clock) that a change of an instrument's book, or a trade, was under way since the
        connection last took this away."""
        self.lag_limit = 0
        """From which lag on (ns, 0: never) an instrument's data is late."""
        self._trades = trades
        self._touched: set[str] = set()
        self._late: set[str] = set()

    def opened(self, told: Opened, received: int) -> None:
        """A line begins anew: its books wait for snapshots, its trades for what was missed."""
        line = self.of(told.line)
        line.told, line.is_open, line.is_authenticated = told, True, False
        line.wire = Wire(told.event or "OB_L1_DIFF")
        line.granted.clear()
        line.denied.clear()
        for pair in told.trades:
            self._trades.opened(pair, received)
        self._touched |= set(told.books)

    def listen(self, name: str) -> Iterator[Body]:
        """Take the bodies of this line from now on; its books are told whole."""
        line = self.of(name)
        self.active = name
        self._touched |= set(line.told.books)
        for (_, _), book in sorted(line.wire.shelf.books.items()):
            if book.is_trusted:
                bids, asks = book.levels()
                yield BookSnapshot(book.instrument, book.ts_event, bids, asks, book.sequence)
                quote = book.quote()
                if quote is not None:
                    yield quote

    def closed(self, name: str) -> None:
        """A line is down: its books are worth nothing."""
        line = self.of(name)
        line.is_open = False
        line.wire.restarted()
        self._touched |= set(line.told.books)

    def forget(self) -> None:
        """Frames are missing, nobody knows of which line: every book waits for a snapshot."""
        for line in self.all.values():
            line.wire.restarted()
            self._touched |= set(line.told.books)

    def changed(self) -> list[tuple[str, float]]:
        """Pairs whose book may have been lost or found since this was last asked, with 1 for lost and 0 for found."""
        line = self.all.get(self.active)
        if line is None or not self._touched:
            return []
        touched = sorted(self._touched & set(line.told.books))
        self._touched.clear()
        return [(pair, float(line.has_lost(pair))) for pair in touched]

    def measured(self, instrument: str, lag: float) -> None:
        """The lag of an instrument (s) was told: while it is within the limit, the next late frame is told anew."""
        if abs(lag) * UNITS["s"] <= self.lag_limit:
            self._late.discard(instrument)

    def streams_trades(self, pair: str) -> bool:
        """Whether the line that is listened to brings the trades of a pair."""
        line = self.all.get(self.active)
        return line is not None and line.is_open and ("NEW_TRADE", pair) in line.granted

    def take(self, frame: Frame) -> Iterator[Body]:
        """The bodies of a frame of a line; WireError if it is not what VALR says it sends, or is a refusal."""
        line = self.of(frame.connection)
        # A log may hold lines without a word from this side; the first of them is listened to.
        self.active = self.active or frame.connection
        self.useful = None
        message = messages.read(frame.raw)
        if isinstance(message, Note):
            self._noted(line, message)
        elif isinstance(message, NewTrade):
            self.useful = message.type, message.pair
            yield from self._traded(message.data, frame.recv_ns)
        else:
            is_active = frame.connection == self.active
            taken = line.wire.told(message, frame.recv_ns)
            yield from self._moved(taken, frame.recv_ns, is_active)
            if is_active:
                yield from taken.bodies

    def _traded(self, row: TradeRow, received: int) -> Iterator[Body]:
        told = list(self._trades.stream(row, received))
        # A trade that came before, on this line, another or by REST, says nothing of how late its line is.
        if told or self._trades.is_waiting(row.currency_pair):
            yield from self._lagging(instrument_of(row.currency_pair), received - row.traded_at)
        yield from told

    def _moved(self, taken: Taken, received: int, is_active: bool) -> list[Health]:
        late: list[Health] = []
        if isinstance(taken.message, BookMessage):
            self._touched.add(taken.message.pair)
            # A snapshot may be of a book that did not change for long.
            if taken.bodies and isinstance(first := taken.bodies[0], BookDelta):
                late = self._lagging(first.instrument, received - first.ts_event, is_active)
        if taken.bodies and not isinstance(taken.bodies[0], DataIssue):
            message = cast("BookMessage", taken.message)
            self.useful = EVENTS.get(message.type, message.type), message.pair
        return late

    def _lagging(self, name: str, lag: int, is_active: bool = True) -> list[Health]:
        """Note how long (ns) a change of an instrument was under way. The first that is late says so, ahead of itself:
        nobody is to decide on it before the connection has measured."""
        if name in self.lag or len(self.lag) < MOST_PAIRS:
            self.lag[name] = max(self.lag.get(name, 0), lag, key=abs)
        if not (is_active and 0 < self.lag_limit < abs(lag)) or name in self._late or len(self._late) >= MOST_PAIRS:
            return []
        self._late.add(name)
        return [Health(name, "lag", lag / UNITS["s"])]

    def _noted(self, line: Line, note: Note) -> None:
        line.pongs += note.type == "PONG"
        line.is_authenticated = line.is_authenticated or note.type == "AUTHENTICATED"
        if note.type == "SUBSCRIBED" and (found := _GRANTED.fullmatch(note.message)) and len(line.granted) < MOST_PAIRS:
            line.granted.add((found["event"], found["pair"]))
        elif note.type == "ERROR" and (found := _DENIED.fullmatch(note.message)) and len(line.denied) < MOST_PAIRS:
            line.denied.add((found["event"], found["pair"].upper()))
        elif note.type in ("ERROR", "UNSUPPORTED", "RATE_LIMIT_EXCEEDED"):
            # What VALR refuses is told like what is refused here: it may be the SUBSCRIBE of something that is wanted.
            raise WireError(f"{note.type}: {note.message or 'VALR gives no reason'}")

    def of(self, name: str) -> Line:
        """The line of a name; WireError for more names than a session can have."""
        found = self.all.get(name)
        if found is None:
            if len(self.all) >= MOST:
                raise WireError(f"line {name[:40]!r}, after {MOST} others; expected a line that a session begins with")
            found = self.all[name] = Line(Opened(name, "OB_L1_DIFF"))
        return found
