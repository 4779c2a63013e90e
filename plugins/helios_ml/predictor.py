"""Features in, requests to a model out; the label follows when its horizon has closed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from helios_engine.bodies import Bar, Features, Label, PredictRequest
from helios_engine.events import Event


class Predictor:
    """Asks `model` once a bar and tells it later what came of it.

    The label of a request is the return over the `horizon` bars after it, and is sent before the
    next request: a model learns only from what has closed. Rows with masked values are not asked about.
    """

    consumes = (Bar, Features)

    def __init__(self, model: str = "ml.online_linear", horizon: int = 1, schema: str = "basic/1") -> None:
        if horizon < 1:
            raise ValueError(f"horizon must be at least 1 bar, was {horizon}")
        self.model, self.horizon, self.schema = model, horizon, schema
        self.closes: dict[tuple[str, str], float] = {}
        self.waiting: dict[tuple[str, str], deque[tuple[int, str, float]]] = {}
        self.bars: dict[tuple[str, str], int] = {}

    def on_event(self, event: Event[Bar | Features]) -> Iterator[PredictRequest | Label]:
        body = event.body
        key = (body.instrument, body.timeframe)
        if isinstance(body, Bar):
            self.closes[key] = body.close
            self.bars[key] = self.bars.get(key, 0) + 1
            yield from self._labels(key, body)
        elif body.schema == self.schema and body.is_complete and key in self.closes:
            request = f"{body.instrument}:{body.timeframe}:{self.bars[key]}"
            self.waiting.setdefault(key, deque()).append((self.bars[key] + self.horizon, request, self.closes[key]))
            yield PredictRequest(request, self.model, body.instrument, body.schema, body.values, body.mask)

    def _labels(self, key: tuple[str, str], bar: Bar) -> Iterator[Label]:
        waiting = self.waiting.get(key)
        while waiting and waiting[0][0] <= self.bars[key]:
            _, request, close = waiting.popleft()
            yield Label(request, bar.instrument, bar.close / close - 1.0)
