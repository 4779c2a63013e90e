"""Buy what has fallen too far below its average, sell it when it is back."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator

from helios_engine.bodies import Bar, Signal
from helios_engine.events import Event


class MeanReversion:
    """Z-score of the close against its last `window` closes (population standard deviation).

    Long below −`entry`, short above `entry`, flat again when the z-score is within `exit` of 0.
    Signals on every bar once warm.
    """

    consumes = Bar

    def __init__(self, window: int = 20, entry: float = 2.0, exit: float = 0.5) -> None:  # noqa: A002
        if window < 2 or not 0 <= exit < entry:
            raise ValueError(f"expected window >= 2 and 0 <= exit < entry, got {window}, {exit}, {entry}")
        self.window, self.entry, self.exit = window, entry, exit
        self.closes: dict[str, deque[float]] = {}
        self.side: dict[str, float] = {}

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        bar = event.body
        closes = self.closes.setdefault(bar.instrument, deque(maxlen=self.window))
        closes.append(bar.close)
        if len(closes) < self.window:
            return
        mean = math.fsum(closes) / self.window
        deviation = math.sqrt(math.fsum((c - mean) ** 2 for c in closes) / self.window)
        z = (bar.close - mean) / deviation if deviation > 0 else 0.0
        side = self.side.get(bar.instrument, 0.0)
        if abs(z) <= self.exit:
            side = 0.0
        elif abs(z) >= self.entry:
            side = -math.copysign(1.0, z)
        self.side[bar.instrument] = side
        yield Signal(bar.instrument, side)
