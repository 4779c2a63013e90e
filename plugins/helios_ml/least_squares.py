"""Recursive least squares: a ridge regression that takes one observation at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence


class LeastSquares:
    """Weights w minimise Σ memory^(n−i) (y_i − w·x_i)² + memory^n ridge |w|².

    With `memory` 1 that is the ridge solution (XᵀX + ridge I)⁻¹Xᵀy of all observations so far. The
    update is Haykin, Adaptive Filter Theory, RLS. Plain floats in a fixed order: a library's dot
    product may add in another order with another number of threads.
    """

    def __init__(self, size: int, ridge: float, memory: float) -> None:
        self.ridge, self.memory = ridge, memory
        self.weights = [0.0] * size
        self.inverse = _diagonal(size, 1.0 / ridge)

    def predict(self, x: Sequence[float]) -> float:
        """w·x."""
        return _dot(self.weights, x)

    def learn(self, x: Sequence[float], y: float) -> None:
        """Take in an observation. Weights that would leave the floats start over from 0."""
        px = [_dot(row, x) for row in self.inverse]
        scale = self.memory + _dot(x, px)
        gain = [p / scale for p in px]
        error = y - self.predict(x)
        self.weights = [w + g * error for w, g in zip(self.weights, gain, strict=True)]
        self.inverse = [
            [(p - g * q) / self.memory for p, q in zip(row, px, strict=True)]
            for row, g in zip(self.inverse, gain, strict=True)
        ]
        # With memory below 1 the inverse grows while nothing is learned in some direction.
        if not all(map(math.isfinite, (*self.weights, *(p for row in self.inverse for p in row)))):
            self.weights = [0.0] * len(x)
            self.inverse = _diagonal(len(x), 1.0 / self.ridge)


def _diagonal(size: int, value: float) -> list[list[float]]:
    return [[value if i == j else 0.0 for j in range(size)] for i in range(size)]


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    total = 0.0
    for x, y in zip(a, b, strict=True):
        total += x * y
    return total
