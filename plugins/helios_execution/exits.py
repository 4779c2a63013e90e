"""The ways out of a trip: place and size its stop and target, leave at market, take back what is no longer needed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from helios_engine.bodies import CancelIntent, Instrument, ModifyIntent, OrderIntent
from helios_engine.bodies.orders import OrderType, Side
from helios_execution.leg import Leg
from helios_execution.sizing import decimal, is_too_small, smallest, whole_lots, whole_ticks
from helios_execution.trip import Trip

Says = OrderIntent | ModifyIntent | CancelIntent


class Moment(NamedTuple):
    """An instrument as a trip finds it: last price, whole lots held, now (ns UTC); quiet while no answers are told."""

    name: str
    definition: Instrument
    price: float
    held: Decimal
    now: int
    is_quiet: bool

    @property
    def is_dust(self) -> bool:
        """Whether what is held is too small for an order at the last price."""
        return self.held < smallest(self.definition, decimal(self.price))


def protect(trip: Trip, at: Moment, average: Decimal, *, trailing: bool) -> Iterator[Says]:
    """A stop and a target for all that is held, in this order; at market if the stop would wake up at once.

    They grow at once, but shrink only when it is quiet: the venue has shrunk what is reduce-only by then.
    """
    stop_price, take_price = trip.measure(at.definition, average)
    name, held = at.name, at.held
    if trip.stop is None:
        if trip.is_through(at.price, stop_price, is_stop=True):
            trip.expose()
            yield from leave(trip, at, held)
            return
        trip.stop = Leg(trip.name_of("stop"), name, held)
        kind: OrderType = "TRAILING_STOP" if trailing else "STOP"
        offset = whole_ticks(at.definition, trip.offset, ROUND_CEILING) if trailing else None
        yield OrderIntent(
            trip.stop.id, name, way_out(trip), held, kind, reduce_only=True, trigger=stop_price, offset=offset
        )
    if trip.take is None and not trip.is_watched:
        trip.take = Leg(trip.name_of("take"), name, held)
        yield OrderIntent(trip.take.id, name, way_out(trip), held, "LIMIT", take_price, reduce_only=True)
    for leg in (trip.stop, trip.take):
        if leg is not None and (at.is_quiet or leg.left < held):
            yield from leg.resize(held, at.now)


def leave(trip: Trip, at: Moment, excess: Decimal) -> Iterator[Says]:
    """Close `excess` at market, one order at a time; the legs stay until then, unless the venue wants them gone."""
    quantity = whole_lots(at.definition, excess)
    if trip.close is not None or at.now < trip.pause or is_too_small(at.definition, quantity, decimal(at.price)):
        return
    if trip.is_bare and (trip.stop is not None or trip.take is not None):
        yield from clear(trip, at.now)
        return
    trip.close = Leg(trip.name_of("close"), at.name, quantity)
    yield OrderIntent(trip.close.id, at.name, way_out(trip), quantity, reduce_only=True)


def clear(trip: Trip, now: int) -> Iterator[CancelIntent]:
    """Ask every leg back."""
    for leg in (trip.stop, trip.take):
        if leg is not None:
            yield from leg.take_back(now)


def way_out(trip: Trip) -> Side:
    """The side of an exit order."""
    return "SELL" if trip.sign > 0 else "BUY"
