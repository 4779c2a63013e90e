"""Long while the fast average is above the slow one, short (or out) while it is below."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from typing import Literal

from helios_engine.bodies import Bar, Signal
from helios_engine.events import Event
from helios_engine.stage import Depends


class Cross:
    """Signal 1 while fast > slow, −1 while fast < slow, 0 when equal; on every bar once both are warm.

    EMAs have alpha 2/(n+1) and are seeded with the mean of their first n closes.
    """

    consumes = Bar
    depends = Depends({"Signal.value": ("Bar.close",)})

    def __init__(self, fast: int = 10, slow: int = 50, kind: Literal["sma", "ema"] = "sma") -> None:
        if not 1 <= fast < slow:
            raise ValueError(f"expected 1 <= fast < slow, got fast {fast}, slow {slow}")
        self.fast, self.slow, self.kind = fast, slow, kind
        self.closes: dict[tuple[str, str], deque[float]] = {}
        self.averages: dict[tuple[str, str, int], float] = {}
        self.counts: dict[tuple[str, str], int] = {}

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        bar = event.body
        key = (bar.instrument, bar.timeframe)
        closes = self.closes.setdefault(key, deque(maxlen=self.slow))
        closes.append(bar.close)
        self.counts[key] = self.counts.get(key, 0) + 1
        fast, slow = self._average(key, self.fast), self._average(key, self.slow)
        if fast is not None and slow is not None:
            yield Signal(bar.instrument, float((fast > slow) - (fast < slow)))

    def _average(self, key: tuple[str, str], length: int) -> float | None:
        closes, count = self.closes[key], self.counts[key]
        if count < length:
            return None
        if self.kind == "sma" or count == length:
            mean = math.fsum(list(closes)[-length:]) / length
            self.averages[(*key, length)] = mean
            return mean
        before = self.averages[(*key, length)]
        after = before + (closes[-1] - before) * 2.0 / (length + 1)
        self.averages[(*key, length)] = after
        return after
