"""The book of OB_L1_SNAPSHOT and OB_L1_DIFF: levels, a sequence that grows by one, a checksum of 25 levels."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from helios_engine.bodies import BookDelta, BookSnapshot
from helios_valr.books.checksums import BEST, checksum
from helios_valr.books.outcome import Book, Outcome
from helios_valr.fields import exact, nearest
from helios_valr.frames import L1Book

Level = tuple[str, str]
"""Price and quantity as they were written, for the checksum is made of the text."""


class DiffBook(Book[Level]):
    """Levels by snapshot and diffs.

    A diff before the snapshot is thrown away. Any gap, wrong checksum or crossed book drops the whole book; a resync
    must name every pair of the channel, since a second SUBSCRIBE replaces the first.
    """

    def apply(self, message: L1Book) -> Outcome:
        """Take one frame in; the book is only ever published whole and checked."""
        if message.ps != self.pair:
            raise ValueError(f"the book of {self.pair} was given a message on {message.ps}")
        if message.type == "OB_L1_SNAPSHOT":
            self.reset()
            return self._take(message, "snapshot")
        if not self.is_trusted:
            return Outcome("waiting", f"{self.pair}: no snapshot yet")
        if message.d.sq <= self.sequence:
            return self._behind(message.d.sq)
        if message.d.sq != self.sequence + 1:
            return self._lose(f"a gap: sequence {message.d.sq} after {self.sequence}, expected {self.sequence + 1}")
        return self._take(message, "update")

    def _take(self, message: L1Book, verdict: str) -> Outcome:
        row = message.d
        try:
            deltas = tuple(self._changes(message))
        except ValueError as error:
            return self._lose(str(error))
        found = checksum(self._bids.best(BEST), self._asks.best(BEST))
        if found != row.cs:
            return self._lose(f"checksum of sequence {row.sq} is {found}, expected {row.cs}")
        if crossed := self._crossed():
            return self._lose(crossed)
        self.is_trusted, self.sequence, self.ts_event = True, row.sq, int(row.lc)
        if verdict == "update":
            return Outcome("update", bodies=deltas)
        bids, asks = self.levels()
        return Outcome("snapshot", bodies=(BookSnapshot(self.instrument, self.ts_event, bids, asks, row.sq),))

    def _changes(self, message: L1Book) -> Iterator[BookDelta]:
        ts, sequence = int(message.d.lc), message.d.sq
        for ladder, side, levels in ((self._bids, "BUY", message.d.b), (self._asks, "SELL", message.d.a)):
            for price, quantity in levels:
                key, size = Decimal(price), nearest(quantity)
                if size:
                    ladder.put(key, (price, quantity))
                else:
                    ladder.drop(key)  # also of a level that is not there
                yield BookDelta(self.instrument, ts, side, exact(price), size, sequence)

    def _size(self, level: Level) -> Decimal:
        return Decimal(level[1])
