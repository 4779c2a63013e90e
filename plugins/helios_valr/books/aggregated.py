"""Books that come whole each time: AGGREGATED_ORDERBOOK_UPDATE, and depth snapshots of the L1 feed.

The aggregated sequence rises with gaps, so a lost frame cannot be seen, and need not: the next one replaces all.
A frame that is not ahead is dropped. Depth snapshots have no sequence; the time of the last change stands in, and
one with the same time is taken, since two changes may share a millisecond.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from helios_engine.bodies import BookSnapshot
from helios_valr.books.ladder import Ladder
from helios_valr.books.outcome import Book, Outcome
from helios_valr.fields import exact
from helios_valr.frames import AggregatedBook, DepthBook


class WholeBook(Book[str]):
    """The best levels of a pair, replaced by every frame. One feed a book: the two count differently."""

    def apply(self, message: AggregatedBook | DepthBook) -> Outcome:
        """Take one frame in; a crossed one, or one that lists a price twice, is `lost` until the next."""
        if message.pair != self.pair:
            raise ValueError(f"the book of {self.pair} was given a message on {message.pair}")
        if isinstance(message, AggregatedBook):
            row = message.data
            if row.sequence <= self.sequence:
                return self._behind(row.sequence)
            return self._replace(
                [(level.price, level.quantity) for level in row.bids],
                [(level.price, level.quantity) for level in row.asks],
                row.sequence,
                int(row.last_change),
            )
        if int(message.d.lc) < self.ts_event:
            return Outcome("ignored", f"last change {int(message.d.lc)} is before {self.ts_event}")
        return self._replace(message.d.b, message.d.a, 0, int(message.d.lc))

    def _replace(
        self, bids: Iterable[tuple[str, str]], asks: Iterable[tuple[str, str]], sequence: int, ts: int
    ) -> Outcome:
        before = self.sequence, self.ts_event
        self.reset()
        try:
            _fill(self._bids, bids)
            _fill(self._asks, asks)
            trouble = self._crossed()
        except ValueError as error:
            trouble = str(error)
        if trouble:
            lost = self._lose(trouble)
            self.sequence, self.ts_event = max(before[0], sequence), max(before[1], ts)
            return lost
        self.is_trusted, self.sequence, self.ts_event = True, sequence, ts
        found = self.levels()
        return Outcome("snapshot", bodies=(BookSnapshot(self.instrument, ts, found[0], found[1], sequence),))

    def _size(self, level: str) -> Decimal:
        return Decimal(level)


def _fill(ladder: Ladder[str], levels: Iterable[tuple[str, str]]) -> None:
    for price, quantity in levels:
        exact(price)
        key = Decimal(price)
        if ladder.get(key) is not None:
            raise ValueError(f"price {price} is listed twice")
        ladder.put(key, quantity)
