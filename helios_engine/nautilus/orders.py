"""Intents as nautilus' orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nautilus_trader.model.enums import OrderSide, TimeInForce, TriggerType
from nautilus_trader.model.identifiers import ClientOrderId

from helios_engine.bodies import OrderIntent
from helios_engine.nautilus.ticks import Ticker

TIME_IN_FORCE = {
    "GTC": TimeInForce.GTC,
    "IOC": TimeInForce.IOC,
    "FOK": TimeInForce.FOK,
    # Expiry is ours, to the nanosecond; nautilus' would be asked only after an event has matched.
    "GTD": TimeInForce.GTC,
}


def make(factory: Any, ticker: Ticker, intent: OrderIntent, *, on_last: bool) -> Any:
    """The order of an intent whose terms were found good; a trailing stop follows the last trade, or the quotes."""
    terms: dict[str, Any] = {
        "instrument_id": ticker.id,
        "order_side": OrderSide.BUY if intent.side == "BUY" else OrderSide.SELL,
        "quantity": ticker.quantity(intent.quantity),
        "time_in_force": TIME_IN_FORCE[intent.time_in_force],
        "reduce_only": intent.reduce_only,
        "client_order_id": ClientOrderId(intent.id),
    }
    price, trigger = _price(ticker, intent.price), _price(ticker, intent.trigger)
    match intent.type:
        case "MARKET":
            return factory.market(**terms)
        case "LIMIT":
            return factory.limit(price=price, post_only=intent.post_only, **terms)
        case "STOP":
            return factory.stop_market(trigger_price=trigger, **terms)
        case "STOP_LIMIT":
            return factory.stop_limit(price=price, trigger_price=trigger, post_only=intent.post_only, **terms)
    return factory.trailing_stop_market(
        trailing_offset=intent.offset,
        trigger_price=trigger,
        trigger_type=TriggerType.LAST_PRICE if on_last else TriggerType.BID_ASK,
        **terms,
    )


def resting_price(order: Any) -> Decimal | None:
    """What a resting order would be filled at, as far as it is known: its price, or where it wakes up."""
    if order.has_price:
        return order.price.as_decimal()  # type: ignore[no-any-return]
    return order.trigger_price.as_decimal() if order.has_trigger_price else None


def is_buy(order: Any) -> bool:
    """Whether the order is a purchase."""
    return bool(order.side == OrderSide.BUY)


def _price(ticker: Ticker, value: Decimal | None) -> Any:
    return None if value is None else ticker.price(value)
