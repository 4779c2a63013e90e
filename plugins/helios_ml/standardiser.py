"""Features on one scale, by what was seen before."""

from __future__ import annotations

import math
from collections.abc import Sequence

LIMIT = 5.0


class Standardiser:
    """Running mean and variance of each column (Welford 1962), of the rows before the one asked about.

    A value becomes (x − mean) / deviation, clipped to ±5: the first rows give deviations near 0. What
    is not finite (a masked value) becomes 0, the mean, and is not learned; so does a column that has
    never changed.
    """

    def __init__(self, columns: int) -> None:
        self.counts = [0] * columns
        self.means = [0.0] * columns
        self.squares = [0.0] * columns

    def scale(self, row: Sequence[float]) -> list[float]:
        """The row on the scale of the rows before it; then it is one of them."""
        return [self._one(i, x) for i, x in enumerate(row)]

    def _one(self, i: int, x: float) -> float:
        if not math.isfinite(x):
            return 0.0
        distance = x - self.means[i]
        variance = self.squares[i] / (self.counts[i] - 1) if self.counts[i] > 1 else 0.0
        scaled = distance / math.sqrt(variance) if variance > 0.0 else 0.0
        self.counts[i] += 1
        self.means[i] += distance / self.counts[i]
        self.squares[i] += distance * (x - self.means[i])
        return max(-LIMIT, min(LIMIT, scaled))
