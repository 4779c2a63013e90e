"""Target positions in, market orders out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from helios_engine.bodies import (
    Account,
    Bar,
    Fill,
    Instrument,
    OrderCanceled,
    OrderIntent,
    OrderUnknown,
    Position,
    Reject,
    Target,
    Trade,
)
from helios_engine.events import Event
from helios_execution.purse import Purse
from helios_execution.sizing import ZERO, distance

Seen = Instrument | Target | Bar | Trade | Fill | Position | Reject | OrderCanceled | OrderUnknown | Account


class MarketOrders:
    """Trade the distance to the target at once, one order in flight an instrument.

    Quantities are whole lots, rounded toward zero; no order under the instrument's minimums at the
    last price, nor while the distance is within `band`, a fraction of the larger of target and
    position (a target of 0 knows no band). With `cash_only` a purchase is cut to the account's cash
    less `cushion`, a share of it; a margin account turns that off. What an order could not do is left
    to the next target, and so is a target that comes while one is in flight. An order of unknown
    outcome stays in flight. Ids are `tag-1`, `tag-2`, …
    """

    consumes = (Instrument, Target, Bar, Trade, Fill, Position, Reject, OrderCanceled, OrderUnknown, Account)
    optional = (Bar, Trade)

    def __init__(self, tag: str = "M", band: float = 0.0, cash_only: bool = True, cushion: float = 0.005) -> None:
        if not 0 <= band < 1:
            raise ValueError(f"expected band in [0, 1), found {band}")
        self.tag, self.band = tag, Decimal(repr(band))
        self.definitions: dict[str, Instrument] = {}
        self.prices: dict[str, float] = {}
        self.held: dict[str, Decimal] = {}
        self.flying: dict[str, tuple[str, Decimal]] = {}
        self.purse = Purse(cushion)
        self.cash_only = cash_only
        self.count = 0

    def on_event(self, event: Event[Seen]) -> Iterator[OrderIntent]:
        body = event.body
        match body:
            case Trade():
                self.prices[body.instrument] = body.price
            case Bar():
                self.prices[body.instrument] = body.close
            case Target():
                yield from self._order(body)
            case Position():
                self.held[body.instrument] = body.quantity
            case Fill():
                self._filled(body)
            case Reject() | OrderCanceled():
                if self.flying.get(body.instrument, ("",))[0] == body.id:
                    self._gone(body.instrument)
            case OrderUnknown():
                pass  # it stays in flight: nobody knows, so nothing more is risked
            case Account():
                self.purse.account = body
            case Instrument():
                self.definitions[body.instrument] = body

    def _order(self, target: Target) -> Iterator[OrderIntent]:
        name = target.instrument
        definition, price = self.definitions.get(name), self.prices.get(name)
        if definition is None or price is None or name in self.flying:
            return
        quantity = distance(definition, target.quantity, self.held.get(name, ZERO), price, self.band)
        if self.cash_only:
            quantity = self.purse.cut(definition, quantity, price)
        if quantity == 0:
            return
        self.count += 1
        self.flying[name] = (f"{self.tag}-{self.count}", abs(quantity))
        self.purse.set_aside(name, quantity, price)
        yield OrderIntent(f"{self.tag}-{self.count}", name, "BUY" if quantity > 0 else "SELL", abs(quantity))

    def _filled(self, fill: Fill) -> None:
        order, left = self.flying.get(fill.instrument, ("", ZERO))
        if order == fill.id:
            self.flying[fill.instrument] = (order, left - fill.quantity)
            if left <= fill.quantity:
                self._gone(fill.instrument)

    def _gone(self, name: str) -> None:
        del self.flying[name]
        self.purse.release(name)
