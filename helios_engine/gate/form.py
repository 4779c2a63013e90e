"""Is it an order at all: its fields fit its type, its numbers are numbers, and the instrument takes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from typing import get_args

from helios_engine.bodies import Instrument
from helios_engine.bodies.orders import OrderType, Side
from helios_engine.gate.holdings import Case
from helios_engine.timeframe import iso

LARGEST, DECIMALS = Decimal(10) ** 15, 18
"""Quantities and prices are under the one and have no more than the other: beyond lies a mistake."""
_WIDE = Context(prec=64)  # holds every quotient of two such numbers
_NEEDS = {
    "MARKET": (),
    "LIMIT": ("price",),
    "STOP": ("trigger",),
    "STOP_LIMIT": ("price", "trigger"),
    "TRAILING_STOP": ("offset",),
}
_MAY = {"TRAILING_STOP": ("trigger",)}
_PRICES = ("price", "trigger", "offset")
_TIMES_IN_FORCE = ("GTC", "IOC", "FOK", "GTD")


class Form:
    """Checks an order against its type and the definition of its instrument that is in force."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self._instruments = instruments
        self.rules: tuple[Callable[[Case], str | None], ...] = (
            self._instrument,
            self._words,
            self._numbers,
            self._expiry,
            self._steps,
        )

    def _instrument(self, case: Case) -> str | None:
        name, ts = case.order.instrument, case.ts
        definition = self._instruments.get(name)
        if definition is None:
            return f"instrument: {name!r} is not known"
        if definition.listed and ts < definition.listed:
            return f"instrument: {name} is listed at {iso(definition.listed)}, now is {iso(ts)}"
        if definition.delisted and ts >= definition.delisted:
            return f"instrument: {name} was delisted at {iso(definition.delisted)}, now is {iso(ts)}"
        return None

    def _words(self, case: Case) -> str | None:
        order = case.order
        for word, known in (
            (order.side, get_args(Side)),
            (order.type, get_args(OrderType)),
            (order.time_in_force, _TIMES_IN_FORCE),
        ):
            if word not in known:
                return f"form: {word!r} is none of {', '.join(known)}"
        if not order.id:
            return "form: the order has no id"
        needs = _NEEDS[order.type]
        for name in _PRICES:
            given = getattr(order, name) is not None
            if given != (name in needs) and not (given and name in _MAY.get(order.type, ())):
                wish = "needs" if name in needs else "takes no"
                return f"form: a {order.type} order {wish} {name}, found {getattr(order, name)}"
        if order.post_only and (order.type not in ("LIMIT", "STOP_LIMIT") or order.time_in_force in ("IOC", "FOK")):
            return f"form: a {order.type} order, {order.time_in_force}, cannot be post_only"
        return None

    def _numbers(self, case: Case) -> str | None:
        for name in ("quantity", *_PRICES):
            value = getattr(case.order, name)
            if value is None and name != "quantity":
                continue
            if not isinstance(value, Decimal):
                return f"form: {name} {value!r} is {type(value).__name__}, expected Decimal"
            if not value.is_finite() or value <= 0:
                return f"form: {name} {value} is not positive"
            exponent = value.as_tuple().exponent
            if value >= LARGEST or (isinstance(exponent, int) and exponent < -DECIMALS):
                return f"form: {name} {value} is not under {LARGEST:.0E} with at most {DECIMALS} decimals"
        return None

    def _expiry(self, case: Case) -> str | None:
        order = case.order
        if (order.time_in_force == "GTD") != bool(order.expires):
            return f"form: a {order.time_in_force} order with expires {order.expires}"
        if order.expires and order.expires <= case.ts:
            return f"expired: at {order.expires}, now is {case.ts}"
        return None

    def _steps(self, case: Case) -> str | None:
        order, definition = case.order, self._instruments[case.order.instrument]
        if _WIDE.remainder(order.quantity, definition.lot):
            return f"lot: quantity {order.quantity} is not a multiple of the lot {definition.lot}"
        if order.quantity < definition.min_quantity:
            return f"min_quantity: {order.quantity} is under the minimum {definition.min_quantity}"
        for name in _PRICES:
            value = getattr(order, name)
            if value is not None and _WIDE.remainder(value, definition.tick):
                return f"tick: {name} {value} is not a multiple of the tick {definition.tick}"
        return None
