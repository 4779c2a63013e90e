"""What nautilus sees of the market of one instrument, and what it need not see yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from helios_engine.bodies import BookDelta, BookSnapshot, Print, Quote, Trade
from helios_engine.nautilus.book import BookMemory, Changes, whole
from helios_engine.nautilus.memory import Memory
from helios_engine.nautilus.models.simulation import Simulation
from helios_engine.nautilus.settings import Book
from helios_engine.nautilus.ticks import Ticker

Way = Callable[[Any, bool], None]


class Sight:
    """Shows events to a matching engine, or remembers those that can change nothing.

    `ways` says by kind of body who takes it: with the body, and whether something rests, so that nautilus must see it.
    A kind that is not there is not matched on. `engine` and `ticker` are set before the first event; `deepen` is
    called when a book comes to an instrument that was matched without one.
    """

    engine: Any
    ticker: Ticker

    def __init__(
        self, name: str, book: Book, simulation: Simulation, resting: Mapping[str, Any], deepen: Callable[[str], None]
    ) -> None:
        self._name, self._book, self._deepen = name, book, deepen
        self._simulation, self._resting = simulation, resting
        self._is_idle = simulation.is_idle
        self._memory, self._levels = Memory(), BookMemory()
        self._is_behind = False
        self.last: float | None = None
        """The price of the last trade or print."""
        self.has_bid = False
        """Whether somebody has wanted to buy yet."""
        self._quote: Quote | None = None
        self.depth = book == "l2"
        self.ways: dict[type, Way] = {}
        self._choose()

    def price(self) -> Decimal | None:
        """The last trade, else the middle of the last quote."""
        if self.last is not None:
            return Decimal(repr(self.last))
        if self._quote is not None:
            return (Decimal(repr(self._quote.bid)) + Decimal(repr(self._quote.ask))) / 2
        return None

    def is_quiet(self) -> bool:
        """Whether trades are only remembered: no book is kept beside them, no model of our own looks at each."""
        return self._is_idle and not self.depth

    def stirs(self, body: Any) -> bool:
        """Whether nautilus is shown an event, or given its first book, although nothing rests."""
        if self.depth:
            return self._levels.stirs(body)
        return isinstance(body, BookSnapshot | BookDelta) and type(body) in self.ways

    def catch_up(self) -> None:
        """Show nautilus what it has not seen and what counts."""
        if self._is_behind:
            self._is_behind = False
            for body in self._levels.take(self._name) if self.depth else self._memory.take():
                self._show(body)

    def _choose(self) -> None:
        if self.depth:
            self.ways = dict.fromkeys((Trade, Print, BookSnapshot, BookDelta), self._beside_book)
            return
        self.ways = {Trade: self._trade, Print: self._print}
        if self._book != "trades":
            self.ways[Quote] = self._quoted
        if self._book == "auto":
            self.ways |= {BookSnapshot: self._first_book, BookDelta: self._first_book}

    def _trade(self, body: Trade, must: bool) -> None:
        """The way of most events, so it is as short as it can be."""
        if not self._is_idle:
            self._simulation.note(body, self._resting)
        self.last = body.price
        if not self.has_bid and body.side != "BUY":
            self.has_bid = True
        if must:
            if self._is_behind:
                self.catch_up()
            self.engine.process_trade_tick(self.ticker.tick(body))
        else:
            self._memory.add(body)
            self._is_behind = True
        if not self._is_idle:
            self._simulation.fill()

    def _print(self, body: Print, must: bool) -> None:
        """A print sets all that nautilus knows of a market without a book."""
        if not self._is_idle:
            self._simulation.note(body, self._resting)
        self.last, self.has_bid = body.price, True
        if must:
            self._simulation.walk(inside_bar=body.phase != "open")
            if self._is_behind:
                self.catch_up()
            self.engine.process_trade_tick(self.ticker.tick(body))
        else:
            self._memory.only(body)
            self._is_behind = True
        if not self._is_idle:
            self._simulation.fill()

    def _quoted(self, body: Quote, must: bool) -> None:
        self._follow(body)
        if must:
            self.catch_up()
            self._show(body)
        else:
            self._memory.add(body)
            self._is_behind = True
        self._simulation.fill()

    def _beside_book(self, body: Trade | Print | BookSnapshot | BookDelta, must: bool) -> None:
        self._follow(body)
        is_book = isinstance(body, BookSnapshot | BookDelta)
        if must | (self._levels.apply(body) if is_book else self._levels.is_one_sided()):  # type: ignore[arg-type]
            self.catch_up()
            self._show(body)
        else:
            self._levels.add(body)
            self._is_behind = True
        self._simulation.fill()

    def _first_book(self, body: BookSnapshot | BookDelta, must: bool) -> None:
        self._deepen(type(body).__name__)
        self.depth, self._is_behind = True, False
        self._choose()
        self._beside_book(body, must)

    def _follow(self, body: Any) -> None:
        self._simulation.note(body, self._resting)
        if isinstance(body, Print):
            self._simulation.walk(inside_bar=body.phase != "open")
        if isinstance(body, Quote):
            self._quote = body
        if isinstance(body, Trade | Print):
            self.last = body.price
        self.has_bid = self.has_bid or not (isinstance(body, Trade) and body.side == "BUY")

    def _show(self, body: Any) -> None:
        match body:
            case Trade() | Print():
                self.engine.process_trade_tick(self.ticker.tick(body))
            case Quote():
                self.engine.process_quote_tick(self.ticker.quote(body))
            case BookDelta():
                self.engine.process_order_book_delta(self.ticker.delta(body))
            case BookSnapshot() | Changes():
                changes = whole(body) if isinstance(body, BookSnapshot) else body
                self.engine.process_order_book_deltas(self.ticker.deltas(changes))
