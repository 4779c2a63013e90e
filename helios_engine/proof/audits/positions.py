"""Positions as the fills alone make them, and what an order may do to one."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from helios_engine.bodies import Fill
from helios_engine.proof.audits.standing import ZERO, Standing

Tell = Callable[[str, str, int], None]


class Positions:
    """What is held of each instrument, from nothing at the run's begin."""

    def __init__(self, wrong: Tell) -> None:
        self._wrong = wrong
        self._held: dict[str, Decimal] = {}

    def filled(self, ts: int, fill: Fill, order: Standing) -> None:
        """A fill moves a position; one of a reduce-only order must bring it nearer to nothing, and not beyond."""
        signed = fill.quantity if order.is_buy else -fill.quantity
        held = self._held.get(fill.instrument, ZERO)
        self._held[fill.instrument] = held + signed
        if order.intent.reduce_only and (signed * held >= 0 or abs(signed) > abs(held)):
            what = f"reduce-only {fill.id} was filled {fill.side} {fill.quantity} on a position of {held}"
            self._wrong("reduce-only", what, ts)
        order.filled += fill.quantity
        if order.filled > order.quantity:
            self._wrong("too much", f"{fill.id} was filled {order.filled} of {order.quantity}", ts)
