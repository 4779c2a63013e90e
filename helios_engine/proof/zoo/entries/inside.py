"""Stages that look into the process that runs them: its objects, its frames, its modules, and what outlives a run."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from typing import Any, ClassVar

from helios_engine.bodies import Bar, Signal
from helios_engine.events import Event
from helios_engine.proof.findings import Layer
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.runs import STAGE_RUN
from helios_engine.stage import StageSpec
from helios_engine.timeline import Timeline

VALUE, FIRST = "Signal.value", "2026-01-05T01:00:00Z"
_SEEN: dict[str, float] = {}


def direction(timelines: Iterator[Any], bar: Bar) -> float:
    """Where the next bar closes, by the heap of a timeline that waits for it; 0 without one."""
    for timeline in timelines:
        for entry in sorted(timeline._heap, key=lambda e: e[:4]):
            if isinstance(entry[-1], Bar) and entry[-1].ts_open >= bar.ts_close:
                return 1.0 if entry[-1].close > bar.close else -1.0
    return 0.0


class AllObjects:
    """Finds the run's timeline among all objects of the process, and reads what comes next."""

    consumes = Bar

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """The direction of the next bar."""
        found = (o for o in gc.get_objects() if type(o) is Timeline)
        yield Signal(event.body.instrument, direction(found, event.body))


class Frames:
    """Walks up the stack to the engine that called it, and reads its timeline."""

    consumes = Bar

    def on_event(self, event: Event[Bar]) -> list[Signal]:
        """The direction of the next bar."""
        return [Signal(event.body.instrument, direction(self.timelines(), event.body))]

    def timelines(self) -> Iterator[Any]:
        """Those that callers hold."""
        frame: Any = sys._getframe()
        while frame is not None:
            engine = frame.f_locals.get("self")
            if hasattr(engine, "timeline"):
                yield engine.timeline
            frame = frame.f_back


class Address:
    """Gets at an object by its address, through ctypes: here only at its own event."""

    consumes = Bar

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """The direction of the bar, read the hard way."""
        bar = ctypes.cast(id(event.body), ctypes.py_object).value
        yield Signal(bar.instrument, 1.0 if bar.close > bar.open else -1.0)


class Patches:
    """Exchanges a method of the engine for one that remembers each input as it is drawn, before its time."""

    consumes = Bar

    def __init__(self) -> None:
        self.next: Any = None
        original, stage = Timeline._push, self

        def push(timeline: Timeline, order: int, ts: int, body: Any) -> None:
            if isinstance(body, Bar):
                stage.next = body
            original(timeline, order, ts, body)

        Timeline._push = push  # type: ignore[method-assign, assignment]

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """The direction of the bar that was drawn last."""
        ahead = event.body if self.next is None else self.next
        yield Signal(event.body.instrument, 1.0 if ahead.close > event.body.close else -1.0)


class ModuleState:
    """Counts in a dictionary of its module: a second run in the process begins where the first ended."""

    consumes = Bar

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """Short near the lowest close that any run has seen."""
        name = event.body.instrument
        _SEEN[name] = min(_SEEN.get(name, event.body.close), event.body.close)
        yield Signal(name, -1.0 if event.body.close <= _SEEN[name] else 1.0)


class ClassState:
    """Counts in an attribute of its class."""

    consumes = Bar
    bars: ClassVar[int] = 0

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """Less after every bar of any run."""
        type(self).bars += 1
        yield Signal(event.body.instrument, round(1.0 / type(self).bars, 9))


class OwnState:
    """Counts in attributes of its own; constants of the class are read, never written."""

    consumes = Bar
    WEIGHTS: ClassVar[tuple[float, ...]] = (1.0, 0.5, 0.25)

    def __init__(self) -> None:
        self.bars = 0

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """A weight by the number of bars."""
        self.bars += 1
        yield Signal(event.body.instrument, self.WEIGHTS[self.bars % len(self.WEIGHTS)])


class NamesFrames:
    """Speaks of frames, objects and the future, and means pictures: nothing is reached."""

    consumes = Bar

    def __init__(self) -> None:
        self.frames: list[float] = []

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """The direction since the frame before."""
        self.frames.append(event.body.close)
        getframe = self.frames[-2:]
        future_frame = getframe[-1] - getframe[0]
        yield Signal(event.body.instrument, 1.0 if future_frame > 0 else -1.0)


def _entry(name: str, about: str, leak: type, label: Label, twins: tuple[type, ...] = ()) -> Entry:
    shown = tuple(StageSpec(f"zoo.{twin.__name__.lower()}", twin) for twin in twins)
    return Entry(name, about, STAGE_RUN, StageSpec(f"zoo.{leak.__name__.lower()}", leak), shown, label)


REACHED: tuple[Layer, ...] = ("hermetic", "prefix", "futures")
ENTRIES = (
    _entry("all_objects", "gc.get_objects()", AllObjects, Label(VALUE, FIRST, 1, REACHED)),
    _entry("frames", "sys._getframe()", Frames, Label(VALUE, FIRST, 1, REACHED), (NamesFrames,)),
    _entry("ctypes", "an object by its address", Address, Label(layers=("structure", "hermetic"))),
    _entry("patches", "a method of the engine exchanged", Patches, Label(VALUE, FIRST, 1, REACHED)),
    _entry("module_state", "state in a module", ModuleState, Label(layers=("differential",))),
    _entry("class_state", "state on a class", ClassState, Label(layers=("differential",)), (OwnState,)),
)
