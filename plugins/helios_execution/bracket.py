"""Target positions in; an entry out, and as soon as it fills a stop and a target around it, one closing the other."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal

from helios_engine.bodies import (
    Account,
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
from helios_execution.exits import Moment, clear, leave, protect
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
    multiples of the last VolForecast (of `timeframe`, if given). Both are reduce-only, as large as what is held. When
    one fills the other shrinks or goes, by the venue or with the next event, and so does the entry's rest. A position
    without a stop is left at market: the price is through it, or venue or gate refused it, took it, or do not know it.
    A refused target price is watched here. What is too small for an order waits for the rest of the entry, or stays.

    A later target of the same side only makes a position smaller, one of 0 or of the other side leaves it at market,
    with the stop in place until it is closed. After stop or target, that side waits for another target, unless
    `reenter`. For Controls see `Halt`: `flatten` leaves at market too. What was refused is tried again after
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
                for flat in self.halt.hear(body, tuple(self.desk.definitions)):
                    self._aim(Target(flat, 0.0))
            case VolForecast():
                self.measure.hear(body)
            case Position():
                self.averages[name] = body.average_price
        if isinstance(body, Answer) and name in self.trips:
            self.trips[name].hear(body, now + self.retry)
        self.desk.hear(body)
        for found in (name,) if name else tuple(self.desk.definitions):
            if found in self.trips or found in self.wanted:
                yield from self._act(found, now, not isinstance(body, Answer | Position | Account))

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

    def _act(self, name: str, now: int, is_quiet: bool) -> Iterator[Says]:
        if self.desk.settling.get(name) == "position" or name not in self.desk.prices:
            return  # the position that a fill left is about to be told
        if name not in self.trips and self.desk.is_free(name):
            yield from self._enter(name, now)
        if name in self.trips:
            yield from self._guard(name, self.trips[name], now, is_quiet)

    def _enter(self, name: str, now: int) -> Iterator[Says]:
        wanted, held = self.wanted.pop(name), self.desk.held.get(name, ZERO)
        target = decimal(wanted)
        sign = int((target or held).compare(ZERO))
        if sign == 0 or (target and self.halt.holds(name)) or self.halt.is_killed(name):
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

    def _guard(self, name: str, trip: Trip, now: int, is_quiet: bool) -> Iterator[Says]:
        """Bring entry, legs and position of a trip into line; `is_quiet` when no answers are being told."""
        definition, price = self.desk.definitions[name], self.desk.prices[name]
        position, entry = self.desk.held.get(name, ZERO), self.desk.live.get(name)
        at = Moment(name, definition, price, trip.open(definition, position), now, is_quiet)
        trip.look(price)
        if entry is not None and (self.halt.holds(name) or trip.needs_no_more(entry.left, position, now)):
            yield from self.desk.cancel(name)
        if self.halt.is_killed(name):
            if is_quiet and not at.held:
                yield from clear(trip, now)  # nothing but cancels passes the gate; a stop that rests goes on resting
        elif not at.is_dust:
            yield from self._hold(trip, at, is_filling=entry is not None and entry.price is None)
        elif is_quiet and not (at.held and trip.keep):
            yield from clear(trip, now)
        if entry is None and not trip.has_orders() and at.is_dust:
            yield from self._end(name, trip, now)

    def _hold(self, trip: Trip, at: Moment, *, is_filling: bool) -> Iterator[Says]:
        excess, average = at.held - trip.keep, self.averages.get(at.name, decimal(at.price))
        if excess > 0 and (not trip.keep or not self.desk.is_near(at.name, float(at.held), float(trip.keep))):
            yield from leave(trip, at, excess)
            if not trip.keep or trip.is_bare:
                return
        if at.is_quiet or not is_filling:  # more fills of a market entry may be about to be told
            yield from protect(trip, at, average, trailing=self.trailing)

    def _end(self, name: str, trip: Trip, now: int) -> Iterator[Says]:
        del self.trips[name]
        if trip.is_spent and not self.reenter:
            self.spent[name] = trip.sign
            if self.wanted.get(name, 0.0) * trip.sign > 0:
                del self.wanted[name]
        if name in self.wanted and self.desk.is_free(name):
            yield from self._enter(name, now)
