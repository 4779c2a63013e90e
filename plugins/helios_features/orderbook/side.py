"""One side of a book in floats: sizes by price, and the prices in order with the best at the end."""

from __future__ import annotations

from bisect import bisect_left, insort

Level = tuple[float, float]
"""Price and quantity."""


class Side:
    """Levels of one side; a change costs a search and a short move, since most changes are near the best price.

    Keys are prices of bids and negated prices of asks, so that the best is the highest on both sides.
    """

    def __init__(self, *, is_bid: bool) -> None:
        self.sign = 1.0 if is_bid else -1.0
        self.keys: list[float] = []
        self.sizes: dict[float, float] = {}

    def put(self, price: float, quantity: float) -> None:
        """Set a level; quantity 0 takes it away, also where there is none."""
        key = self.sign * price
        if quantity:
            if key not in self.sizes:
                insort(self.keys, key)
            self.sizes[key] = quantity
        elif self.sizes.pop(key, None) is not None:
            del self.keys[bisect_left(self.keys, key)]

    def replace(self, levels: tuple[Level, ...]) -> None:
        """Hold these levels and no others; those of quantity 0 are none."""
        self.sizes = {self.sign * price: quantity for price, quantity in levels if quantity}
        self.keys = sorted(self.sizes)

    def clear(self) -> None:
        """Take every level away."""
        self.keys, self.sizes = [], {}

    def best(self) -> float | None:
        """The best price; None where nobody offers."""
        return self.sign * self.keys[-1] if self.keys else None

    def first(self, count: int) -> tuple[Level, ...]:
        """The best `count` levels, or as many as there are, best first."""
        return tuple([(self.sign * key, self.sizes[key]) for key in self.keys[: -count - 1 : -1]])
