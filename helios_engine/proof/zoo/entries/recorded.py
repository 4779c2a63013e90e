"""Files from before the run that are not: models trained within it, and replies of models that have read about it.

The files lie in the zoo with their provenances; no cut can show these leaks, because the files stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from helios_engine.bodies import Bar, LlmReply, LlmRequest, Signal
from helios_engine.events import Event
from helios_engine.proof.findings import Layer
from helios_engine.proof.zoo import entry as zoo
from helios_engine.proof.zoo.entries.answering import HELPERS, LLM_RUN
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.runs import STAGE_RUN
from helios_engine.stage import EffectSpec, StageSpec

FILES = Path(zoo.__file__).parent / "files"
HOUR = 3_600_000_000_000


class TrainedBefore:
    """A model whose weights were fitted on the year before the run: a declared file, which it may read."""

    consumes = Bar

    def __init__(self, weights: Path = FILES / "trained_before.json") -> None:
        self.weights = json.loads(weights.read_text(encoding="utf-8"))
        self.last = 0.0

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """The prediction for the next bar, as a signal."""
        before, self.last = self.last, event.body.close
        move = self.last / before - 1 if before else 0.0
        value = 100 * (self.weights["momentum"] * move + self.weights["bias"])
        yield Signal(event.body.instrument, max(-1.0, min(1.0, value)))


class TrainedWithin(TrainedBefore):
    """The same model, whose training set ends in the middle of the run that tests it."""

    def __init__(self, weights: Path = FILES / "trained_within.json") -> None:
        super().__init__(weights)


class RecordedBefore:
    """A cassette of a language model whose knowledge ends half a year before the run."""

    handles = LlmRequest

    def __init__(self, cassette: Path = FILES / "recorded_before.json") -> None:
        self.texts = json.loads(cassette.read_text(encoding="utf-8"))

    def answer(self, body: LlmRequest) -> LlmReply:
        """The recorded reply for the hour."""
        return LlmReply(body.id, body.model, self.texts[str(int(body.id) // HOUR % 24)])


class RecordedLater(RecordedBefore):
    """A cassette that was recorded afterwards, with a model that had read how the run went."""

    def __init__(self, cassette: Path = FILES / "recorded_later.json") -> None:
        super().__init__(cassette)


JUDGED: tuple[Layer, ...] = ("artefacts",)
ENTRIES = (
    Entry(
        "trained_within",
        "a model trained on the test window",
        STAGE_RUN,
        StageSpec("zoo.trainedwithin", TrainedWithin),
        (StageSpec("zoo.trainedbefore", TrainedBefore),),
        Label("weights", layers=JUDGED),
    ),
    Entry(
        "recorded_later",
        "replies recorded after the fact",
        LLM_RUN,
        EffectSpec("zoo.recordedlater", RecordedLater, (LlmReply,)),
        (EffectSpec("zoo.recordedbefore", RecordedBefore, (LlmReply,)),),
        Label("cassette", layers=JUDGED),
        HELPERS,
    ),
)
