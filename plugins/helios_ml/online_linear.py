"""A linear model that predicts first and learns when the label arrives."""

from __future__ import annotations

import struct

from helios_engine.bodies import Label, Prediction, PredictRequest
from helios_engine.errors import DataError
from helios_ml.least_squares import LeastSquares
from helios_ml.standardiser import Standardiser


class Model:
    """What has been learned of one series of requests."""

    def __init__(self, schema: str, columns: int, ridge: float, memory: float) -> None:
        self.schema = schema
        self.standardiser = Standardiser(columns)
        self.regression = LeastSquares(columns + 1, ridge, memory)
        self.asked: dict[str, list[float]] = {}


class OnlineLinear:
    """Recursive least squares on standardised features and an intercept, from nothing, as it goes.

    A series is the part of a request's id before its last colon (`BTCZAR.VALR:15m`): each has its own
    model. `ridge` is the penalty, `memory` the forgetting factor (1 forgets nothing). Predictions are
    clipped to ±`limit`, a return as a fraction. A label to an unknown request teaches nothing.
    Raises DataError when a series changes its schema.
    """

    remembers = True
    handles = (PredictRequest, Label)

    def __init__(self, ridge: float = 1.0, memory: float = 1.0, limit: float = 0.1) -> None:
        if ridge <= 0 or not 0 < memory <= 1 or limit <= 0:
            raise ValueError(f"expected ridge > 0, 0 < memory <= 1, limit > 0; found {ridge}, {memory}, {limit}")
        self.ridge, self.memory, self.limit = ridge, memory, limit
        self.models: dict[str, Model] = {}

    def answer(self, body: PredictRequest | Label) -> Prediction | None:
        """Predict for a request; learn from a label, which has no reply."""
        if isinstance(body, Label):
            model = self.models.get(_series(body.request_id))
            x = None if model is None else model.asked.pop(body.request_id, None)
            if model is not None and x is not None:
                model.regression.learn(x, body.value)
            return None
        model = self._model(body)
        row = struct.unpack(f"<{len(body.mask)}d", body.values)
        x = model.asked[body.id] = [*model.standardiser.scale(row), 1.0]
        value = max(-self.limit, min(self.limit, model.regression.predict(x)))
        return Prediction(body.id, body.model, body.instrument, value)

    def _model(self, request: PredictRequest) -> Model:
        series, columns = _series(request.id), len(request.mask)
        model = self.models.get(series)
        if model is None:
            model = self.models[series] = Model(request.schema, columns, self.ridge, self.memory)
        if model.schema != request.schema or len(model.standardiser.means) != columns:
            raise DataError(
                f"PredictRequest {request.id}: expected features {model.schema} as before in this series, found "
                f"{request.schema} with {columns} columns; give each schema an effect of its own and name it as `model`"
            )
        return model


def _series(request: str) -> str:
    return request.rpartition(":")[0]
