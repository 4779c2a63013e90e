"""Target positions in, resting limit orders out, taken back and placed anew at the next target."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from helios_engine.bodies import (
    Account,
    Bar,
    CancelIntent,
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
from helios_engine.bodies.orders import Side
from helios_engine.events import Event
from helios_execution.purse import Purse
from helios_execution.sizing import ZERO, distance

Seen = Instrument | Target | Bar | Trade | Fill | Position | Reject | OrderCanceled | OrderUnknown | Account


class LimitOrders:
    """One limit order an instrument at the last price, rounded to the tick away from the market.

    A target that comes while an order rests asks the venue to take it back; when it is gone, the
    order for the newest target follows at the price of then. Sizes, minimums, `band`, `cash_only` and
    `cushion` are those of `execution.market`. An order of unknown outcome is neither taken back nor replaced.
    Ids are `tag-1`, `tag-2`, …
    """

    consumes = (Instrument, Target, Bar, Trade, Fill, Position, Reject, OrderCanceled, OrderUnknown, Account)
    optional = (Bar, Trade)

    def __init__(
        self, tag: str = "L", band: float = 0.0, post_only: bool = False, cash_only: bool = True, cushion: float = 0.0
    ) -> None:
        if not 0 <= band < 1:
            raise ValueError(f"expected band in [0, 1), found {band}")
        self.tag, self.band, self.post_only = tag, Decimal(repr(band)), post_only
        self.definitions: dict[str, Instrument] = {}
        self.prices: dict[str, float] = {}
        self.held: dict[str, Decimal] = {}
        self.resting: dict[str, tuple[str, Decimal]] = {}
        self.asked_back: set[str] = set()
        self.unknown: set[str] = set()
        self.wanted: dict[str, float] = {}
        self.purse = Purse(cushion)
        self.cash_only = cash_only
        self.count = 0

    def on_event(self, event: Event[Seen]) -> Iterator[OrderIntent | CancelIntent]:
        body = event.body
        match body:
            case Trade():
                self.prices[body.instrument] = body.price
            case Bar():
                self.prices[body.instrument] = body.close
            case Target():
                self.wanted[body.instrument] = body.quantity
                yield from self._replace(body.instrument)
            case Position():
                self.held[body.instrument] = body.quantity
                if self.purse.account is None:
                    yield from self._place(body.instrument)
            case Fill():
                self._filled(body)
            case Reject() if body.reason.startswith("cancel"):
                self.asked_back.discard(body.id)
            case Reject():
                if self._gone(body.instrument, body.id):
                    self.wanted.pop(body.instrument, None)  # the same order would be refused again
            case OrderCanceled():
                if self._gone(body.instrument, body.id):
                    yield from self._place(body.instrument)
            case OrderUnknown():
                self.unknown.add(body.id)
            case Account():
                # A fill is followed by its position and that by the account: what waits for a place needs both.
                self.purse.account = body
                for name in list(self.wanted):
                    yield from self._place(name)
            case Instrument():
                self.definitions[body.instrument] = body

    def _replace(self, name: str) -> Iterator[OrderIntent | CancelIntent]:
        order = self.resting.get(name, ("", ZERO))[0]
        if not order:
            yield from self._place(name)
        elif order not in self.asked_back and order not in self.unknown:
            self.asked_back.add(order)
            yield CancelIntent(order, name)

    def _place(self, name: str) -> Iterator[OrderIntent]:
        definition, price = self.definitions.get(name), self.prices.get(name)
        if definition is None or price is None or name in self.resting or name not in self.wanted:
            return
        quantity = distance(definition, self.wanted.pop(name), self.held.get(name, ZERO), price, self.band)
        if self.cash_only:
            quantity = self.purse.cut(definition, quantity, price)
        if quantity == 0:
            return
        ticks = Decimal(repr(price)) / definition.tick
        limit = ticks.to_integral_value(ROUND_FLOOR if quantity > 0 else ROUND_CEILING) * definition.tick
        if limit <= 0:
            return
        self.count += 1
        order, size = f"{self.tag}-{self.count}", abs(quantity)
        self.resting[name] = (order, size)
        self.purse.set_aside(name, quantity, price)
        side: Side = "BUY" if quantity > 0 else "SELL"
        yield OrderIntent(order, name, side, size, type="LIMIT", price=limit, post_only=self.post_only)

    def _filled(self, fill: Fill) -> None:
        order, left = self.resting.get(fill.instrument, ("", ZERO))
        if order == fill.id:
            self.resting[fill.instrument] = (order, left - fill.quantity)
            if left <= fill.quantity:
                self._gone(fill.instrument, order)

    def _gone(self, name: str, order: str) -> bool:
        """Forget an order of ours; whether it was the one that rested."""
        self.asked_back.discard(order)
        self.unknown.discard(order)
        if self.resting.get(name, ("",))[0] != order:
            return False
        del self.resting[name]
        self.purse.release(name)
        return True
