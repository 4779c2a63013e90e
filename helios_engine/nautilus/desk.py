"""Commands that have arrived: judged, and handed to nautilus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from helios_engine.bodies import CancelIntent, ModifyIntent, OrderIntent, OrderModified
from helios_engine.events import Body
from helios_engine.nautilus import orders, reducing, terms, wish
from helios_engine.nautilus.answers import plain
from helios_engine.nautilus.assembly import Assembly
from helios_engine.nautilus.flight import Command
from helios_engine.nautilus.market import Market


class Judge(Protocol):
    """Says whether the account can carry an order."""

    def refusal(self, wish: wish.Wish) -> str | None:
        """Why not, or nothing."""
        ...


class Desk:
    """Submits, changes and cancels; what it refuses never reaches nautilus."""

    def __init__(self, assembly: Assembly, judge: Judge, tell: Callable[[Body], None]) -> None:
        self._judge, self._tell, self._seat = judge, tell, assembly.desk
        self._known: set[str] = set()
        """Ids of every order that nautilus was given: those that are closed it has forgotten."""

    def take(self, ts: int, market: Market, command: Command) -> str | None:
        """Let a command take effect at `ts`; the reason if it may not."""
        if isinstance(command, OrderIntent):
            known = command.id in self._known
            return f"an order {command.id!r} was sent before" if known else self._submit(ts, market, command)
        order = market.open.get(command.id)
        if order is None:
            return f"{'cancel' if isinstance(command, CancelIntent) else 'modify'}: no open order {command.id!r}"
        if isinstance(command, ModifyIntent):
            return self._modify(market, order, command)
        self._seat.cancel_order(order)
        return None

    def _submit(self, ts: int, market: Market, intent: OrderIntent) -> str | None:
        refused = terms.form(intent) or market.simulation.refusal(intent)
        if refused is not None:
            return refused
        quantity = reducing.cut(market, intent)
        if not quantity and intent.quantity > 0:
            return "REDUCE_ONLY: there is no position to reduce"
        price = market.expected(intent)
        refused = terms.refusal(ts, market.definition, intent, price)
        refused = refused or self._judge.refusal(wish.of_order(market.definition, intent, price))
        if refused is None and intent.type == "TRAILING_STOP" and not market.can_trail():
            refused = f"no market for {intent.instrument}"
        if refused is not None:
            return refused
        if quantity != intent.quantity:
            intent = msgspec.structs.replace(intent, quantity=quantity)
            self._tell(OrderModified(intent.id, intent.instrument, plain(quantity), intent.price, intent.trigger))
        self._known.add(intent.id)
        order = orders.make(self._seat.order_factory, market.ticker, intent, on_last=market.sight.last is not None)
        self._seat.submit_order(order)
        if order.is_open and intent.type == "MARKET":
            market.cancel(order, "no more volume in the book")
        if order.is_open and intent.expires:
            market.expiries[intent.id] = intent.expires
        return None

    def _modify(self, market: Market, order: Any, change: ModifyIntent) -> str | None:
        refused = terms.refusal_of_change(market.definition, order, change)
        if refused is None:
            whole = order.quantity.as_decimal() if change.quantity is None else change.quantity
            refused = reducing.too_much(market, order, whole)
        if refused is None:
            refused = self._judge.refusal(wish.of_change(market.definition, order, change))
            refused = None if refused is None else f"modify: {refused}"
        if refused is not None:
            return refused
        ticker = market.ticker
        quantity = None if change.quantity is None else ticker.quantity(change.quantity)
        price = None if change.price is None else ticker.price(change.price)
        trigger = None if change.trigger is None else ticker.price(change.trigger)
        self._seat.modify_order(order, quantity, price, trigger)
        return None
