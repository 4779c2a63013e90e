"""The book of FULL_ORDERBOOK: single orders, a sequence that grows by the entries of a frame, a checksum of 25 orders.

Within a level orders stand in the order they came; a changed quantity keeps its place. Captures confirm all of it
but the last, which the checksum decides if it ever matters.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from helios_engine.bodies import BookDelta, BookSnapshot
from helios_valr.books.checksums import checksum
from helios_valr.books.ladder import Ladder
from helios_valr.books.outcome import Book, Outcome
from helios_valr.fields import exact
from helios_valr.frames import FullBook, OrderLevel

ZERO = Decimal(0)
Queue = dict[str, str]
"""Quantity by order id, in the order of the queue."""


class OrderBook(Book[Queue]):
    """Orders by snapshot and updates. A gap, a wrong checksum or a crossed book drops it."""

    def apply(self, message: FullBook) -> Outcome:
        """Take one frame in; the book is only ever published whole and checked."""
        if message.pair != self.pair:
            raise ValueError(f"the book of {self.pair} was given a message on {message.pair}")
        row = message.data
        if message.type == "FULL_ORDERBOOK_SNAPSHOT":
            self.reset()
            return self._take(message, "snapshot")
        if not self.is_trusted:
            return Outcome("waiting", f"{self.pair}: no snapshot yet")
        if row.sequence_number <= self.sequence:
            return self._behind(row.sequence_number)
        entries = len([order for level in row.asks + row.bids for order in level.orders])
        if row.sequence_number != self.sequence + entries:
            return self._lose(
                f"a gap: sequence {row.sequence_number} with {entries} entries after {self.sequence}, "
                f"expected {self.sequence + entries}"
            )
        return self._take(message, "update")

    def _take(self, message: FullBook, verdict: str) -> Outcome:
        row = message.data
        try:
            touched = [(self._bids, "BUY", self._enter(self._bids, row.bids))]
            touched.append((self._asks, "SELL", self._enter(self._asks, row.asks)))
        except ValueError as error:
            return self._lose(str(error))
        found = checksum(_orders(self._bids), _orders(self._asks))
        if found != row.checksum:
            return self._lose(f"checksum of sequence {row.sequence_number} is {found}, expected {row.checksum}")
        if crossed := self._crossed():
            return self._lose(crossed)
        self.is_trusted, self.sequence, self.ts_event = True, row.sequence_number, int(row.last_change)
        if verdict == "snapshot":
            bids, asks = self.levels()
            return Outcome(
                "snapshot", bodies=(BookSnapshot(self.instrument, self.ts_event, bids, asks, self.sequence),)
            )
        return Outcome("update", bodies=tuple(self._deltas(touched)))

    def _enter(self, ladder: Ladder[Queue], levels: tuple[OrderLevel, ...]) -> dict[Decimal, Decimal]:
        """Apply entries as they are listed, since a frame may add and remove one order; sizes before, by price."""
        before: dict[Decimal, Decimal] = {}
        for level in levels:
            price = Decimal(level.price)
            exact(level.price)
            queue = ladder.get(price)
            before.setdefault(price, self._size(queue or {}))
            if queue is None:
                ladder.put(price, queue := {})
            for order in level.orders:
                if Decimal(order.quantity):
                    queue[order.order_id] = order.quantity
                else:
                    queue.pop(order.order_id, None)  # also of an order that is not there; it counts in the sequence
            if not queue:
                ladder.drop(price)
        return before

    def _deltas(self, touched: list[tuple[Ladder[Queue], str, dict[Decimal, Decimal]]]) -> Iterator[BookDelta]:
        """One change for each price whose quantity is another than before the frame."""
        for ladder, side, before in touched:
            for price, was in before.items():
                size = self._size(ladder.get(price) or {})
                if size != was:
                    yield BookDelta(self.instrument, self.ts_event, side, float(price), float(size), self.sequence)

    def _size(self, level: Queue) -> Decimal:
        return sum(map(Decimal, level.values()), ZERO)


def _orders(ladder: Ladder[Queue]) -> Iterator[tuple[str, str]]:
    return (order for _, queue in ladder.first() for order in queue.items())
