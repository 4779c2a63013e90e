"""Target positions in, market orders out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_DOWN, Decimal

from helios_engine.bodies import (
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

ZERO = Decimal(0)
Seen = Instrument | Target | Bar | Trade | Fill | Position | Reject | OrderCanceled | OrderUnknown


class MarketOrders:
    """Trade the distance to the target at once, one order in flight an instrument.

    The quantity is rounded down to the lot, toward zero. No order under the instrument's minimums
    (at the last price), and none while the distance is within `band`, a fraction of the larger of
    target and position, unless the target is 0. What an order could not do is left to the next target.
    """

    consumes = (Instrument, Target, Bar, Trade, Fill, Position, Reject, OrderCanceled, OrderUnknown)
    optional = (Bar, Trade)

    def __init__(self, tag: str = "M", band: float = 0.0) -> None:
        if not 0 <= band < 1:
            raise ValueError(f"band must be in [0, 1), was {band}")
        self.tag, self.band = tag, Decimal(str(band))
        self.definitions: dict[str, Instrument] = {}
        self.prices: dict[str, float] = {}
        self.held: dict[str, Decimal] = {}
        self.flying: dict[str, tuple[str, Decimal]] = {}
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
                self._gone(body.instrument, body.id)
            case OrderUnknown():
                pass  # it stays in flight: nobody knows, so nothing more is risked
            case Instrument():
                self.definitions[body.instrument] = body

    def _order(self, target: Target) -> Iterator[OrderIntent]:
        definition = self.definitions.get(target.instrument)
        price = self.prices.get(target.instrument)
        if definition is None or price is None or target.instrument in self.flying:
            return
        wanted = Decimal(repr(target.quantity))
        held = self.held.get(target.instrument, ZERO)
        distance = wanted - held
        if wanted != 0 and abs(distance) <= self.band * max(abs(wanted), abs(held)):
            return
        quantity = (abs(distance) / definition.lot).to_integral_value(ROUND_DOWN) * definition.lot
        too_small = quantity < definition.min_quantity or quantity * Decimal(repr(price)) < definition.min_notional
        if quantity <= 0 or too_small:
            return
        self.count += 1
        order = f"{self.tag}-{self.count}"
        self.flying[target.instrument] = (order, quantity)
        yield OrderIntent(order, target.instrument, "BUY" if distance > 0 else "SELL", quantity)

    def _filled(self, fill: Fill) -> None:
        order, left = self.flying.get(fill.instrument, ("", ZERO))
        if order == fill.id:
            self.flying[fill.instrument] = (order, left - fill.quantity)
            if left <= fill.quantity:
                del self.flying[fill.instrument]

    def _gone(self, instrument: str, order: str) -> None:
        if self.flying.get(instrument, ("",))[0] == order:
            del self.flying[instrument]
