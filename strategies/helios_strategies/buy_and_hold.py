"""Long from the first bar on: what every strategy has to beat."""

from __future__ import annotations

from collections.abc import Iterator

from helios_engine.bodies import Bar, Signal
from helios_engine.events import Event


class BuyAndHold:
    """Signal 1 once for each instrument, at its first bar."""

    consumes = Bar

    def __init__(self) -> None:
        self.held: set[str] = set()

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        name = event.body.instrument
        if name not in self.held:
            self.held.add(name)
            yield Signal(name, 1.0)
