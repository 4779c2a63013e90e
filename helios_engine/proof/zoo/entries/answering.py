"""Effects and prompts: models that look up what they should foretell, tools that find later pages, recordings."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from helios_engine.bodies import Bar, LlmReply, LlmRequest, Prediction, PredictRequest, Signal
from helios_engine.catalog.store import Catalog
from helios_engine.codec import Codec
from helios_engine.events import Event
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.frames import bars_frame
from helios_engine.proof.zoo.market import BTC, REPORT, REPORTS
from helios_engine.proof.zoo.runs import BARS
from helios_engine.stage import EffectSpec, StageSpec
from helios_engine.timeframe import iso

HOUR = 3_600_000_000_000

PREDICT_RUN = (
    BARS
    + """
[[stage]]
use = "zoo.asks"

[[stage]]
use = "zoo.follows"

[[effect]]
use = "{use}"
name = "suspect"
"""
)
LLM_RUN = PREDICT_RUN.replace("zoo.asks", "zoo.wonders").replace("zoo.follows", "zoo.obeys")


class Asks:
    """Asks the model about each bar; the return of the last bar is all the model is told."""

    consumes = Bar

    def __init__(self) -> None:
        self.last = 0.0

    def on_event(self, event: Event[Bar]) -> Iterator[PredictRequest]:
        """A request, whose id is the time."""
        before, self.last = self.last, event.body.close
        move = self.last / before - 1 if before else 0.0
        yield PredictRequest(str(event.ts), "suspect", event.body.instrument, "zoo", struct.pack("<d", move), b"\x01")


class Follows:
    """The sign of each prediction."""

    consumes = Prediction

    def on_event(self, event: Event[Prediction]) -> Iterator[Signal]:
        """Long where the model expects a rise."""
        yield Signal(event.body.instrument, 1.0 if event.body.value > 0 else -1.0)


class ReadsNext:
    """Predicts from the catalog: by the time at which it runs, "the latest bar" is the one to be predicted."""

    handles = PredictRequest

    def __init__(self, catalog: str) -> None:
        bars = bars_frame(catalog)
        self.closes = dict(zip(bars["ts"].tolist(), bars["close"].tolist(), strict=True))

    def answer(self, body: PredictRequest) -> Prediction:
        """The return of the bar after the request."""
        now = int(body.id)
        close = self.closes.get(now, 0.0)
        ahead = self.closes.get(now + HOUR, close)
        return Prediction(body.id, body.model, body.instrument, ahead / close - 1 if close else 0.0)


class Momentum:
    """Predicts from the request alone."""

    handles = PredictRequest

    def answer(self, body: PredictRequest) -> Prediction:
        """A tenth of the last move."""
        return Prediction(body.id, body.model, body.instrument, struct.unpack("<d", body.values)[0] / 10)


class Learns(Momentum):
    """Learns from requests as they come: each tells what became of the one before."""

    def __init__(self) -> None:
        self.weight, self.last = 0.1, 0.0

    def answer(self, body: PredictRequest) -> Prediction:
        """The learnt share of the last move."""
        move = float(struct.unpack("<d", body.values)[0])
        self.weight += 10.0 * self.last * (move - self.weight * self.last)
        self.last = move
        return Prediction(body.id, body.model, body.instrument, self.weight * move)


class Wonders:
    """Asks a language model about each bar, in words that name the time."""

    consumes = Bar

    def on_event(self, event: Event[Bar]) -> Iterator[LlmRequest]:
        """A question, whose id is the time."""
        yield LlmRequest(str(event.ts), "suspect", "You trade.", f"close {event.body.close} at {iso(event.ts)}", "{}")


class Obeys:
    """Goes by the first letter of the reply."""

    consumes = LlmReply

    def on_event(self, event: Event[LlmReply]) -> Iterator[Signal]:
        """Long for a text that begins with an even letter."""
        yield Signal(BTC, 1.0 if sum(map(ord, event.body.text)) % 2 else -1.0)


class SearchTool:
    """A model with a tool that searches the store: it is given the latest page, of all that were ever written."""

    handles = LlmRequest

    def __init__(self, catalog: str) -> None:
        table = Catalog(catalog).dataset("bodies", REPORTS, "zoo.Report@1").table()
        codec = Codec([REPORT])
        self.pages = [str(codec.decode(REPORT.tag, raw)) for raw in table["body"].to_pylist()]

    def answer(self, body: LlmRequest) -> LlmReply:
        """The last page, as the model sums it up."""
        return LlmReply(body.id, body.model, self.pages[-1])


class Reader:
    """A model of rules, which knows what the prompt says."""

    handles = LlmRequest

    def answer(self, body: LlmRequest) -> LlmReply:
        """The prompt's words, fewer."""
        return LlmReply(body.id, body.model, " ".join(body.prompt.split()[:3]))


class GoesLive(Reader):
    """A cassette that holds every other reply, and without a word asks the model for those it misses."""

    def answer(self, body: LlmRequest) -> LlmReply:
        """The recorded reply, or one of the live model, which is never twice the same."""
        if int(body.id) // HOUR % 2:
            return super().answer(body)
        return LlmReply(body.id, body.model, f"buy {random.choice(['now', 'later', 'never'])} {random.random()}")


class Pages(Reader):
    """A cassette that holds every reply it is asked for, in a table that is large and never changes."""

    def __init__(self) -> None:
        self.texts = {hour: f"reply {hour * 7 % 24}" for hour in range(24)}

    def answer(self, body: LlmRequest) -> LlmReply:
        """The reply for the hour."""
        return LlmReply(body.id, body.model, self.texts[int(body.id) // HOUR % 24])


def _effect(name: str, about: str, leak: type, label: Label, *twins: type) -> Entry:
    reply = (Prediction,) if leak.handles is PredictRequest else (LlmReply,)  # type: ignore[attr-defined]
    run = PREDICT_RUN if Prediction in reply else LLM_RUN
    specs = [EffectSpec(f"zoo.{kind.__name__.lower()}", kind, reply) for kind in (leak, *twins)]
    return Entry(name, about, run, specs[0], tuple(specs[1:]), label, HELPERS)


READER = EffectSpec("zoo.reader", Reader, (LlmReply,))
HELPERS = tuple(StageSpec(f"zoo.{kind.__name__.lower()}", kind) for kind in (Asks, Follows, Wonders, Obeys))
ENTRIES = (
    _effect("reads_next", "a model that reads the store", ReadsNext, Label("Prediction.value"), Momentum, Learns),
    _effect("search_tool", "a tool that finds later pages", SearchTool, Label("LlmReply.text"), Reader),
    _effect("goes_live", "a cassette that goes live on a miss", GoesLive, Label(layers=("differential",)), Pages),
)
