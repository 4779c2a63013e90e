"""Buy what has fallen too far below its average, sell it when it is back."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator

from helios_engine.bodies import Bar, Signal
from helios_engine.events import Event


class MeanReversion:
    """Z-score of the close among its last `window` closes (population deviation), on every bar once warm.

    Signal 1 from a z-score of −`entry` or less until it is −`exit` or more, −1 from `entry` or more
    until it is `exit` or less, else 0. A flat window has a z-score of 0. `exit` is below `entry`.
    """

    consumes = Bar

    def __init__(self, window: int = 20, entry: float = 2.0, exit: float = 0.5) -> None:  # noqa: A002
        if window < 2 or not 0 <= exit < entry:
            raise ValueError(f"expected window >= 2 and 0 <= exit < entry, found {window}, {exit}, {entry}")
        self.window, self.entry, self.exit = window, entry, exit
        self.closes: dict[tuple[str, str], deque[float]] = {}
        self.sides: dict[tuple[str, str], float] = {}

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        bar = event.body
        key = (bar.instrument, bar.timeframe)
        closes = self.closes.setdefault(key, deque(maxlen=self.window))
        closes.append(bar.close)
        if len(closes) < self.window:
            return
        mean = math.fsum(closes) / self.window
        deviation = math.sqrt(math.fsum((c - mean) ** 2 for c in closes) / self.window)
        # Not `deviation > 0`: the mean of equal closes may be a rounding away from them.
        z = (bar.close - mean) / deviation if min(closes) < max(closes) else 0.0
        side = self.sides.get(key, 0.0)
        if abs(z) >= self.entry:
            side = -math.copysign(1.0, z)
        elif side * z >= -self.exit:
            side = 0.0  # back near the average, or past it
        self.sides[key] = side
        yield Signal(bar.instrument, side)
