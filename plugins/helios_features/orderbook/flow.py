"""What flowed into and out of a book, and through it, over a window of time."""

from __future__ import annotations

import math
from collections.abc import Sequence

from helios_features.orderbook.book import Top


class Total:
    """A sum that is exact until it is read, however many terms: partial sums that do not overlap (Shewchuk 1997).

    Its value is `math.fsum` of all terms, so it depends neither on their order nor on how they were cut.
    """

    def __init__(self) -> None:
        self.parts: list[float] = []

    def add(self, x: float) -> None:
        """Add a finite term."""
        parts, kept = self.parts, 0
        for y in parts:
            if abs(x) < abs(y):
                x, y = y, x
            high = x + y
            low = y - (high - x)
            if low:
                parts[kept] = low
                kept += 1
            x = high
        parts[kept:] = [x]

    def value(self) -> float:
        """The sum, rounded once."""
        return math.fsum(self.parts)


class Window:
    """Order flow of each level and traded quantities since the last row; whether all of it was seen."""

    def __init__(self, levels: int) -> None:
        self.flows = [Total() for _ in range(levels)]
        self.is_whole = [False] * levels
        self.buys, self.sells = Total(), Total()
        self.is_tape_whole = False

    def add(self, level: int, terms: Sequence[float]) -> None:
        """Take in the terms of one update at a level."""
        for term in terms:
            self.flows[level].add(term)

    def lose(self, level: int) -> None:
        """What flowed at this level cannot be known any more for this window."""
        self.is_whole[level] = False

    def trade(self, side: str, quantity: float) -> None:
        """Take in a trade by its taker's side; one that has none leaves the imbalance of the window unknown."""
        if side == "BUY":
            self.buys.add(quantity)
        elif side == "SELL":
            self.sells.add(quantity)
        else:
            self.is_tape_whole = False

    def read(self) -> tuple[list[float | None], float | None]:
        """Order flow imbalance of each level, and trade imbalance; None where not all was seen, or nothing traded."""
        flows = [t.value() if whole else None for t, whole in zip(self.flows, self.is_whole, strict=True)]
        buys, sells = self.buys.value(), self.sells.value()
        traded = buys + sells
        return flows, (buys - sells) / traded if self.is_tape_whole and traded > 0.0 else None


def flow_terms(before: Top, after: Top, level: int) -> tuple[float, ...] | None:
    """The terms of e_n at a level (from 0): what it gained on the bid less what it gained on the ask.

    e = [P_b ≥ P_b′] q_b − [P_b ≤ P_b′] q_b′ − [P_a ≤ P_a′] q_a + [P_a ≥ P_a′] q_a′, with ′ for before the update (Cont,
    Kukanov & Stoikov 2014, eq. 4; on deeper levels Xu, Gould & Howison 2018). None where a side does not reach so deep
    or does not state its size.
    """
    sides = (before[0], before[1], after[0], after[1])
    if any(len(side) <= level or not side[level][1] for side in sides):
        return None
    (bid0, size_b0), (ask0, size_a0), (bid, size_b), (ask, size_a) = (side[level] for side in sides)
    terms = []
    if bid >= bid0:
        terms.append(size_b)
    if bid <= bid0:
        terms.append(-size_b0)
    if ask <= ask0:
        terms.append(-size_a)
    if ask >= ask0:
        terms.append(size_a0)
    return tuple(terms)
