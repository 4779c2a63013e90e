"""Averages with a memory of their own, one value at a time."""

from __future__ import annotations

import math


class Ema:
    """Exponential average with alpha 2/(n+1), seeded with the mean of the first n values (TA-Lib)."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.weight = 2.0 / (length + 1)
        self.seed: list[float] = []
        self.value: float | None = None

    def add(self, x: float) -> float | None:
        """Take a value; return the average once there is one."""
        if self.value is None:
            self.seed.append(x)
            if len(self.seed) == self.length:
                self.value = math.fsum(self.seed) / self.length
                self.seed = []
        else:
            self.value += (x - self.value) * self.weight
        return self.value


class Wilder(Ema):
    """Wilder's average (1978): the mean of the first n values, then an EMA with alpha 1/n."""

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.weight = 1.0 / length
