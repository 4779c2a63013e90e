"""Effects with one thing wrong each, and one with nothing."""

from __future__ import annotations

import random
from typing import Any

from helios_engine.bodies import LlmReply, Prediction, PredictRequest
from helios_engine.catalog.feeds import CatalogBars


class Model:
    """Predicts nothing much: nothing is wrong with it."""

    handles = PredictRequest

    def answer(self, body: PredictRequest) -> Any:
        """A hundredth."""
        return Prediction(body.id, body.model, body.instrument, 0.01)


class Elsewhere(Model):
    """Replies to another request than the one that was made."""

    def answer(self, body: PredictRequest) -> Any:
        """To request 0."""
        return Prediction("0", body.model, body.instrument, 0.01)


class OtherKind(Model):
    """Replies a kind that its spec does not name."""

    def answer(self, body: PredictRequest) -> Any:
        """In words."""
        return LlmReply(body.id, body.model, "up")


class Moody(Model):
    """Predicts what the hidden generator draws."""

    def answer(self, body: PredictRequest) -> Any:
        """At random."""
        return Prediction(body.id, body.model, body.instrument, random.random())


class Hashed(Model):
    """Predicts what the hash seed of the process makes of a request's id."""

    def answer(self, body: PredictRequest) -> Any:
        """The same each time in one process."""
        return Prediction(body.id, body.model, body.instrument, hash(body.id) % 100 / 1e4)


class Mute(Model):
    """Model."""


class Hindsight(Model):
    """Predicts the change from the first bar of the catalog to the last."""

    def __init__(self, catalog: str) -> None:
        bars = [bar for _, bar in CatalogBars(catalog, "BTCZAR.VALR", "1h").inputs(0, 2**63 - 1)]
        self.change = bars[-1].close / bars[0].close - 1.0

    def answer(self, body: PredictRequest) -> Any:
        """It knows."""
        return Prediction(body.id, body.model, body.instrument, self.change)
