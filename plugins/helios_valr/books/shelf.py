"""The books of a connection, one for each event and pair, made when their first frame comes."""

from __future__ import annotations

from helios_engine.bodies import Quote
from helios_valr.books.aggregated import WholeBook
from helios_valr.books.l1 import DiffBook
from helios_valr.books.l3 import OrderBook
from helios_valr.books.outcome import Outcome
from helios_valr.errors import WireError
from helios_valr.frames import AggregatedBook, DepthBook, FullBook, L1Book

BookMessage = AggregatedBook | DepthBook | FullBook | L1Book
AnyBook = DiffBook | OrderBook | WholeBook
MOST = 4096
"""Books of a connection; VALR has some four hundred pairs."""
EVENTS = {"OB_L1_SNAPSHOT": "OB_L1_DIFF", "FULL_ORDERBOOK_SNAPSHOT": "FULL_ORDERBOOK_UPDATE"}
"""Which event one subscribes to, where a type of message is named otherwise."""


class Shelf:
    """Gives every frame to its book."""

    def __init__(self) -> None:
        self.books: dict[tuple[str, str], AnyBook] = {}
        self._quoted: dict[tuple[str, str], Quote] = {}

    def reset(self) -> None:
        """Forget what every book holds; each waits for a snapshot."""
        self._quoted.clear()
        for book in self.books.values():
            book.reset()

    def apply(self, message: BookMessage) -> tuple[tuple[str, str], Outcome]:
        """The event and pair of the book, and what the frame did to it; WireError for more books than VALR can have."""
        key = EVENTS.get(message.type, message.type), message.pair
        if key not in self.books and len(self.books) >= MOST:
            raise WireError(f"a book of {message.pair}, after {MOST} others; expected no more pairs than VALR lists")
        match message:
            case L1Book():
                diffs = self.books.setdefault(key, DiffBook(message.pair))
                assert isinstance(diffs, DiffBook)
                return key, diffs.apply(message)
            case FullBook():
                orders = self.books.setdefault(key, OrderBook(message.pair))
                assert isinstance(orders, OrderBook)
                return key, orders.apply(message)
            case _:
                whole = self.books.setdefault(key, WholeBook(message.pair))
                assert isinstance(whole, WholeBook)
                return key, whole.apply(message)

    def quote(self, key: tuple[str, str]) -> Quote | None:
        """The best prices and sizes of a book, if they are others than when last asked."""
        found = self.books[key].quote()
        before = self._quoted.get(key)
        if found is None:
            self._quoted.pop(key, None)
            return None
        self._quoted[key] = found
        is_same = before is not None and _prices(before) == _prices(found)
        return None if is_same else found


def _prices(quote: Quote) -> tuple[float, ...]:
    return quote.bid, quote.ask, quote.bid_quantity, quote.ask_quantity
