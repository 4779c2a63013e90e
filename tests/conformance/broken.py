"""Parts with one thing wrong each, at the top of a module, so that a fresh process can import them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from helios_engine.bodies import Bar, Features, LlmReply, Prediction, PredictRequest, Schema, Signal
from helios_engine.catalog.feeds import CatalogBars
from helios_engine.catalog.importers import generic
from helios_engine.catalog.importers.contract import Ask, Guess, Rows, Source
from helios_engine.demo.leaky import CentredTrend
from helios_engine.events import Event
from helios_engine.hookspecs import hookimpl
from helios_engine.stage import EffectSpec, FeedSpec, ImporterSpec, Pin, StageSpec

ROW = Schema("testing/1", ("change", "range", "seen"))
_SEEN = [0]


class Sound:
    """A signal of one at every bar that closes above its open: nothing is wrong with it."""

    consumes = Bar

    def __init__(self) -> None:
        self.count = 0

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        self.count += 1
        yield Signal(event.body.instrument, float(event.body.close > event.body.open and self.count % 2))


class Wordless:
    consumes = Bar

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        yield Signal(event.body.instrument, 1.0)


class Silent(Sound):
    """A stage that never says anything at all."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        yield from ()


class Drawing(Sound):
    """A signal drawn from the hidden generator of the process."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        yield Signal(event.body.instrument, random.random())


class Counting(Sound):
    """A signal that follows a count kept in the module."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        _SEEN[0] += 1
        yield Signal(event.body.instrument, _SEEN[0] / 1e6)


class Forgetful(Sound):
    """A stage whose saved state is empty, although it counts."""

    def dump(self) -> bytes:
        """Nothing."""
        return b""

    def load(self, state: bytes) -> None:
        """Nothing."""


class Dividing(Sound):
    """A signal over the range of a bar, which may be nothing."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        bar = event.body
        yield Signal(bar.instrument, (bar.close - bar.open) / (bar.high - bar.low) if bar.volume or bar.high else 0.0)


class Believing(Sound):
    """A signal of a feature, whether it is masked or not."""

    consumes = Features

    def on_event(self, event: Event[Features]) -> Iterator[Signal]:  # type: ignore[override]
        yield Signal(event.body.instrument, float(event.body.array[0]))


class Marking(Sound):
    """A stage that writes into the event it is given and wipes its traces for the pipeline's own check."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        Event.seq.__set__(event, event.seq + 1)  # type: ignore[attr-defined]
        yield Signal(event.body.instrument, 1.0)


class Bars(CatalogBars):
    """The catalog's hourly bars of one instrument: nothing is wrong with them."""

    def __init__(self, catalog: str) -> None:
        super().__init__(catalog, "BTCZAR.VALR", "1h")


class Backward(Bars):
    """The catalog's bars with two of them in the wrong order."""

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Bar]]:
        """The fourth and fifth are exchanged."""
        rows = list(super().inputs(start, stop))
        rows[3:5] = rows[4:2:-1]
        yield from rows


class Greedy(Bars):
    """The catalog's bars, the one at `stop` included."""

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Bar]]:
        """Of a closed span."""
        yield from super().inputs(start, min(stop + 1, 2**63 - 1))


class Early(Bars):
    """The catalog's bars, known when they open."""

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Bar]]:
        """At the open."""
        yield from ((bar.ts_open, bar) for _, bar in super().inputs(0, 2**63 - 1) if start <= bar.ts_open < stop)


class Mislabelled(Bars):
    """The catalog's bars, annotated as signals."""

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Signal]]:  # type: ignore[override]
        """Bars all the same."""
        yield from super().inputs(start, stop)  # type: ignore[misc]


class Unpinned(Bars):
    """The catalog's bars under a pin that is the same whatever they are."""

    def pin(self) -> Pin:
        """Always the same digest."""
        found = super().pin()
        return Pin("always", found.rows, found.first, found.last)


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


def certain(source: Source) -> Guess | None:
    """Sure of every file there is."""
    return Guess(1.0, "it is a file")


def unsure(source: Source) -> Guess | None:
    """Sure of none."""
    return None


def credulous(sources: Iterable[Source], ask: Ask) -> Iterator[Rows]:
    """Read with every line left out that is no row: what a careless parser does."""
    for source in sources:
        lines = source.text().splitlines()
        kept = [line for n, line in enumerate(lines) if n == 0 or (line.count(",") == 5 and "abc" not in line)]
        path = Path(source.path.parent / f"kept-{source.path.name}")
        path.write_text("\n".join(kept) + "\n")
        yield from generic.read([Source(path)], ask)


@hookimpl
def helios_stages() -> list[StageSpec]:
    mine = (Sound, Wordless, Silent, Drawing, Counting, Forgetful, Dividing, Believing, Marking, CentredTrend)
    return [StageSpec(f"broken.{kind.__name__.lower()}", kind) for kind in mine]


@hookimpl
def helios_feeds() -> list[FeedSpec]:
    kinds = (Bars, Backward, Greedy, Early, Mislabelled, Unpinned)
    return [FeedSpec(f"broken.{kind.__name__.lower()}", kind) for kind in kinds]


@hookimpl
def helios_effects() -> list[EffectSpec]:
    kinds = (Model, Elsewhere, OtherKind, Moody)
    return [EffectSpec(f"broken.{kind.__name__.lower()}", kind, emits=(Prediction,)) for kind in kinds]


@hookimpl
def helios_importers() -> list[ImporterSpec]:
    return [
        ImporterSpec("broken-certain", "Sure of every file", certain, credulous),
        ImporterSpec("broken-unsure", "Sure of no file", unsure, generic.read),
        ImporterSpec("broken-sound", "Rows as the generic importer reads them", unsure, generic.read),
    ]
