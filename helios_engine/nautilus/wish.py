"""What an order would do to an account, whether it is new or a change of one that rests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from helios_engine.bodies import Instrument, ModifyIntent, OrderIntent
from helios_engine.nautilus.orders import is_buy, resting_price


class Wish(NamedTuple):
    """A quantity still to be filled at about `price`; none if no price is known."""

    id: str
    definition: Instrument
    is_buy: bool
    quantity: Decimal
    price: Decimal | None
    is_reduce_only: bool
    is_taker: bool = False
    """Whether it can be filled as a taker alone."""


def of_order(definition: Instrument, intent: OrderIntent, price: Decimal | None) -> Wish:
    """A new order."""
    is_taker = intent.type == "MARKET" or intent.time_in_force in ("IOC", "FOK")
    return Wish(intent.id, definition, intent.side == "BUY", intent.quantity, price, intent.reduce_only, is_taker)


def of_change(definition: Instrument, order: Any, change: ModifyIntent) -> Wish:
    """What a resting order would be after a change."""
    quantity = order.quantity.as_decimal() if change.quantity is None else change.quantity
    price = change.price or change.trigger or resting_price(order)
    left = quantity - order.filled_qty.as_decimal()
    return Wish(change.id, definition, is_buy(order), left, price, order.is_reduce_only)
