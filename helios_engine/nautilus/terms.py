"""Whether an order's terms are such as its instrument takes: form, life, tick, lot, minimums; and why not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from helios_engine.bodies import Instrument, ModifyIntent, OrderIntent

_PRICED = {"LIMIT", "STOP_LIMIT"}
_WOKEN = {"STOP", "STOP_LIMIT"}


def refusal(ts: int, d: Instrument, intent: OrderIntent, price: Decimal | None) -> str | None:
    """Why an order of good form may not stand at `ts`; nothing if it may. `price` is what it would pay, if known."""
    return (
        _life(ts, d)
        or _time(ts, intent)
        or off_grid(d, intent.quantity, intent.price, intent.trigger, intent.offset)
        or _minimum(d, intent.quantity, price)
    )


def refusal_of_change(d: Instrument, order: Any, change: ModifyIntent) -> str | None:
    """Why nautilus' resting `order` may not change so; nothing if it may."""
    if change.price is not None and not order.has_price:
        return "modify: the order has no price"
    if change.trigger is not None and not order.has_trigger_price:
        return "modify: the order has no trigger"
    if change.trigger is not None and getattr(order, "is_triggered", False):
        return "modify: the stop has woken up already"
    quantity = order.quantity.as_decimal() if change.quantity is None else change.quantity
    price = order.price.as_decimal() if order.has_price else None
    trigger = order.trigger_price.as_decimal() if order.has_trigger_price else None
    after = (quantity, change.price or price, change.trigger or trigger)
    if after == (order.quantity.as_decimal(), price, trigger):
        return "modify: nothing would change"
    if quantity <= order.filled_qty.as_decimal():
        return f"modify: quantity {quantity} is not more than the {order.filled_qty} that is filled"
    found = off_grid(d, *after) or _minimum(d, quantity, after[1] or after[2])
    return None if found is None else f"modify: {found}"


def off_grid(
    d: Instrument,
    quantity: Decimal,
    price: Decimal | None,
    trigger: Decimal | None,
    offset: Decimal | None = None,
) -> str | None:
    """Which of the numbers is no positive multiple of the tick or the lot."""
    for name, value, step, unit in (
        ("price", price, d.tick, "tick"),
        ("trigger", trigger, d.tick, "tick"),
        ("offset", offset, d.tick, "tick"),
        ("quantity", quantity, d.lot, "lot"),
    ):
        if value is None:
            continue
        if not value.is_finite() or value <= 0:
            return f"{name} {value} is not positive"
        if value % step:
            return f"{name} {value} is no multiple of the {unit} {step}"
    return None


def _life(ts: int, d: Instrument) -> str | None:
    if d.listed and ts < d.listed:
        return f"{d.instrument} is not listed yet"
    if d.delisted and ts >= d.delisted:
        return f"{d.instrument} is delisted"
    return None


def form(intent: OrderIntent) -> str | None:
    """Whether an order of its type says what it must, and no more."""
    kind = intent.type
    for name, value, wanted in (
        ("price", intent.price, kind in _PRICED),
        ("trigger", intent.trigger, kind in _WOKEN),
        ("offset", intent.offset, kind == "TRAILING_STOP"),
    ):
        if wanted and value is None:
            return f"a {kind} order needs a {name}"
        if not wanted and value is not None and not (name == "trigger" and kind == "TRAILING_STOP"):
            return f"a {kind} order has no {name}"
    if intent.post_only and kind not in _PRICED:
        return f"a {kind} order cannot be post-only"
    if intent.time_in_force in ("IOC", "FOK") and kind not in ("MARKET", "LIMIT"):
        return f"a {kind} order rests, so it cannot be {intent.time_in_force}"
    if intent.post_only and intent.time_in_force in ("IOC", "FOK"):
        return f"a post-only order rests, so it cannot be {intent.time_in_force}"
    if intent.time_in_force == "GTD" and kind == "MARKET":
        return "a MARKET order does not rest, so it cannot be GTD"
    return None


def _time(ts: int, intent: OrderIntent) -> str | None:
    if intent.time_in_force == "GTD":
        if intent.expires <= ts:
            return f"GTD: the order expires at {intent.expires}, which had passed when it arrived"
    elif intent.expires:
        return f"a {intent.time_in_force} order has no time at which it expires"
    return None


def _minimum(d: Instrument, quantity: Decimal, price: Decimal | None) -> str | None:
    if quantity < d.min_quantity:
        return f"quantity {quantity} is below the minimum {d.min_quantity}"
    if d.min_notional and price is not None and quantity * price < d.min_notional:
        return f"value {quantity * price} {d.quote} is below the minimum {d.min_notional}"
    return None
