"""Orders that passed and are not known to be over, with every term that may be in force at the venue."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from helios_engine.bodies import (
    Fill,
    ModifyIntent,
    OrderAccepted,
    OrderCanceled,
    OrderIntent,
    OrderModified,
    OrderTriggered,
    OrderUnknown,
    Reject,
)
from helios_engine.events import Body

ZERO = Decimal(0)


class Resting:
    """One open order: its terms, changes that the venue has not answered yet, and how much is done."""

    __slots__ = ("asked", "filled", "order")

    def __init__(self, order: OrderIntent) -> None:
        self.order = order
        self.asked: list[OrderIntent] = []
        self.filled = ZERO

    @property
    def left(self) -> Decimal:
        """What may still be done: while a change is under way, of the largest quantity that may be in force."""
        return max(terms.quantity for terms in (self.order, *self.asked)) - self.filled

    def changed(self, change: ModifyIntent) -> OrderIntent:
        """The order that a change would leave."""
        return _with(self.asked[-1] if self.asked else self.order, change)

    def shrinks(self, change: ModifyIntent) -> bool:
        """Whether a change only takes away from the quantity."""
        smallest = min(terms.quantity for terms in (self.order, *self.asked))
        return change.quantity is not None and change.quantity <= smallest and change.price is change.trigger is None

    def triggered(self) -> None:
        """A stop-limit order is a limit order from now on."""
        self.order = _awake(self.order)
        self.asked = [_awake(terms) for terms in self.asked]

    def modified(self, answer: OrderModified) -> None:
        """Take in the terms that are in force, and forget what was asked up to them."""
        self.order = _with(self.order, answer)
        if self.order.type == "LIMIT":
            self.order = _awake(self.order)  # the venue still names the trigger that woke it up
        for place, terms in enumerate(self.asked):
            # A trailing stop moves its trigger by itself, so that it need not be the one that was asked for.
            follows = self.order.type == "TRAILING_STOP"
            same_place = terms.price == self.order.price and (follows or terms.trigger == self.order.trigger)
            if same_place and terms.quantity == self.order.quantity:
                del self.asked[: place + 1]
                return


class OpenOrders:
    """Open orders by id, and the ids of unknown outcome with their instruments."""

    def __init__(self) -> None:
        self._resting: dict[str, Resting] = {}
        self.unknown: dict[str, str] = {}

    def __iter__(self) -> Iterator[Resting]:
        return iter(self._resting.values())

    def __len__(self) -> int:
        return len(self._resting)

    def add(self, resting: Resting) -> None:
        """Count an order from now on."""
        self._resting[resting.order.id] = resting

    def take(self, order: str) -> Resting | None:
        """Stop counting an order and return it."""
        return self._resting.pop(order, None)

    def get(self, order: str) -> Resting | None:
        """The open order with this id."""
        return self._resting.get(order)

    def hear(self, answer: Body) -> None:
        """Learn from a venue's answer what became of an order."""
        match answer:
            case OrderUnknown():
                self.unknown[answer.id] = answer.instrument
            case Fill() | OrderModified() | Reject() | OrderAccepted() | OrderTriggered():
                self.unknown.pop(answer.id, None)
                resting = self._resting.get(answer.id)
                if resting is not None:
                    self._update(resting, answer)
            case OrderCanceled():
                self.unknown.pop(answer.id, None)
                self._resting.pop(answer.id, None)

    def _update(self, resting: Resting, answer: Body) -> None:
        match answer:
            case Fill():
                resting.filled += answer.quantity
            case OrderModified():
                resting.modified(answer)
            case OrderTriggered():
                resting.triggered()
            case Reject() if answer.reason.startswith("modify"):
                del resting.asked[:1]  # the order itself rests on
            case Reject() if not answer.reason.startswith("cancel"):
                del self._resting[answer.id]
                return
        if resting.left <= 0:
            del self._resting[resting.order.id]


def _with(order: OrderIntent, terms: ModifyIntent | OrderModified) -> OrderIntent:
    """The order with what is named in `terms`."""
    named = {key: getattr(terms, key) for key in ("quantity", "price", "trigger")}
    return msgspec.structs.replace(order, **{key: value for key, value in named.items() if value is not None})


def _awake(order: OrderIntent) -> OrderIntent:
    return msgspec.structs.replace(order, type="LIMIT", trigger=None)
