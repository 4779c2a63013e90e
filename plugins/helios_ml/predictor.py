"""Features in, requests to a model out; the label follows when its horizon has closed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import msgspec

from helios_engine.bodies import Bar, Features, Label, PredictRequest
from helios_engine.events import Event


class Asked(msgspec.Struct, frozen=True):
    """A request whose label is still to come: due at bar number `due`, asked at `close`."""

    request: str
    due: int
    close: float


class Series:
    """Bars and open requests of one instrument and timeframe."""

    def __init__(self) -> None:
        self.close: float | None = None
        self.bars = 0
        self.requests = 0
        self.open: deque[Asked] = deque()


class Predictor:
    """Asks `model` about each row of `schema` and tells it later what came of it.

    The label of a request is the return from the last close before it to the close `horizon` bars
    later, as a fraction. It is sent before the next request: a model learns only from what has closed.
    Rows with masked values are not asked about. Requests are `instrument:timeframe:n`, n from 1.
    """

    consumes = (Bar, Features)

    def __init__(self, model: str = "ml.online_linear", horizon: int = 1, schema: str = "basic/1") -> None:
        if horizon < 1:
            raise ValueError(f"expected a horizon of at least 1 bar, found {horizon}")
        self.model, self.horizon, self.schema = model, horizon, schema
        self.series: dict[tuple[str, str], Series] = {}

    def on_event(self, event: Event[Bar | Features]) -> Iterator[PredictRequest | Label]:
        body = event.body
        series = self.series.setdefault((body.instrument, body.timeframe), Series())
        if isinstance(body, Bar):
            series.close = body.close
            series.bars += 1
            while series.open and series.open[0].due <= series.bars:
                asked = series.open.popleft()
                yield Label(asked.request, body.instrument, body.close / asked.close - 1.0)
        elif body.schema == self.schema and body.is_complete and series.close is not None:
            series.requests += 1
            request = f"{body.instrument}:{body.timeframe}:{series.requests}"
            series.open.append(Asked(request, series.bars + self.horizon, series.close))
            yield PredictRequest(request, self.model, body.instrument, body.schema, body.values, body.mask)
