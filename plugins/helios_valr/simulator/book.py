"""A book of single orders: the better price first, within a price the earlier order first."""

from __future__ import annotations

from typing import NamedTuple

BUY, SELL = 1, -1


class Entry(NamedTuple):
    """What is left of an order after a change; quantity 0 means that it is gone."""

    side: int
    price: int
    order: str
    quantity: int


class Fill(NamedTuple):
    """A resting order met one that came; `taker` is the side of the latter."""

    price: int
    quantity: int
    taker: int


class Book:
    """Prices in ticks and quantities in lots, whole numbers both. An order never rests where it could trade."""

    def __init__(self) -> None:
        self.sides: dict[int, dict[int, dict[str, int]]] = {BUY: {}, SELL: {}}
        self.orders: dict[str, tuple[int, int]] = {}

    def prices(self, side: int) -> list[int]:
        """The prices of a side, best first."""
        return sorted(self.sides[side], reverse=side == BUY)

    def best(self, side: int) -> int | None:
        """The best price of a side, None if it is empty."""
        prices = self.sides[side]
        return None if not prices else max(prices) if side == BUY else min(prices)

    def level(self, side: int, price: int) -> int:
        """All that rests at a price, 0 if nothing does."""
        return sum(self.sides[side].get(price, {}).values())

    def enter(self, side: int, price: int, order: str, quantity: int, rests: bool) -> tuple[list[Entry], list[Fill]]:
        """Trade what can be traded at `price` or better; the remainder rests, or is dropped unless `rests`."""
        entries, fills = [], []
        while quantity and (best := self.best(-side)) is not None and side * (price - best) >= 0:
            name, standing = next(iter(self.sides[-side][best].items()))
            took = min(quantity, standing)
            quantity -= took
            fills.append(Fill(best, took, side))
            entries.append(self._set(-side, best, name, standing - took))
        if quantity and rests:
            entries.append(self._set(side, price, order, quantity))
        return entries, fills

    def cancel(self, order: str) -> Entry:
        """Take an order out; KeyError for one that does not rest."""
        return self._set(*self.orders[order], order, 0)

    def _set(self, side: int, price: int, order: str, quantity: int) -> Entry:
        orders = self.sides[side].setdefault(price, {})
        if quantity:
            orders[order] = quantity
            self.orders[order] = (side, price)
        else:
            del orders[order], self.orders[order]
            if not orders:
                del self.sides[side][price]
        return Entry(side, price, order, quantity)
