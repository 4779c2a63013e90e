"""A stubborn stage: it buys, leaves orders at rest, and wants to buy again every few ticks, whatever it is told."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from helios_engine.bodies import Fill, OrderIntent, Tick
from helios_engine.events import Event
from helios_engine.hookspecs import hookimpl
from helios_engine.stage import StageSpec

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
