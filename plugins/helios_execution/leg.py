"""One exit order of a bracket: what it may still do, and the one change to it that is on its way."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from helios_engine.bodies import (
    CancelIntent,
    Fill,
    ModifyIntent,
    OrderAccepted,
    OrderCanceled,
    OrderModified,
    OrderUnknown,
    Reject,
)
from helios_execution.sizing import ZERO

Answer = Fill | OrderAccepted | OrderCanceled | OrderModified | OrderUnknown | Reject
End = Literal["", "filled", "refused", "taken back", "gone"]


class Leg:
    """A reduce-only order for `quantity` of `name`, of which `filled` is done.

    `is_known` once the venue has answered for it. `pending` is the change asked for and not yet answered, to the
    quantity `aim` if it is one of size; the next waits until `pause` (ns UTC) after a refusal.
    """

    def __init__(self, order: str, name: str, quantity: Decimal) -> None:
        self.id, self.name, self.quantity = order, name, quantity
        self.filled = ZERO
        self.is_known = self.is_doubtful = False
        self.pending: Literal["", "cancel", "modify"] = ""
        self.aim = quantity
        self.pause = 0

    @property
    def left(self) -> Decimal:
        """What the order may still do, in units of the instrument."""
        return self.quantity - self.filled

    def hear(self, answer: Answer, pause: int) -> End:
        """Take an answer to this order in; return how the order ended, empty if it has not."""
        match answer:
            case Fill():
                self.filled += answer.quantity
                self.is_known, self.is_doubtful = True, False
                return "filled" if self.left <= 0 else ""
            case OrderAccepted():
                self.is_known, self.is_doubtful = True, False
            case OrderModified():
                # A trailing stop is also modified by the market; only ours ends what is pending.
                self.quantity, self.is_known, self.is_doubtful = answer.quantity, True, False
                if self.pending == "modify" and answer.quantity == self.aim:
                    self.pending = ""
                return "filled" if self.left <= 0 else ""
            case OrderCanceled():
                return "taken back" if self.pending == "cancel" else "gone"
            case OrderUnknown():
                self.is_doubtful, self.pending = True, ""
            case Reject():
                if not self._refuses_change(answer):
                    return "refused"
                self.pending, self.pause = "", pause
        return ""

    def resize(self, quantity: Decimal, now: int) -> Iterator[ModifyIntent]:
        """Ask for `quantity` to be left, if it is not and the venue can be asked."""
        if quantity == self.left or not self.is_known or self.is_doubtful or self.pending or now < self.pause:
            return
        self.pending, self.aim = "modify", self.filled + quantity
        yield ModifyIntent(self.id, self.name, quantity=self.aim)

    def take_back(self, now: int) -> Iterator[CancelIntent]:
        """Ask for the order back; one of unknown outcome too, since that can do no harm."""
        if self.pending or now < self.pause or not (self.is_known or self.is_doubtful):
            return
        self.pending = "cancel"
        yield CancelIntent(self.id, self.name)

    def _refuses_change(self, answer: Reject) -> bool:
        return answer.reason.startswith(("cancel", "modify")) or (self.is_known and answer.by == "gate")
