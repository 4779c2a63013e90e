"""Long from the first bar on: what every strategy has to beat."""

from __future__ import annotations

from collections.abc import Iterator

from helios_engine.bodies import Bar, Fill, Signal
from helios_engine.events import Event


class BuyAndHold:
    """Signal 1 on each bar of an instrument until its first fill, and then silence.

    One signal at the first bar would be lost to a warm-up, a refusal or a price not yet known.
    """

    consumes = (Bar, Fill)

    def __init__(self) -> None:
        self.held: set[str] = set()

    def on_event(self, event: Event[Bar | Fill]) -> Iterator[Signal]:
        name = event.body.instrument
        if isinstance(event.body, Fill):
            self.held.add(name)
        elif name not in self.held:
            yield Signal(name, 1.0)
