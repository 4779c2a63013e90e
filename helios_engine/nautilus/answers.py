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

from helios_engine.bodies import Fill, OrderAccepted, OrderCanceled, Reject
from helios_engine.events import Body


def answer(event: Any) -> Body | None:
    """The body of an order event; nothing for steps of nautilus' own, such as Submitted."""
    order, instrument = event.client_order_id.value, str(event.instrument_id)
    match event:
        case OrderFilled():
            return _fill(event, order, instrument)
        case Accepted() | OrderUpdated():
            return OrderAccepted(order, instrument)
        case Canceled():
            return OrderCanceled(order, instrument, "canceled")
        case OrderExpired():
            return OrderCanceled(order, instrument, "expired")
        case OrderDenied() | OrderRejected():
            return Reject(order, instrument, "venue", event.reason)
        case OrderModifyRejected():
            return Reject(order, instrument, "venue", f"modify: {event.reason}")
        case OrderCancelRejected():
            return Reject(order, instrument, "venue", f"cancel: {event.reason}")
    return None


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
