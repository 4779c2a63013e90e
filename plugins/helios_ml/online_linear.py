"""A linear model that predicts first and learns when the label arrives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from helios_engine.bodies import Label, Prediction, PredictRequest


class OnlineLinear:
    """Recursive least squares with an intercept, one model an instrument.

    Ridge `ridge` on the start, forgetting factor `memory` (1 forgets nothing; then the weights equal
    the ridge solution over all labels so far). Predictions are clipped to ±`limit`, a return.
    """

    handles = (PredictRequest, Label)

    def __init__(self, ridge: float = 1.0, memory: float = 1.0, limit: float = 0.1) -> None:
        if ridge <= 0 or not 0 < memory <= 1 or limit <= 0:
            raise ValueError(f"expected ridge > 0, 0 < memory <= 1, limit > 0; got {ridge}, {memory}, {limit}")
        self.ridge, self.memory, self.limit = ridge, memory, limit
        self.weights: dict[str, NDArray[np.float64]] = {}
        self.inverses: dict[str, NDArray[np.float64]] = {}
        self.asked: dict[str, NDArray[np.float64]] = {}

    def answer(self, body: PredictRequest | Label) -> Prediction | None:
        """Predict for a request; learn from a label, which has no reply."""
        if isinstance(body, Label):
            self._learn(body)
            return None
        x = np.append(np.frombuffer(body.values, dtype="<f8"), 1.0)
        weights = self.weights.get(body.instrument)
        if weights is None:
            weights = self.weights[body.instrument] = np.zeros(x.size)
            self.inverses[body.instrument] = np.eye(x.size) / self.ridge
        self.asked[body.id] = x
        value = float(np.clip(_dot(weights, x), -self.limit, self.limit))
        return Prediction(body.id, body.model, body.instrument, value)

    def _learn(self, label: Label) -> None:
        x = self.asked.pop(label.request_id, None)
        if x is None:
            return
        inverse = self.inverses[label.instrument]
        weights = self.weights[label.instrument]
        px = np.array([_dot(row, x) for row in inverse])
        gain = px / (self.memory + _dot(x, px))
        error = label.value - _dot(weights, x)
        self.weights[label.instrument] = weights + gain * error
        self.inverses[label.instrument] = (inverse - np.outer(gain, px)) / self.memory


def _dot(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    # Added in index order: BLAS may add in another order with another number of threads.
    total = 0.0
    for x, y in zip(a.tolist(), b.tolist(), strict=True):
        total += x * y
    return total
