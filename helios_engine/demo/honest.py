"""The same trend from what is known: the window ends at the bar that has just closed."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator

from helios_engine.bodies import Bar, Signal
from helios_engine.events import Event


class TrailingTrend:
    """Long while the mean of the last `window` closes rises."""

    consumes = Bar

    def __init__(self, window: int = 25) -> None:
        self.window = window
        self.closes: dict[str, deque[float]] = {}
        self.before: dict[str, float] = {}

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        bar = event.body
        closes = self.closes.setdefault(bar.instrument, deque(maxlen=self.window))
        closes.append(bar.close)
        mean = math.fsum(closes) / len(closes)
        yield Signal(bar.instrument, float(mean > self.before.get(bar.instrument, mean)))
        self.before[bar.instrument] = mean
