"""The second opinion on form: every fault that an order has in itself."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from helios_engine.bodies import OrderIntent
from tests.gate_model.world import INSTRUMENTS

FIELDS = {
    "MARKET": (set(), set()),
    "LIMIT": ({"price"}, set()),
    "STOP": ({"trigger"}, set()),
    "STOP_LIMIT": ({"price", "trigger"}, set()),
    "TRAILING_STOP": ({"offset"}, {"trigger"}),
}


def faults(ts: int, order: OrderIntent) -> set[str]:
    """Kinds of all faults; where a number is none, what depends on it is left out."""
    found = set()
    d = INSTRUMENTS.get(order.instrument)
    if d is None or (d.listed and ts < d.listed) or (d.delisted and ts >= d.delisted):
        found.add("instrument")
    if order.side not in ("BUY", "SELL") or order.type not in FIELDS or order.id == "":
        return found | {"form"}
    if order.time_in_force not in ("GTC", "IOC", "FOK", "GTD"):
        found.add("form")
    numbers = {n: v for n in ("price", "trigger", "offset") if (v := getattr(order, n)) is not None}
    must, may = FIELDS[order.type]
    if not must <= set(numbers) <= must | may:
        found.add("form")
    if order.post_only and (order.type not in ("LIMIT", "STOP_LIMIT") or order.time_in_force in ("IOC", "FOK")):
        found.add("form")
    sane = {n: Fraction(v) for n, v in {**numbers, "quantity": order.quantity}.items() if is_sane(v)}
    if len(sane) <= len(numbers):
        found.add("form")
    if (order.time_in_force == "GTD") != (order.expires != 0):
        found.add("form")
    if 0 < order.expires <= ts:
        found.add("expired")
    if d is not None:
        if "quantity" in sane and sane["quantity"] % Fraction(d.lot):
            found.add("lot")
        if "quantity" in sane and sane["quantity"] < d.min_quantity:
            found.add("min_quantity")
        if any(v % Fraction(d.tick) for n, v in sane.items() if n != "quantity"):
            found.add("tick")
    return found


def is_sane(value: object) -> bool:
    if not isinstance(value, Decimal) or value.is_nan() or value.is_infinite():
        return False
    return 0 < value < 10**15 and (value.adjusted() > -30) and (Fraction(value) * 10**18).denominator == 1
