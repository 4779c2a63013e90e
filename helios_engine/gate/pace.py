"""How fast and how many: orders and modifications a second and a minute, and orders that are open."""

from __future__ import annotations

from collections import deque

from helios_engine.gate.holdings import Case
from helios_engine.gate.limits import Limits
from helios_engine.gate.open_orders import OpenOrders
from helios_engine.timeframe import UNITS


class Pace:
    """Counts everything that passed; only new risk is held up by the count."""

    def __init__(self, limits: Limits, orders: OpenOrders) -> None:
        self._orders = orders
        self._most, self._most_here = limits.max_open_orders, limits.max_open_orders_per_instrument
        self._rates = [
            (limits.max_orders_per_second, "second", UNITS["s"]),
            (limits.max_orders_per_minute, "minute", UNITS["m"]),
        ]
        self._sent: deque[int] = deque()

    def sent(self, ts: int) -> None:
        """Count an order or modification that passed."""
        if any(most is not None for most, _, _ in self._rates):
            self._sent.append(ts)
            self._forget(ts)

    def rate(self, case: Case) -> str | None:
        """Orders and modifications within the last second and minute, this moment included."""
        self._forget(case.ts)
        for most, unit, length in self._rates:
            if most is None:
                continue
            count = sum(1 for ts in self._sent if ts > case.ts - length)
            if count >= most:
                return f"max_orders_per_{unit}: {count} in the last {unit}, limit {most}"
        return None

    def open(self, case: Case) -> str | None:
        """Orders that are open, in all and of the order's instrument."""
        if self._most is not None and len(self._orders) >= self._most:
            return f"max_open_orders: {len(self._orders)} are open, limit {self._most}"
        if self._most_here is None:
            return None
        name = case.order.instrument
        here = sum(1 for resting in self._orders if resting.order.instrument == name)
        if here >= self._most_here:
            return f"max_open_orders_per_instrument: {here} of {name} are open, limit {self._most_here}"
        return None

    def _forget(self, ts: int) -> None:
        while self._sent and self._sent[0] <= ts - UNITS["m"]:
            self._sent.popleft()
