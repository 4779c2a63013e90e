"""A stream of frames in, the engine's bodies out: what was read, what was refused, which books must be had anew.

No clock and no socket: the caller says when a frame was received. Nothing a frame holds raises; what cannot be read
is counted and the latest of it kept as it came.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator

import msgspec

from helios_engine.bodies import DataIssue, Trade
from helios_engine.events import Body
from helios_valr import messages, translation
from helios_valr.books.shelf import BookMessage, Shelf
from helios_valr.errors import WireError
from helios_valr.frames import AggregatedBook, DepthBook, MarkPriceUpdate, Message, NewBucket, NewTrade, Other, Summary
from helios_valr.once import Once
from helios_valr.rows import TradeRow

KEPT, LONGEST = 100, 1 << 16
"""How many refused and unknown frames are kept, the latest, and how many bytes of each: memory is bounded."""


class Taken(msgspec.Struct, frozen=True):
    """What came of a frame: its bodies, and `(event, pair)` of a book that was lost and must be subscribed anew.

    `message` is None if the frame was refused. A SUBSCRIBE replaces the one before it: name all pairs again.
    """

    message: Message | None
    bodies: tuple[Body, ...] = ()
    resync: tuple[str, str] | None = None


class Wire:
    """The frames of one connection after the other; call `restarted` between two.

    `quotes_from` names the book event whose best prices become quotes: of two, each quote would come twice.
    `counts` has the number of frames by type, and of those unknown, refused, ignored or lost.
    """

    def __init__(self, quotes_from: str = "OB_L1_DIFF") -> None:
        self.counts: Counter[str] = Counter()
        self.refused: deque[tuple[str, bytes]] = deque(maxlen=KEPT)
        self.unknown: deque[tuple[str, bytes]] = deque(maxlen=KEPT)
        self.shelf = Shelf()
        self._quotes_from = quotes_from
        self._once = Once()

    def restarted(self) -> None:
        """A new connection: every book waits for its snapshot. Trades already seen stay seen."""
        self.shelf.reset()

    def take(self, frame: bytes | str, received: int) -> Taken:
        """Read a frame that was received at `received` (ns UTC)."""
        try:
            message = messages.read(frame)
            taken = self.told(message, received)
        except WireError as error:
            self.counts["refused"] += 1
            self.refused.append((str(error), messages.as_bytes(frame)[:LONGEST]))
            return Taken(None)
        self.counts[message.type if message.type in messages.KINDS else "unknown"] += 1
        return taken

    def take_trades(self, rows: Iterable[TradeRow]) -> Iterator[Trade]:
        """Trades as REST or the stream brings them, without those that have come on either way before."""
        for row in rows:
            made = translation.trade(row)
            if self._once.is_new(row.currency_pair, row.id):
                yield made
            else:
                self.counts["trades seen before"] += 1

    def told(self, message: Message, received: int) -> Taken:
        """What comes of a message, received at `received` (ns UTC); WireError if it contradicts itself."""
        match message:
            case Other():
                self.unknown.append((message.type, message.raw[:LONGEST]))
                return Taken(message)
            case NewTrade():
                return Taken(message, tuple(self.take_trades([message.data])))
            case NewBucket():
                return Taken(message, _some(translation.bar(message.data, received)))
            case Summary():
                return Taken(message, _some(translation.ticker(message.data)))
            case MarkPriceUpdate():
                return Taken(message, (translation.mark(message, received),))
        return self._moved(message, received) if isinstance(message, BookMessage) else Taken(message)

    def _moved(self, message: BookMessage, received: int) -> Taken:
        key, outcome = self.shelf.apply(message)
        quote = self.shelf.quote(key) if key[0] == self._quotes_from else None
        if outcome.verdict == "lost":
            self.counts["books lost"] += 1
            doubt = DataIssue(f"{message.pair}.VALR", "book_lost", "warn", received, received, outcome.reason)
            # A book that comes whole each time mends itself with the next frame.
            is_whole = isinstance(message, (AggregatedBook, DepthBook))
            return Taken(message, (doubt,), None if is_whole else key)
        if outcome.verdict in ("ignored", "waiting"):
            self.counts[f"book frames {outcome.verdict}"] += 1
        return Taken(message, outcome.bodies + _some(quote))


def _some(body: Body | None) -> tuple[Body, ...]:
    return () if body is None else (body,)
