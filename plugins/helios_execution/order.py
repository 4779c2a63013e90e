"""One order of ours, and whose refusal an answer is."""

from __future__ import annotations

from decimal import Decimal

from helios_engine.bodies import Reject
from helios_engine.bodies.orders import Side


class Order:
    """One order of ours that is not over: `sign` is +1 for a purchase, `left` what it may still do.

    `is_known` once the venue has answered for it; only then is it taken back, so that a refusal is never taken
    for one of the other. `is_doubtful` while its outcome is unknown.
    """

    def __init__(self, order: str, sign: int, quantity: Decimal, price: Decimal | None = None) -> None:
        self.id, self.sign, self.left, self.price = order, sign, quantity, price
        self.is_known = self.is_doubtful = self.is_asked_back = False

    def refuses_change(self, answer: Reject) -> bool:
        """Whether a refusal is of a change to this order, which rests on, and not of the order."""
        return answer.reason.startswith(("cancel", "modify")) or (self.is_known and answer.by == "gate")

    @property
    def side(self) -> Side:
        """BUY or SELL."""
        return "BUY" if self.sign > 0 else "SELL"
