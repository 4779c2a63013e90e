"""What nautilus says of an order, in Helios' words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nautilus_trader.model.enums import LiquiditySide, OrderSide
from nautilus_trader.model.events import (
    OrderAccepted as Accepted,
)
from nautilus_trader.model.events import (
    OrderCanceled as Canceled,
)
from nautilus_trader.model.events import (
    OrderCancelRejected,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderModifyRejected,
    OrderRejected,
    OrderUpdated,
)
from nautilus_trader.model.events import (
    OrderTriggered as Triggered,
)

from helios_engine.bodies import Fill, OrderAccepted, OrderCanceled, OrderModified, OrderTriggered, Reject
from helios_engine.events import Body
from helios_engine.nautilus.instruments import name_of


def answer(event: Any, order: Any, reason: str = "canceled") -> Body | None:
    """The body of an order event; nothing for steps of nautilus' own, such as Submitted.

    `order` is nautilus' order after the event; `reason` is why the venue cancels, where it does so by itself.
    """
    name, instrument = event.client_order_id.value, name_of(event.instrument_id)
    match event:
        case OrderFilled():
            return _fill(event, name, instrument)
        case Accepted():
            return OrderAccepted(name, instrument)
        case OrderUpdated():
            return _modified(order, name, instrument)
        case Triggered():
            return OrderTriggered(name, instrument)
        case Canceled():
            return OrderCanceled(name, instrument, reason)
        case OrderExpired():
            return OrderCanceled(name, instrument, "expired")
        case OrderDenied() | OrderRejected():
            return Reject(name, instrument, "venue", event.reason)
        case OrderModifyRejected():
            return Reject(name, instrument, "venue", f"modify: {event.reason}")
        case OrderCancelRejected():
            return Reject(name, instrument, "venue", f"cancel: {event.reason}")
    return None


def _modified(order: Any, name: str, instrument: str) -> OrderModified:
    price = plain(order.price.as_decimal()) if order.has_price else None
    trigger = plain(order.trigger_price.as_decimal()) if order.has_trigger_price else None
    return OrderModified(name, instrument, plain(order.quantity.as_decimal()), price, trigger)


def _fill(event: Any, order: str, instrument: str) -> Fill:
    fee = event.commission
    return Fill(
        id=order,
        fill_id=event.trade_id.value,
        instrument=instrument,
        side="BUY" if event.order_side == OrderSide.BUY else "SELL",
        quantity=plain(event.last_qty.as_decimal()),
        price=plain(event.last_px.as_decimal()),
        fee=plain(fee.as_decimal()),
        fee_currency=str(fee.currency),
        liquidity="MAKER" if event.liquidity_side == LiquiditySide.MAKER else "TAKER",
    )


def plain(value: Decimal) -> Decimal:
    """The same number in one form: no trailing zeros, no exponent, so that equal numbers hash equal bytes."""
    if value == value.to_integral_value():
        return value.quantize(Decimal(1))
    return value.normalize()
