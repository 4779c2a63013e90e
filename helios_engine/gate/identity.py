"""Has this order been here before: ids pass once, and the same order not twice within a window."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from helios_engine.bodies import OrderIntent
from helios_engine.gate.holdings import Case
from helios_engine.gate.limits import Limits

Shape = tuple[str, str, str, Decimal, Decimal | None, Decimal | None, Decimal | None]


class Identity:
    """Remembers the ids of a run, and what was sent within the window."""

    def __init__(self, limits: Limits) -> None:
        self._window = limits.duplicate_window
        self._ids: set[str] = set()
        self._recent: deque[tuple[int, Shape]] = deque()
        self._last: dict[Shape, int] = {}

    def sent(self, case: Case) -> None:
        """Remember an order that passed."""
        self._ids.add(case.order.id)
        if self._window is not None:
            shape = _shape(case.order)
            self._recent.append((case.ts, shape))
            self._last[shape] = case.ts

    def id(self, case: Case) -> str | None:
        """An id may be used once in a run, also by an order that is over."""
        order = case.order.id
        return f"duplicate_id: {order!r} was used before" if order in self._ids else None

    def repeat(self, case: Case) -> str | None:
        """The same order again within the window, under another id."""
        if self._window is None:
            return None
        while self._recent and case.ts - self._recent[0][0] >= self._window:
            ts, shape = self._recent.popleft()
            if self._last[shape] == ts:
                del self._last[shape]
        before = self._last.get(_shape(case.order))
        if before is None:
            return None
        order, seconds = case.order, self._window / 1e9
        return (
            f"duplicate_window: the same {order.side} of {order.quantity} was sent {(case.ts - before) / 1e9:g} s ago, "
            f"limit {seconds:g} s"
        )


def _shape(order: OrderIntent) -> Shape:
    return order.instrument, order.side, order.type, order.quantity, order.price, order.trigger, order.offset
