"""A stubborn stage, which wants to buy again whatever it is told, and a connection that takes its time to end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from helios_engine.bodies import Fill, OrderIntent, Tick
from helios_engine.events import Event
from helios_engine.hookspecs import hookimpl
from helios_engine.recorder.connection import Taker, Wanted
from helios_engine.stage import ConnectionSpec, StageSpec
from helios_engine.world import World
from tests.unit.live.acme import Acme

D = Decimal
NAME = "BTCZAR.ACME"


class Holder:
    """At the third tick a market order and a limit far below; once it is filled, a stop far below too."""

    consumes = (Tick, Fill)

    def __init__(self, again: int = 0) -> None:
        self.again, self.ticks, self.orders = again, 0, 0
        self.is_guarded = False

    def on_event(self, event: Event[Tick | Fill]) -> Iterator[OrderIntent]:
        if isinstance(event.body, Fill):
            if not self.is_guarded:
                self.is_guarded = True
                yield self._order("SELL", "2", type="STOP", trigger=D(500), reduce_only=True)
            return
        self.ticks += 1
        if self.ticks == 3:
            yield self._order("BUY", "2")
            yield self._order("BUY", "1", type="LIMIT", price=D(400))
        elif self.again and self.ticks > 3 and self.ticks % self.again == 0:
            yield self._order("BUY", "0.5")

    def _order(self, side: str, quantity: str, **terms: object) -> OrderIntent:
        self.orders += 1
        return OrderIntent(f"H-{self.orders}", NAME, side, D(quantity), **terms)  # type: ignore[arg-type]


@hookimpl
def helios_stages() -> list[StageSpec]:
    return [StageSpec("test.holder", Holder)]


class Lingering(Acme):
    """Told to end, it waits until the file `until` is there."""

    def __init__(self, wanted: Sequence[Wanted], world: World, *, port: int, until: str) -> None:
        super().__init__(wanted, world, port=port)
        self._until = Path(until)

    async def run(self, taker: Taker) -> None:
        try:
            await super().run(taker)
        finally:
            while not self._until.exists():
                await asyncio.sleep(0.01)


@hookimpl
def helios_connections() -> list[ConnectionSpec]:
    return [ConnectionSpec("lingering", Lingering, parser="acme")]
