"""One side of a book: what lies at each price, best first."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Generic, TypeVar

L = TypeVar("L")


class Ladder(Generic[L]):
    """A mapping from price to level that walks from the best price on: down for bids, up for asks."""

    def __init__(self, *, is_bid: bool) -> None:
        self._is_bid = is_bid
        self._prices: list[Decimal] = []  # rising
        self._levels: dict[Decimal, L] = {}

    def __len__(self) -> int:
        return len(self._prices)

    def __getitem__(self, price: Decimal) -> L:
        return self._levels[price]

    def get(self, price: Decimal) -> L | None:
        """The level at a price, or None."""
        return self._levels.get(price)

    def put(self, price: Decimal, level: L) -> None:
        """Set the level at a price."""
        if price not in self._levels:
            insort(self._prices, price)
        self._levels[price] = level

    def drop(self, price: Decimal) -> None:
        """Take the level at a price away; nothing happens if there is none."""
        if self._levels.pop(price, None) is not None:
            del self._prices[bisect_left(self._prices, price)]

    def clear(self) -> None:
        """Take every level away."""
        self._prices.clear()
        self._levels.clear()

    def best_price(self) -> Decimal | None:
        """The best price, or None on an empty side."""
        return self._prices[-1 if self._is_bid else 0] if self._prices else None

    def first(self, count: int | None = None) -> Iterator[tuple[Decimal, L]]:
        """Prices and levels, best first, at most `count`."""
        prices = reversed(self._prices) if self._is_bid else iter(self._prices)
        return ((price, self._levels[price]) for price in islice(prices, count))

    def best(self, count: int) -> list[L]:
        """The levels of the best `count` prices, best first."""
        prices = self._prices[: -count - 1 : -1] if self._is_bid else self._prices[:count]
        return [self._levels[price] for price in prices]
