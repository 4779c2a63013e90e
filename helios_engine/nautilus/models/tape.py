"""What the models see: deals and our resting orders, prices and quantities in whole units of 10^-16.

One unit for everything: a definition may gain decimals during a run, and what models remember stays valid.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal, NamedTuple, Protocol

DIGITS = 16
"""Decimals of a unit; as many as nautilus' widest build, and more than any instrument has."""


class Deal(NamedTuple):
    """One public trade or print. `number` counts those of its instrument, `side` is the taker's or empty."""

    number: int
    price: int
    quantity: int
    side: str


class Resting(NamedTuple):
    """What is left of one of our limit orders at the venue."""

    id: str
    side: Literal["BUY", "SELL"]
    price: int
    leaves: int


class Depth(NamedTuple):
    """What data says of the queue at one level: `quantity` of others at `price`; `side` is BUY for bids."""

    side: str
    price: int
    quantity: int


class FillModel(Protocol):
    """Says how much of a deal our resting orders of one instrument get.

    No order gets more than the deal's quantity, and all of them together neither: what one of them takes is gone for
    the others. Orders come best price first, at one price in the order in which they were accepted. `lot` is the
    step of quantities, in units.
    """

    lot: int

    def rest(self, orders: Sequence[Resting]) -> None:
        """These orders rest now: some are new, changed or gone since the last call."""
        ...

    def deal(self, deal: Deal, orders: Sequence[Resting]) -> list[int]:
        """The quantity that each order gets of a deal."""
        ...

    @property
    def binds_takers(self) -> bool:
        """Whether the model is for limit orders as well that meet the market on arrival."""
        ...

    def taken(self, leaves: int, *, whole: bool = False) -> int:
        """How much an order takes on arrival, where the model binds it; `whole` is all of it or nothing."""
        ...


def units(value: Decimal) -> int:
    """A price or quantity in units, exactly; what is finer than a unit is cut off."""
    return int(value.scaleb(DIGITS))


def reach(order: Resting, deal: Deal) -> Literal["", "at", "through"]:
    """Whether a deal was made at an order's price, beyond it, or neither.

    Beyond counts whoever was the taker: there cannot have been a deal beyond the price without the order's being
    passed over. At the price only deals count whose taker came from the other side, or is not known.
    """
    beyond = order.price - deal.price if order.side == "BUY" else deal.price - order.price
    if beyond > 0:
        return "through"
    return "at" if beyond == 0 and deal.side != order.side else ""


def share_out(wanted: int, left: int, lot: int) -> int:
    """How much of `left` an order gets that wants `wanted`: whole lots, unless all that it wants."""
    if left >= wanted:
        return wanted
    return max(0, left - left % lot)
