"""An exchange for state machines: it takes the intents of a stage, and the machine says what becomes of them."""

from __future__ import annotations

from decimal import Decimal

from helios_engine.bodies import (
    Account,
    CancelIntent,
    Fill,
    ModifyIntent,
    OrderAccepted,
    OrderCanceled,
    OrderIntent,
    OrderModified,
    Position,
    Reject,
)
from helios_engine.events import Body

ZERO = Decimal(0)


class Ordered:
    """An order at the exchange: sent, then resting, then over."""

    def __init__(self, intent: OrderIntent) -> None:
        self.intent, self.left, self.quantity = intent, intent.quantity, intent.quantity
        self.is_resting = False
        self.sign = 1 if intent.side == "BUY" else -1


class Exchange:
    """Keeps live orders, commands on their way, and the position; answers in the engine's order."""

    def __init__(self, price: Decimal = Decimal(1000), has_account: bool = False) -> None:
        self.has_account = has_account
        self.live: dict[str, Ordered] = {}
        self.changes: list[CancelIntent | ModifyIntent] = []
        self.held, self.price, self.fills = ZERO, price, 0

    def account(self) -> list[Body]:
        """The account after a fill, with cash for everything; none where a price that it needs is unknown."""
        return [Account("ZAR", Decimal(10**9) + self.fills, Decimal(10**9), ZERO)] if self.has_account else []

    def take(self, intents: list[Body]) -> None:
        """Take what a stage sent."""
        for intent in intents:
            if isinstance(intent, OrderIntent):
                assert intent.id not in self.live
                self.live[intent.id] = Ordered(intent)
            elif isinstance(intent, CancelIntent | ModifyIntent):
                self.changes.append(intent)

    def accept(self, order: str) -> list[Body]:
        """The order arrives and rests."""
        self.live[order].is_resting = True
        return [OrderAccepted(order, self.live[order].intent.instrument)]

    def reject(self, order: str, by: str, reason: str) -> list[Body]:
        """Somebody says no to an order that has not arrived."""
        gone = self.live.pop(order)
        return [Reject(order, gone.intent.instrument, by, reason)]  # type: ignore[arg-type]

    def cancel(self, order: str, reason: str) -> list[Body]:
        """The order ends at the exchange."""
        gone = self.live.pop(order)
        return [OrderCanceled(order, gone.intent.instrument, reason)]

    def fill(self, order: str, quantity: Decimal) -> list[Body]:
        """A part of an order is done; a reduce-only order never does more than close the position."""
        found = self.live[order]
        if found.intent.reduce_only:
            most = max(ZERO, -found.sign * self.held)
            if most == 0:
                return self.cancel(order, "reduce-only: nothing to reduce")
            quantity = min(quantity, most)
        quantity = min(quantity, found.left)
        found.left -= quantity
        found.is_resting = True
        self.held += found.sign * quantity
        self.fills += 1
        if not found.left:
            del self.live[order]
        name, price = found.intent.instrument, found.intent.price or self.price
        fill = Fill(order, str(self.fills), name, found.intent.side, quantity, price, ZERO, "ZAR", "TAKER")
        return [fill, Position(name, self.held, self.price, ZERO), *self.account()]

    def change(self, *, is_refused: bool = False) -> list[Body]:
        """The oldest cancel or modification arrives."""
        change = self.changes.pop(0)
        verb = "cancel" if isinstance(change, CancelIntent) else "modify"
        order = self.live.get(change.id)
        if order is None or is_refused:
            return [Reject(change.id, change.instrument, "venue", f"{verb}: no")]
        if isinstance(change, CancelIntent):
            return self.cancel(change.id, "asked")
        assert change.quantity is not None
        order.left += change.quantity - order.quantity
        order.quantity = change.quantity
        if order.left <= 0:
            return self.cancel(change.id, "modified below what is filled")
        return [OrderModified(change.id, change.instrument, change.quantity)]
