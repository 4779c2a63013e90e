"""The second opinion itself: every rule that an order breaks, all of them and not the first."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from helios_engine.bodies import Control, DataIssue, Health, ModifyIntent, OrderIntent, VenueStatus
from tests.gate_model import form
from tests.gate_model.world import HOUR, INSTRUMENTS, LOT, SECOND, Books, Open, extremes, lots

UNITS = {"ms": SECOND // 1000, "s": SECOND, "m": 60 * SECOND, "h": HOUR}


def length(text: str) -> int:
    unit = text.lstrip("0123456789")
    return int(text.removesuffix(unit)) * UNITS[unit]


class Opinion:
    """Knows what was heard, and says which rules an order breaks."""

    def __init__(self, limits: dict[str, Any], books: Books) -> None:
        self.limits, self.books = limits, books
        self.ids: set[str] = set()
        self.sent: list[int] = []
        self.shapes: list[tuple[int, tuple[Any, ...]]] = []
        self.unknown: dict[str, str] = {}
        self.touch: dict[str, tuple[Fraction, Fraction]] = {}
        self.seen: dict[str, int] = {}
        self.health: dict[tuple[str, str], float] = {}
        self.status: dict[str, str] = {}
        self.issues: list[tuple[int, DataIssue]] = []
        self.held: dict[str, str] = {}
        self.killed: set[str] = set()
        self.day = -1
        self.dawn = self.peak = Fraction(0)

    def hear(self, ts: int, body: Control | Health | VenueStatus | DataIssue) -> None:
        match body:
            case Health():
                self.health[body.subject, body.kind] = body.value
            case VenueStatus():
                self.status[body.venue] = body.status
            case DataIssue():
                self.issues.append((ts, body))
            case Control("kill", scope):
                self.killed.add(scope if scope in INSTRUMENTS else "")
            case Control("pause" | "reduce_only" | "flatten", scope):
                self.held[scope if scope in INSTRUMENTS else ""] = body.name
            case Control("resume", scope) if scope in ("", "all", "*"):
                self.held = {}
            case Control("resume", scope):
                self.held.pop(scope or "-", None)

    def marked(self, ts: int) -> None:
        equity = self.books.equity()
        if equity is not None:
            if ts // (24 * HOUR) != self.day:
                self.day, self.dawn = ts // (24 * HOUR), equity
            self.peak = max(self.peak, equity)

    def of_order(self, ts: int, order: OrderIntent) -> set[str]:
        found = form.faults(ts, order)
        if self.killed & {"", order.instrument}:
            found.add("kill")
        if order.id in self.ids:
            found.add("duplicate_id")
        if found & {"form", "instrument", "lot"}:
            return found  # the rest needs numbers
        shape, window = shape_of(order), self.limits.get("duplicate_window")
        if window and any(s == shape and ts - t < length(window) for t, s in self.shapes):
            found.add("duplicate_window")
        found |= self.of_any(ts, order, lots(order.quantity), new=True)
        return found

    def of_change(self, ts: int, change: ModifyIntent) -> set[str]:
        resting = self.books.open.pop(change.id, None)
        if resting is None:
            return {"form"}
        try:
            return self.of_terms(ts, resting, change)
        finally:
            self.books.open[change.id] = resting

    def of_terms(self, ts: int, resting: Open, change: ModifyIntent) -> set[str]:
        terms = [resting.order, *resting.asked]
        after = changed(terms[-1], change)
        found = form.faults(ts, after)
        if self.killed & {"", after.instrument}:
            found.add("kill")
        if change.instrument != after.instrument:
            found.add("form")
        if found & {"form", "instrument", "lot"}:
            return found
        left = lots(after.quantity) - resting.filled
        if left <= 0:
            return found | {"form"}
        quantity_alone = change.quantity is not None and change.price is None and change.trigger is None
        if quantity_alone and all(after.quantity <= t.quantity for t in terms):
            return found | self.of_price(after) & {"min_notional", "no_price"}
        return found | self.of_any(ts, after, left, new=False)

    def of_any(self, ts: int, order: OrderIntent, left: int, new: bool) -> set[str]:
        found = self.of_price(order)
        held = self.books.held(order.instrument)
        low, high = self.reach(order, left)
        sells = order.side == "SELL"
        reduces = (held > 0 and sells and low >= 0) or (held < 0 and not sells and high <= 0)
        if order.reduce_only and not self.limits.get("sum_reduce_only"):
            reduces = (held > 0) == sells and held != 0 and left <= abs(held)
        if order.reduce_only and not reduces:
            found.add("reduce_only")
        if sells and not reduces and not self.limits.get("allow_spot_short"):
            found |= {"short_sale"} if INSTRUMENTS[order.instrument].contract == "spot" else set()
        if not reduces and "no_price" not in found:
            found |= self.of_trouble(ts, order.instrument) | self.of_pace(ts, order.instrument, new)
            found |= self.of_collar(order, both=True) | self.of_size(order, left, high if not sells else -low)
            found |= self.of_losses(ts)
        return found

    def reach(self, order: OrderIntent, left: int) -> tuple[Fraction, Fraction]:
        def asset(name: str) -> str:
            d = INSTRUMENTS[name]
            return d.base if d.contract == "spot" else name

        mine = asset(order.instrument)
        others = [(o.order, o.left) for o in self.books.open.values() if asset(o.order.instrument) == mine]
        legs = [(o.side, count, o.reduce_only) for o, count in [*others, (order, left)]]
        return extremes(self.books.held(order.instrument), legs, bool(self.limits.get("sum_reduce_only")))

    def of_price(self, order: OrderIntent) -> set[str]:
        if order.instrument not in self.books.price:
            return {"no_price"}
        own = order.price or order.trigger
        value = Fraction(order.quantity) * (self.books.price[order.instrument] if own is None else Fraction(own))
        found = {"min_notional"} if value < INSTRUMENTS[order.instrument].min_notional else set()
        return found | self.of_collar(order, both=False)

    def of_collar(self, order: OrderIntent, both: bool) -> set[str]:
        collar = self.limits.get("price_collar")
        if collar is None:
            return set()
        width, sign = Fraction(str(collar)), 1 if order.side == "BUY" else -1
        last, touch = self.books.price[order.instrument], self.touch.get(order.instrument)
        market = [last] if touch is None else [last, touch[1] if order.side == "BUY" else touch[0]]
        pairs = []
        if order.price is not None:
            pairs += [(Fraction(order.price), m) for m in ([Fraction(order.trigger)] if order.trigger else market)]
        if both and order.type == "TRAILING_STOP" and order.trigger is None and order.offset is not None:
            pairs += [(last + sign * Fraction(order.offset), m) for m in market]
        if both and order.trigger is not None:
            pairs += [(Fraction(order.trigger), m) for m in market]
        if both and order.type == "MARKET":
            pairs += [(m, last) for m in market]
        for price, reference in pairs:
            away = price / reference - 1
            if (abs(away) if both else sign * away) > width:
                return {"price_collar"}
        return set()

    def of_size(self, order: OrderIntent, left: int, furthest: Fraction) -> set[str]:
        found, limits, name = set(), self.limits, order.instrument
        last, rate = self.books.price[name], self.books.rate(INSTRUMENTS[name].quote)
        prices = [last] + [Fraction(p) for p in (order.price, order.trigger) if p is not None]
        if order.type == "TRAILING_STOP" and order.side == "BUY" and order.trigger is None:
            prices.append(last + Fraction(order.offset or 0))
        worst = Fraction(order.price) if order.price is not None and order.side == "BUY" else max(prices)
        unit = None if rate is None else rate * LOT
        for key, amount in (("max_notional", left * worst), ("max_position", abs(furthest) * last)):
            if limits.get(key) is not None and (unit is None or amount * unit > Fraction(limits[key])):
                found.add(key)
        return found | self.of_exposure(order, left)

    def of_exposure(self, order: OrderIntent, left: int) -> set[str]:
        most, times = self.limits.get("max_exposure"), self.limits.get("max_leverage")
        total: Fraction | None = Fraction(0)
        for name in INSTRUMENTS:
            legs = [(o.order.side, o.left, o.order.reduce_only) for o in self.books.open.values()]
            names = [o.order.instrument for o in self.books.open.values()]
            here = [leg for leg, n in zip(legs, names, strict=True) if n == name]
            here += [(order.side, left, order.reduce_only)] if name == order.instrument else []
            position = Fraction(self.books.position[name])
            low, high = extremes(position, here, bool(self.limits.get("sum_reduce_only")))
            if here or position:
                value = self.books.value(name, 1)
                total = None if total is None or value is None else total + max(-low, high) * value
        found = set()
        if most is not None and (total is None or total > Fraction(most)):
            found.add("max_exposure")
        equity = self.books.equity()
        if times is not None and (total is None or equity is None or total > Fraction(str(times)) * equity):
            found.add("max_leverage")
        return found

    def of_losses(self, ts: int) -> set[str]:
        found, equity = set(), self.books.equity()
        for key, since in (("max_daily_loss", self.dawn), ("max_drawdown", self.peak)):
            limit = self.limits.get(key)
            if limit is not None:
                loss = 1 - equity / since if equity is not None and since > 0 else Fraction(1)
                found |= {key} if equity is None or loss > Fraction(str(limit)) else set()
        return found

    def of_pace(self, ts: int, name: str, new: bool) -> set[str]:
        found = set()
        for key, span in (("max_orders_per_second", SECOND), ("max_orders_per_minute", 60 * SECOND)):
            if self.limits.get(key) is not None and len([t for t in self.sent if t > ts - span]) >= self.limits[key]:
                found.add(key)
        open_orders = [o.order.instrument for o in self.books.open.values()]
        counts = {"max_open_orders": len(open_orders), "max_open_orders_per_instrument": open_orders.count(name)}
        if new:
            found |= {k for k, n in counts.items() if self.limits.get(k) is not None and n >= self.limits[k]}
        return found

    def of_trouble(self, ts: int, name: str) -> set[str]:
        venues = {n.split(".")[1] for n in INSTRUMENTS}

        def mine(subject: str) -> bool:
            return subject in (name, name.split(".")[1]) or subject not in venues | set(INSTRUMENTS)

        found = set()
        if set(self.held) & {"", name}:
            found.add("pause")
        if name in self.unknown.values():
            found.add("unknown_outcome")
        if any(mine(venue) and status.upper() != "ONLINE" for venue, status in self.status.items()):
            found.add("venue_status")
        if any(mine(subject) and self.is_bad(kind, value) for (subject, kind), value in self.health.items()):
            found.add("health")
        if "quarantine" in self.limits:
            hold = length(self.limits["quarantine"])
            serious = [(t, i) for t, i in self.issues if i.severity == "error" or i.state == "quarantined"]
            if any(i.instrument in ("", name) and ts < max(t, i.ts_to) + hold for t, i in serious):
                found.add("quarantine")
        age = self.limits.get("max_data_age")
        if age is not None and (name not in self.seen or ts - self.seen[name] > length(age)):
            found.add("max_data_age")
        return found

    def is_bad(self, kind: str, value: float) -> bool:
        if kind == "link":
            return math.isnan(value) or value < 1
        limit = self.limits.get(f"max_{kind}")
        if limit is None:
            return False
        return math.isnan(value) or abs(value) > (limit if isinstance(limit, int) else length(limit) / SECOND)


def shape_of(order: OrderIntent) -> tuple[Any, ...]:
    return order.instrument, order.side, order.quantity, order.type, order.price, order.trigger, order.offset


def changed(order: OrderIntent, change: ModifyIntent) -> OrderIntent:
    fields: dict[str, Decimal] = {}
    for name in ("quantity", "price", "trigger"):
        value = getattr(change, name)
        if value is not None:
            fields[name] = value
    return msgspec.structs.replace(order, **fields)
