"""An order's estimated place in the queue at its price."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from fractions import Fraction

from helios_engine.nautilus.models.tape import Deal, Depth, Resting, reach, share_out

TYPICAL_OVER = 101
"""Deals whose median quantity is the typical one; odd, so that the median is one of them."""


class Place:
    """Where an order stands: the quantity of others ahead, and what is known of its level.

    `size` is the level as data last gave it, None where it never did; `traded` is what was traded there since.
    """

    __slots__ = ("ahead", "order", "size", "traded")

    def __init__(self, order: Resting, ahead: int, size: int | None) -> None:
        self.order, self.ahead, self.size = order, ahead, size
        self.traded = 0

    def level(self, quantity: int) -> None:
        """Take in the level's new quantity: what went without being traded was canceled, ahead and behind alike.

        Never more can be ahead than the level holds. Growth joins behind.
        """
        if self.size is not None:
            before = max(0, self.size - self.traded)
            gone = before - quantity
            if gone > 0:
                self.ahead -= gone * self.ahead // before
        self.ahead, self.size, self.traded = min(self.ahead, quantity), quantity, 0


class Queue:
    """Deals at an order's price fill it once the quantity ahead has traded or gone; deals beyond it at once.

    Where the data has a book, as much is ahead as the level holds when the order arrives; cancels leave the queue
    evenly (their share ahead is that of the quantity ahead), as in E. Rigtorp, Estimating Order Queue Position,
    2013. Quotes say it of the best level only. Where the level is not known (trades and bars alone, or deeper than
    the book goes) `behind` typical deals are ahead, a typical one being the median of the last 101: a stated
    assumption, not an estimate. A new price, or more quantity, goes to the end of the queue. A deal and the book's
    change that follows from it must come in this order, or the change is taken for a cancel.
    """

    binds_takers = False

    def __init__(self, behind: Fraction, lot: int) -> None:
        self._behind, self.lot = behind, lot
        self._recent: deque[int] = deque(maxlen=TYPICAL_OVER)
        self._levels: dict[tuple[str, int], int] = {}
        self._has_book = False
        self._places: dict[str, Place] = {}

    def rest(self, orders: Sequence[Resting]) -> None:
        """Give new orders a place, keep the old ones, forget those that are gone."""
        before, self._places = self._places, {}
        for order in orders:
            place = before.get(order.id)
            if place is None or place.order.price != order.price or place.order.leaves < order.leaves:
                place = self._new(order)
            place.order = order
            self._places[order.id] = place

    def deal(self, deal: Deal, orders: Sequence[Resting]) -> list[int]:
        """The quantity that each order gets: the deal goes to those ahead first."""
        self._recent.append(deal.quantity)
        left, found = deal.quantity, []
        for order in orders:
            place, how = self._places[order.id], reach(order, deal)
            if how == "at":
                got = share_out(order.leaves, max(0, left - place.ahead), self.lot)
                place.ahead = max(0, place.ahead - left)
                place.traded += deal.quantity
            else:
                got = share_out(order.leaves, left, self.lot) if how else 0
                place.ahead = 0 if how else place.ahead
            left -= got
            found.append(got)
        return found

    def taken(self, leaves: int, *, whole: bool = False) -> int:
        """Nothing: an order that meets the market on arrival is not this model's."""
        return 0

    def book(self, levels: Iterable[Depth], *, is_whole: bool) -> None:
        """Take in levels of a book: all that there are, or those that changed."""
        self._has_book = True
        changed = {(d.side, d.price): d.quantity for d in levels}
        if is_whole:
            self._levels.clear()
        for key, quantity in changed.items():
            if quantity:
                self._levels[key] = quantity
            else:
                self._levels.pop(key, None)
        for place in self._places.values():
            key = place.order.side, place.order.price
            size = changed.get(key, self._size(*key) if is_whole else None)
            if size is not None:
                place.level(size)

    def quote(self, bid: Depth, ask: Depth) -> None:
        """Take in the best bid and ask; where there is a book it knows more."""
        if self._has_book:
            return
        self._levels = {(d.side, d.price): d.quantity for d in (bid, ask)}
        for place in self._places.values():
            size = self._size(place.order.side, place.order.price)
            if size is not None:
                place.level(size)

    def ahead(self, order: str) -> int:
        """The quantity of others that is ahead of a resting order now."""
        return self._places[order].ahead

    def _new(self, order: Resting) -> Place:
        size = self._size(order.side, order.price)
        return Place(order, self._guess() if size is None else size, size)

    def _size(self, side: str, price: int) -> int | None:
        """What the level holds; 0 between or before the levels that are known, None behind the last of them."""
        found = self._levels.get((side, price))
        if found is not None:
            return found
        known = [level for of, level in self._levels if of == side]
        if not known:
            return None
        is_deeper = price < min(known) if side == "BUY" else price > max(known)
        return None if is_deeper else 0

    def _guess(self) -> int:
        if not self._recent:
            return 0
        typical = sorted(self._recent)[len(self._recent) // 2]
        return math.ceil(self._behind * typical)
