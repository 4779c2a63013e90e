"""A world through our venue, an event at a time, as the engine does it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from helios_engine.bodies import Fill, Instrument
from helios_engine.events import Body
from helios_engine.nautilus.plugin import sim_venue
from tests.unit.nautilus.reference import BALANCES, Outcome
from tests.unit.nautilus.worlds import World


class Drive:
    """The venue of a world, its commands, and the orders that its fills bring about."""

    def __init__(
        self, world: World, *, dense: bool = False, wrap: Callable[[Any], Any] = lambda venue: venue, **models: Any
    ) -> None:
        """`wrap` puts something in the place of the venue before it is opened."""
        self.world = world
        self.venue: Any = wrap(
            sim_venue(
                BALANCES,
                **{"latency": world.latency, "fill_model": "touch" if world.is_touch else "through", **models},
                dense=dense,
                account=world.account,  # type: ignore[arg-type]
                leverage="100" if world.account == "margin" else "1",
            )
        )
        self.venue.open(1, world.instruments)
        self.heard: list[tuple[int, Body]] = []
        self.reacted: set[str] = set()
        self.number = 0

    def step(self, ts: int, body: Body) -> None:
        """One event: what rests matches, commands are sent, what is due takes effect."""
        if isinstance(body, Instrument):
            self.venue.instrument(ts, body)
        else:
            self.take(ts, self.venue.market(ts, body))
        for command in self.world.commands.get(self.number, ()):
            self.venue.send(ts, command)
        self.number += 1
        self.take(ts, self.venue.settle(ts))

    def take(self, ts: int, answers: list[Body]) -> None:
        """Hear answers; an order's first fill may send more."""
        for body in answers:
            self.heard.append((ts, body))
            if isinstance(body, Fill) and body.id not in self.reacted:
                self.reacted.add(body.id)
                for command in self.world.reactions.get(body.id, ()):
                    self.venue.send(ts, command)

    def outcome(self) -> Outcome:
        """What came of it; positions as the fills say."""
        positions = {d.instrument: Decimal(0) for d in self.world.instruments}
        for _, body in self.heard:
            if isinstance(body, Fill):
                positions[body.instrument] += body.quantity if body.side == "BUY" else -body.quantity
        held = {name: quantity for name, quantity in positions.items() if quantity}
        return Outcome(self.heard, self.venue.balances(), held)


def through_ours(world: World, *, dense: bool = False, **models: Any) -> Outcome:
    """A world through our venue, event by event; `models` replace those of the world."""
    drive = Drive(world, dense=dense, **models)
    for ts, body in world.market:
        drive.step(ts, body)
    return drive.outcome()
