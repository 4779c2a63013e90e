"""Leaks through a block: the rows that come later are at hand, and nothing but care keeps a stage from them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from helios_engine.block import Block
from helios_engine.bodies import Bar, Features, Schema, Signal
from helios_engine.events import Event
from helios_engine.proof.findings import Layer
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.runs import STAGE_RUN
from helios_engine.stage import StageSpec

HOUR = 3_600 * 10**9
ROW = Schema("row/1", ("change",))


class Change:
    """The change of the close from bar to bar, event by event and by blocks."""

    consumes = Bar

    def __init__(self) -> None:
        self.last = 0.0

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """One bar."""
        yield Signal(event.body.instrument, self.value(event.body.close, event.ts))

    def on_columns(self, block: Block) -> Iterator[tuple[int, Signal]]:
        """Many bars."""
        (rows,) = block.parts
        for n, value in enumerate(self.values(rows["close"], block)):
            yield int(rows.at[n]), Signal(rows.instrument, value)

    def value(self, close: float, ts: int) -> float:
        """The change, as a fraction."""
        before, self.last = self.last or close, close
        return close / before - 1

    def values(self, closes: Any, block: Block) -> list[float]:
        """All changes of a block."""
        return [self.value(close, int(ts)) for close, ts in zip(closes.tolist(), block.ts, strict=True)]


class NextRow(Change):
    """Takes the close of the next row, where the block has one."""

    def values(self, closes: Any, block: Block) -> list[float]:
        """Shifted by one."""
        honest = super().values(closes, block)
        return [*honest[1:], honest[-1]]


class WholeBlock(Change):
    """Takes the mean of the whole block off, as one does with a frame of all data."""

    def values(self, closes: Any, block: Block) -> list[float]:
        """Centred."""
        honest = super().values(closes, block)
        middle = math.fsum(honest) / len(honest)
        return [value - middle for value in honest]


class LastIsNow(Change):
    """Weighs by the hour of the day, and takes the end of the block for now."""

    def value(self, close: float, ts: int) -> float:
        """The change, more in the evening."""
        return super().value(close, ts) * (1 + ts // HOUR % 24)

    def values(self, closes: Any, block: Block) -> list[float]:
        """All at the hour of the last."""
        return [self.value(close, int(block.ts[-1])) for close in closes.tolist()]


class Hourly(LastIsNow):
    """Weighs each by its own hour."""

    def values(self, closes: Any, block: Block) -> list[float]:
        """Each at its hour."""
        return Change.values(self, closes, block)


class TooEarly(Change):
    """Says what a row brought at the index of the row before."""

    def on_columns(self, block: Block) -> Iterator[tuple[int, Signal]]:
        """One index too low, except for the first."""
        for index, signal in super().on_columns(block):
            yield max(0, index - 1), signal


class Base(Change):
    """Reads on through the memory behind an array, past the row at hand."""

    def values(self, closes: Any, block: Block) -> list[float]:
        """The change to the highest price that lies in the memory."""
        highest = float(np.frombuffer(closes.base, dtype=closes.dtype).max())
        honest = super().values(closes, block)
        return [value + highest / close - 1 for value, close in zip(honest, closes.tolist(), strict=True)]


class Row:
    """The change as a row of features."""

    consumes = Bar

    def __init__(self) -> None:
        self.last = 0.0

    def on_event(self, event: Event[Bar]) -> Iterator[Features]:
        """One bar."""
        yield Features.of(event.body.instrument, ROW, [self.change(event.body.close)])

    def on_columns(self, block: Block) -> Iterator[tuple[int, Features]]:
        """Many bars, a row of its own for each."""
        (rows,) = block.parts
        for n, close in enumerate(rows["close"].tolist()):
            yield int(rows.at[n]), Features.of(rows.instrument, ROW, [self.change(close)])

    def change(self, close: float) -> float:
        """As a fraction."""
        before, self.last = self.last or close, close
        return close / before - 1


class SharedBuffer(Row):
    """Hands out one buffer for all rows, which it writes again for each: all end up as the last."""

    def on_columns(self, block: Block) -> Iterator[tuple[int, Features]]:
        """Many bars, one buffer."""
        buffer: Any = np.zeros(1)
        (rows,) = block.parts
        for n, close in enumerate(rows["close"].tolist()):
            buffer[0] = self.change(close)
            row: Any = memoryview(buffer).cast("B").toreadonly()
            yield int(rows.at[n]), Features(rows.instrument, "", ROW.name, row, b"\x01")


SEEN: tuple[Layer, ...] = ("drivers",)


def _entry(name: str, about: str, leak: type, twin: type, column: str | None = "Signal.value") -> Entry:
    specs = (StageSpec(f"zoo.{name}", leak), StageSpec(f"zoo.{name}_honest", twin))
    return Entry(name, about, STAGE_RUN, specs[0], (specs[1],), Label(column=column, layers=SEEN))


ENTRIES = (
    _entry("next_row", "the next row of the block", NextRow, Change),
    _entry("whole_block", "the mean of the whole block", WholeBlock, Change),
    _entry("last_is_now", "the last time of the block as now", LastIsNow, Hourly),
    _entry("too_early", "an output at the index before its cause", TooEarly, Change, "Signal"),
    _entry("base", "the memory behind an array", Base, Change),
    _entry("shared_buffer", "a buffer that is written again later", SharedBuffer, Row, None),
)
