"""How fast and how many: orders and modifications a second and a minute, and orders that are open."""

from __future__ import annotations

from collections import deque

from helios_engine.gate.holdings import Case
from helios_engine.gate.limits import Limits
from helios_engine.gate.open_orders import OpenOrders
from helios_engine.timeframe import UNITS


class Window:
    """Times of what passed within a length of time (ns); at most `most` may."""

    def __init__(self, most: int, unit: str, length: int) -> None:
        self.most, self.unit = most, unit
        self._length = length
        self._times: deque[int] = deque()

    def add(self, ts: int) -> None:
        """Count one at `ts`."""
        self.count(ts)
        self._times.append(ts)

    def count(self, ts: int) -> int:
        """How many there were in the time up to `ts`; what was exactly one length ago is over."""
        while self._times and self._times[0] <= ts - self._length:
            self._times.popleft()
        return len(self._times)


class Pace:
    """Counts everything that passed; only new risk is held up by the count."""

    def __init__(self, limits: Limits, orders: OpenOrders) -> None:
        self._orders = orders
        self._most, self._most_here = limits.max_open_orders, limits.max_open_orders_per_instrument
        rates = ((limits.max_orders_per_second, "second", "s"), (limits.max_orders_per_minute, "minute", "m"))
        self._windows = [Window(most, word, UNITS[unit]) for most, word, unit in rates if most is not None]

    def sent(self, ts: int) -> None:
        """Count an order or modification that passed."""
        for window in self._windows:
            window.add(ts)

    def rate(self, case: Case) -> str | None:
        """Orders and modifications within the last second and minute, this moment included."""
        for window in self._windows:
            count = window.count(case.ts)
            if count >= window.most:
                unit = window.unit
                return f"max_orders_per_{unit}: {count} in the last {unit}, limit {window.most}"
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
