"""What a market order pays beyond the price that the venue would give it. `impact` has a file of its own."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Protocol

from helios_engine.nautilus.models.tape import Deal


class Slippage(Protocol):
    """The cost of crossing in units, always whole ticks (`tick`, in units) and rounded against the order."""

    tick: int

    def deal(self, ts: int, deal: Deal) -> None:
        """Take in a deal of the market: everything known by the time of an order has come in before it."""
        ...

    def quoted(self) -> None:
        """This instrument's data has quotes or a book."""
        ...

    def missing(self) -> str:
        """Why no cost can be said yet, with what to do; empty once it can."""
        ...

    def cost(self, price: int, quantity: int) -> int:
        """How much worse than `price` an order of `quantity` is filled."""
        ...


class Ticks:
    """Every market order is filled `count` ticks worse. Assumes the same cost for any size, hour and volatility."""

    def __init__(self, count: int, tick: int) -> None:
        self._count, self.tick = count, tick

    def deal(self, ts: int, deal: Deal) -> None:
        """The cost does not depend on the market."""

    def quoted(self) -> None:
        """The cost does not depend on the data."""

    def missing(self) -> str:
        """Nothing is ever missing."""
        return ""

    def cost(self, price: int, quantity: int) -> int:
        """The stated ticks."""
        return self._count * self.tick


class HalfSpread:
    """Where data has no quotes, every market order pays `bps` of the price; with quotes the quote itself is met.

    `bps` is half the spread in hundredths of a percent (1 bps = 1e-4). Assumes one spread for the whole run: real
    ones widen when markets move, which is when orders are sent.
    """

    def __init__(self, bps: Fraction, tick: int) -> None:
        self._part, self.tick = bps / 10_000, tick
        self._has_quotes = False

    def deal(self, ts: int, deal: Deal) -> None:
        """The cost does not depend on deals."""

    def quoted(self) -> None:
        """From now on the quote is met, and nothing is added."""
        self._has_quotes = True

    def missing(self) -> str:
        """Nothing is ever missing."""
        return ""

    def cost(self, price: int, quantity: int) -> int:
        """The half spread, up to whole ticks."""
        if self._has_quotes:
            return 0
        return math.ceil(price * self._part / self.tick) * self.tick
