"""Stages with one thing wrong each, and one with nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator

from helios_engine.block import Block
from helios_engine.bodies import Bar, Features, Signal
from helios_engine.events import Event

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


class NextRow(Sound):
    """A signal of one before every bar that closes above its open, where a block shows it already."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        yield Signal(event.body.instrument, float(event.body.close > event.body.open))

    def on_columns(self, block: Block) -> Iterator[tuple[int, Signal]]:
        """Each row gets the answer of the row behind it."""
        for rows in block.parts:
            rising = (rows["close"] > rows["open"]).tolist()
            for at, value in zip(rows.at.tolist(), [*rising[1:], rising[-1]], strict=True):
                yield at, Signal(rows.instrument, float(value))


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
