"""Target positions in; an entry out, and as soon as it fills a stop and a target around it, one closing the other."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal

from helios_engine.bodies import (
    CancelIntent,
    Control,
    ModifyIntent,
    OrderIntent,
    OrderModified,
    Position,
    RiskDecision,
    Target,
    Tick,
    Trade,
    VolForecast,
)
from helios_engine.events import Body, Event
from helios_engine.timeframe import nanoseconds
from helios_execution.cost_gate import CostGate
from helios_execution.desk import CONSUMES, OPTIONAL, desk
from helios_execution.distances import Distances, Measure, Unit
from helios_execution.exits import clear, is_dust, leave, protect
from helios_execution.halt import Halt
from helios_execution.leg import Answer
from helios_execution.sizing import ZERO, decimal
from helios_execution.trip import Trip

Says = OrderIntent | CancelIntent | ModifyIntent | RiskDecision


class Bracket:
    """Entry, stop and target as one; the venue gets plain orders, in every mode.

    A target enters once, by `entry`: at market, or by a limit order at the touch that expires after `entry_expires`
    (0s: never). What has filled, in part too, gets a STOP (TRAILING_STOP if `trailing`) at `stop` and a LIMIT at `take`
    from the position's average price, in whole ticks away from it: fractions of it, or with `unit = "volatility"`
    multiples of the last VolForecast (of `timeframe`, if given). Both are reduce-only, as large as what is held, and
    shrink or go when the other fills; the entry's rest goes with the first exit. A position without a stop is left at
    market: the price is through the stop already, or the venue or the gate refused it, took it, or does not know it.
    A refused target price is watched here instead. What is too small for an order waits for the rest of the entry,
    and stays if there is none.

    A later target of the same side only makes a position smaller, one of 0 or of the other side leaves it at market,
    with the stop in place until it is closed. After stop or target, that side waits for another target, unless
    `reenter`. For Controls see `Halt`: `flatten` and `kill` leave at market too. What was refused is tried again after
    `retry`. The positions are this stage's alone: one that is there at a target becomes part of the bracket. Sizes,
    bands, `cash_only`, `cushion` and `cost_gate` are those of `execution.market`. Ids are `tag-1`, `tag-1-stop-1`, ….
    """

    optional = OPTIONAL

    def __init__(
        self,
        tag: str = "B",
        stop: float = 0.02,
        take: float = 0.04,
        unit: Unit = "fraction",
        timeframe: str = "",
        trailing: bool = False,
        entry: Literal["market", "limit"] = "market",
        entry_expires: str = "0s",
        post_only: bool = False,
        reenter: bool = False,
        retry: str = "1s",
        band: float = 0.0,
        band_notional: float = 0.0,
        cash_only: bool = True,
        cushion: float = 0.005,
        cost_gate: CostGate | None = None,
    ) -> None:
        if entry == "market" and (post_only or entry_expires != "0s"):
            raise ValueError("expected entry = 'limit' with post_only or entry_expires, found entry = 'market'")
        self.measure = Measure(stop, take, unit, timeframe)
        self.trailing, self.entry, self.post_only, self.reenter = trailing, entry, post_only, reenter
        self.entry_expires, self.retry = nanoseconds(entry_expires), nanoseconds(retry)
        self.desk = desk(tag, band, band_notional, cash_only, cushion, cost_gate)
        self.halt = Halt()
        self.trips: dict[str, Trip] = {}
        self.wanted: dict[str, float] = {}
        self.spent: dict[str, int] = {}
        self.averages: dict[str, Decimal] = {}

    @property
    def consumes(self) -> tuple[Any, ...]:
        """Bodies it needs; the forecasts of its distances and of its cost gate are among them."""
        forecasts = dict.fromkeys((*self.measure.consumes, *self.desk.costs.consumes))
        return (*CONSUMES, OrderModified, Control, Target, Tick, *forecasts)

    def on_event(self, event: Event[Body]) -> Iterator[Says]:
        body, now = event.body, event.ts
        name = getattr(body, "instrument", "")
        if type(body) is Trade and name not in self.trips and name not in self.wanted:
            self.desk.prices[name] = body.price  # most events of a run: nothing to do but this
            return
        match body:
            case Target():
                self._aim(body)
            case Control():
                self._control(body)
            case VolForecast():
                self.measure.hear(body)
            case Position():
                self.averages[name] = body.average_price
        if isinstance(body, Answer) and name in self.trips:
            self.trips[name].hear(body, now + self.retry)
        self.desk.hear(body)
        for found in (name,) if name else tuple(self.desk.definitions):
            if found in self.trips or found in self.wanted:
                yield from self._act(found, now)

    def _aim(self, target: Target) -> None:
        name, sign = target.instrument, (target.quantity > 0) - (target.quantity < 0)
        if self.spent.get(name) != sign:
            self.spent.pop(name, None)
        trip, is_halted = self.trips.get(name), self.halt.holds(name)
        if trip is not None and trip.sign == sign and trip.keep:
            size = decimal(abs(target.quantity))
            if size < trip.keep and not self.desk.is_near(name, float(size), float(trip.keep)):
                trip.keep = size
        elif trip is not None:
            self.wanted[name] = 0.0 if is_halted else target.quantity
            trip.keep = ZERO
        elif name not in self.spent and not (is_halted and sign):
            self.wanted[name] = target.quantity

    def _control(self, control: Control) -> None:
        for name in self.halt.hear(control, tuple(self.desk.definitions)):
            self.wanted[name] = 0.0
            if name in self.trips:
                self.trips[name].keep = ZERO

    def _act(self, name: str, now: int) -> Iterator[Says]:
        if self.desk.settling.get(name) == "position" or name not in self.desk.prices:
            return  # the position that a fill left is about to be told
        if name not in self.trips and self.desk.is_free(name):
            yield from self._enter(name, now)
        if name in self.trips:
            yield from self._guard(name, self.trips[name], now)

    def _enter(self, name: str, now: int) -> Iterator[Says]:
        wanted, held = self.wanted.pop(name), self.desk.held.get(name, ZERO)
        target = decimal(wanted)
        if target and self.halt.holds(name):
            return
        sign = int((target or held).compare(ZERO))
        if sign == 0:
            return
        distances = self.measure.of(name) if target else Distances(ZERO, ZERO)
        if distances is None:
            yield RiskDecision(name, 0.0, "bracket: no volatility forecast yet, so no distance for the stop")
            return
        quantity, refusals = self.desk.allowed(name, self.desk.distance(name, wanted)) if target else (ZERO, [])
        yield from refusals
        expires = now + self.entry_expires if self.entry_expires else 0
        if quantity * sign > 0:
            yield self._entry(name, quantity, expires)
        else:
            self.desk.count += 1  # a position that is there already becomes part of a bracket
        self.trips[name] = Trip(f"{self.desk.tag}-{self.desk.count}", sign, abs(target), distances, expires)

    def _entry(self, name: str, quantity: Decimal, expires: int) -> OrderIntent:
        if self.entry == "market":
            return self.desk.market(name, quantity)
        touch = self.desk.touch(name, 1 if quantity > 0 else -1)
        return self.desk.limit(name, quantity, touch, post_only=self.post_only, expires=expires)

    def _guard(self, name: str, trip: Trip, now: int) -> Iterator[Says]:
        """Bring entry, legs and position of a trip into line with one another."""
        definition, price = self.desk.definitions[name], self.desk.prices[name]
        position = self.desk.held.get(name, ZERO)
        held, entry = trip.open(definition, position), self.desk.live.get(name)
        trip.look(price)
        if entry is not None and (self.halt.holds(name) or trip.needs_no_more(entry.left, position, now)):
            yield from self.desk.cancel(name)
        if not is_dust(definition, held, price):
            excess, average = held - trip.keep, self.averages.get(name, decimal(price))
            if excess > 0 and (not trip.keep or not self.desk.is_near(name, float(held), float(trip.keep))):
                yield from leave(trip, name, excess, definition, price, now)
                if not trip.keep or trip.is_bare:
                    return
            yield from protect(trip, name, held, definition, price, average, self.trailing, now)
        elif not held or not trip.keep:
            yield from clear(trip, now)
        if entry is None and not trip.has_orders() and is_dust(definition, held, price):
            yield from self._end(name, trip, now)

    def _end(self, name: str, trip: Trip, now: int) -> Iterator[Says]:
        del self.trips[name]
        if trip.is_spent and not self.reenter:
            self.spent[name] = trip.sign
            if self.wanted.get(name, 0.0) * trip.sign > 0:
                del self.wanted[name]
        if name in self.wanted and self.desk.is_free(name):
            yield from self._enter(name, now)
