"""Our limit orders, filled by a model of ours: it says how much, nautilus books it.

Each fill goes through nautilus' own `fill_order`, so that fee, order, account and position follow from it as from any
other, and so do our answers and our ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nautilus_trader.model.enums import LiquiditySide, OrderSide, OrderType, TimeInForce
from nautilus_trader.model.objects import Price, Quantity

from helios_engine.bodies.orders import Side
from helios_engine.nautilus.models.execution import RAW, Held, as_units
from helios_engine.nautilus.models.tape import Deal, FillModel, Resting

_LIMITS = (OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP_LIMIT)


class Working:
    """The limit orders of one instrument that rest at the venue, as of the last `look`."""

    def __init__(self, engine: Any, fills: FillModel) -> None:
        self._engine, self._fills = engine, fills
        self._orders: list[Any] = []
        self._resting: list[Resting] = []
        self._taking: set[str] = set()

    def look(self, is_open: Mapping[str, Any]) -> None:
        """Take in which orders rest, in the order of their acceptance; the best price comes first."""
        if not is_open and not self._orders:
            return
        found = [(_rest(order), order) for order in is_open.values() if _is_limit(order)]
        found.sort(key=lambda pair: _best_first(pair[0]))
        self._resting, self._orders = [resting for resting, _ in found], [order for _, order in found]
        self._taking &= is_open.keys()
        self._fills.rest(self._resting)

    def fill(self, deal: Deal) -> None:
        """Give the resting orders what they get of a deal.

        An order that met the market on arrival and was bound by the volume pays the deals' prices, as a taker, until
        one is made beyond its limit; any other gets its own price, as a maker.
        """
        shares = self._fills.deal(deal, self._resting)
        for order, resting, units in zip(self._orders, self._resting, shares, strict=True):
            is_taking = resting.id in self._taking
            if is_taking and _has_left(resting, deal):
                self._taking.discard(resting.id)
            if units and not order.is_closed:
                self._book(order, deal.price if is_taking else resting.price, units, is_taking)

    def arrive(self, held: list[Held]) -> None:
        """Fill orders that met the market on arrival as far as the model lets them.

        What is left of an IOC order is canceled, a FOK order nautilus has canceled already.
        """
        for order, price in held:
            units = 0 if order.is_closed else self._fills.taken(as_units(order.leaves_qty))
            if units:
                self._book(order, as_units(price), units, True)
            if order.is_closed:
                continue
            if order.time_in_force == TimeInForce.IOC:
                self._engine.cancel_order(order)
            else:
                self._taking.add(order.client_order_id.value)

    def _book(self, order: Any, price: int, quantity: int, is_taker: bool) -> None:
        self._engine.fill_order(
            order,
            Price.from_raw(price // RAW, self._engine.instrument.price_precision),
            Quantity.from_raw(quantity // RAW, self._engine.instrument.size_precision),
            LiquiditySide.TAKER if is_taker else LiquiditySide.MAKER,
        )


def _is_limit(order: Any) -> bool:
    """Whether an order can be filled at its limit now: a stop that has not woken up rests on its trigger."""
    return order.order_type in _LIMITS and (order.order_type == OrderType.LIMIT or order.is_triggered)


def _has_left(resting: Resting, deal: Deal) -> bool:
    return deal.price > resting.price if resting.side == "BUY" else deal.price < resting.price


def _rest(order: Any) -> Resting:
    side: Side = "BUY" if order.side == OrderSide.BUY else "SELL"
    return Resting(order.client_order_id.value, side, as_units(order.price), as_units(order.leaves_qty))


def _best_first(resting: Resting) -> int:
    return -resting.price if resting.side == "BUY" else resting.price
