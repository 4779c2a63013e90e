"""What came of a frame, and what every book of a pair has in common."""

from __future__ import annotations

from decimal import Decimal
from typing import Generic, Literal, TypeVar

import msgspec

from helios_engine.bodies import Quote
from helios_engine.events import Body
from helios_valr.books.ladder import Ladder

BACK = 1_000
"""How far a sequence may lie behind and still be an echo; further back the exchange has begun to count anew.

VALR says nothing about this. Taking a restart for an echo would freeze the book in silence; taking an echo for a
restart costs one snapshot.
"""


class Outcome(msgspec.Struct, frozen=True):
    """What a frame did to a book, and the engine's bodies that say so.

    `snapshot`: the book is whole and trusted. `update`: it moved. `ignored`: an echo, nothing moved. `waiting`: a
    change without a snapshot before it. `lost`: the book is dropped, for `reason`; a new snapshot must be had.
    """

    verdict: Literal["snapshot", "update", "ignored", "waiting", "lost"]
    reason: str = ""
    bodies: tuple[Body, ...] = ()


L = TypeVar("L")


class Book(Generic[L]):
    """Two ladders, the last sequence, and whether they may be believed. It starts without trust."""

    def __init__(self, pair: str) -> None:
        self.pair = pair
        self.instrument = f"{pair}.VALR"
        self.is_trusted = False
        self.sequence = 0
        self.ts_event = 0
        self._bids: Ladder[L] = Ladder(is_bid=True)
        self._asks: Ladder[L] = Ladder(is_bid=False)

    def reset(self) -> None:
        """Forget everything, as after a new connection or before a new snapshot is asked for."""
        self._bids.clear()
        self._asks.clear()
        self.is_trusted = False
        self.sequence = self.ts_event = 0

    def best(self) -> tuple[Decimal | None, Decimal | None]:
        """The best bid and ask; None for an empty side. Of a book without trust nothing is known."""
        return self._bids.best_price(), self._asks.best_price()

    def quote(self) -> Quote | None:
        """The best bid and ask with their sizes; None without trust, or while a side is empty."""
        bid, ask = self.best()
        if not self.is_trusted or bid is None or ask is None:
            return None
        sizes = self._size(self._bids[bid]), self._size(self._asks[ask])
        return Quote(self.instrument, self.ts_event, float(bid), float(ask), float(sizes[0]), float(sizes[1]))

    def levels(self, depth: int | None = None) -> tuple[tuple[tuple[float, float], ...], ...]:
        """Bids and asks as `(price, quantity)`, best first, at most `depth` a side."""
        return tuple(
            tuple((float(price), float(self._size(level))) for price, level in ladder.first(depth))
            for ladder in (self._bids, self._asks)
        )

    def _size(self, level: L) -> Decimal:
        raise NotImplementedError

    def _crossed(self) -> str:
        bid, ask = self.best()
        return (
            f"crossed: bid {bid} is not below ask {ask}" if bid is not None and ask is not None and bid >= ask else ""
        )

    def _lose(self, reason: str) -> Outcome:
        self.reset()
        return Outcome("lost", f"{self.pair}: {reason}")

    def _behind(self, sequence: int) -> Outcome:
        """A sequence that is not ahead: an echo, or a count that began anew."""
        if sequence + BACK < self.sequence:
            return self._lose(f"the sequence fell from {self.sequence} to {sequence}: the exchange counts anew")
        return Outcome("ignored", f"sequence {sequence} is not after {self.sequence}")
