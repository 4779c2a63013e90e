"""What is held, and how far it could go if everything that rests were filled in the worst order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NamedTuple

from helios_engine.bodies import Instrument, OrderIntent
from helios_engine.gate.limits import Limits
from helios_engine.gate.open_orders import ZERO, OpenOrders
from helios_engine.ledger import Ledger


class Case(NamedTuple):
    """An order to be judged: when, its terms, and how much of it is left to be done."""

    ts: int
    order: OrderIntent
    left: Decimal


class Reach(NamedTuple):
    """The lowest and the highest that a holding can come to."""

    low: Decimal
    high: Decimal


class Holdings:
    """Positions as the gate sees them.

    Of a spot instrument we hold what the account owns of its base currency: positions in every market of that
    currency, and its cash. Of a perpetual we hold its contracts. Orders of the same holding count together.
    """

    def __init__(self, limits: Limits, ledger: Ledger, orders: OpenOrders) -> None:
        self._ledger, self._orders = ledger, orders
        self._sums = limits.sum_reduce_only

    def held(self, instrument: str) -> Decimal:
        """Signed quantity of the instrument's holding."""
        definition = self._ledger.instruments[instrument]
        if definition.contract != "spot":
            return self._ledger.held(instrument)
        markets = [name for name in self._ledger.positions if self._asset(name) == definition.base]
        return sum(map(self._ledger.held, markets), self._ledger.cash.get(definition.base, ZERO))

    def reach(self, case: Case) -> Reach:
        """How far the order's holding could go with it and with all that rests."""
        asset = self._asset(case.order.instrument)
        return self._reach(self.held(case.order.instrument), case, lambda name: self._asset(name) == asset)

    def reduces(self, case: Case) -> bool:
        """Whether the order can only take away from the holding, whatever else is filled."""
        held = self.held(case.order.instrument)
        if held == 0 or (held > 0) == (case.order.side == "BUY"):
            return False
        if case.order.reduce_only and not self._sums:
            return case.left <= abs(held)
        reach = self.reach(case)
        return reach.low >= 0 if held > 0 else reach.high <= 0

    def exposure(self, case: Case) -> Decimal | None:
        """Largest value of all positions together, in the report currency; nothing while a price is unknown."""
        names = {n for n, p in self._ledger.positions.items() if p.quantity} | {case.order.instrument}
        names.update(resting.order.instrument for resting in self._orders)
        total = ZERO
        for name in sorted(names):
            reach = self._reach(self._ledger.held(name), case, name.__eq__)
            worth = self._ledger.worth(name, max(abs(reach.low), abs(reach.high)))
            if worth is None:
                return None
            total += worth
        return total

    def _reach(self, held: Decimal, case: Case, counts: Callable[[str], bool]) -> Reach:
        open_orders = [(resting.order, resting.left) for resting in self._orders]
        lots = [(o, left) for o, left in (*open_orders, (case.order, case.left)) if counts(o.instrument)]
        buys, sells = _total(lots, "BUY", False), _total(lots, "SELL", False)
        out_of_short, out_of_long = _total(lots, "BUY", True), _total(lots, "SELL", True)
        if self._sums:
            return Reach(held - sells - out_of_long, held + buys + out_of_short)
        # The venue holds reduce-only orders to the position, so together they come to 0 at most.
        low = max(held - out_of_long, ZERO) if held > 0 else held
        high = min(held + out_of_short, ZERO) if held < 0 else held
        return Reach(low - sells, high + buys)

    def _asset(self, instrument: str) -> str:
        definition = self._ledger.instruments.get(instrument)
        return instrument if definition is None else _asset(definition)


def _asset(definition: Instrument) -> str:
    return definition.base if definition.contract == "spot" else definition.instrument


def _total(lots: Iterable[tuple[OrderIntent, Decimal]], side: str, reduce_only: bool) -> Decimal:
    return sum((left for order, left in lots if (order.side, order.reduce_only) == (side, reduce_only)), ZERO)
