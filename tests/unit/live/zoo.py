"""A plugin of stages and an effect that misbehave in every way there is, beside some that do what they should."""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from msgspec.structs import force_setattr

from helios_engine.bodies import (
    Control,
    OrderIntent,
    Prediction,
    PredictRequest,
    Quarantine,
    Quote,
    Reject,
    Signal,
    Tick,
    Trade,
)
from helios_engine.events import Event
from helios_engine.hookspecs import hookimpl
from helios_engine.stage import EffectSpec, StageSpec

Says = Iterator[Signal]


def _raise(event: Event[Trade]) -> Says:
    raise ValueError("the price is wrong")


def _partly(event: Event[Trade]) -> Says:
    yield Signal(event.body.instrument, 0.25)
    raise ValueError("after the first")


def _exit(event: Event[Trade]) -> Says:
    sys.exit(3)


def _interrupt(event: Event[Trade]) -> Says:
    raise KeyboardInterrupt


def _cancel(event: Event[Trade]) -> Says:
    raise asyncio.CancelledError


def _recurse(event: Event[Trade]) -> Says:
    return _recurse(event)


def _no_memory(event: Event[Trade]) -> Says:
    yield Signal(event.body.instrument, float(len(bytearray(1 << 60))))


def _change(event: Event[Trade]) -> Says:
    force_setattr(event.body, "price", -1.0)
    force_setattr(event, "ts", 5)
    yield Signal(event.body.instrument, 0.25)


def _sleep(event: Event[Trade]) -> Says:
    time.sleep(60)
    yield Signal(event.body.instrument, 0.25)


def _spin(event: Event[Trade]) -> Says:
    yield Signal(event.body.instrument, 0.25)
    while True:
        pass


def _swallow(event: Event[Trade]) -> Says:
    """Takes the first interruptions for errors to be passed over."""
    for _ in range(3):
        try:
            time.sleep(60)
        except BaseException:
            continue
    yield Signal(event.body.instrument, 0.25)


def _slow(event: Event[Trade]) -> Says:
    time.sleep(0.2)
    yield from ()


def _flood(event: Event[Trade]) -> Says:
    while True:
        yield Signal(event.body.instrument, 0.25)


def _burst(event: Event[Trade]) -> list[Signal]:
    return [Signal(event.body.instrument, number / 4000) for number in range(4000)]


def _deaf(event: Event[Trade]) -> Says:
    """Is in C, with the interpreter's lock, for three seconds: nothing can interrupt that."""
    ctypes.PyDLL(None).usleep(3_000_000)
    yield Signal(event.body.instrument, 0.25)


def _gone(event: Event[Trade]) -> Says:
    os._exit(7)


def _crash(event: Event[Trade]) -> Says:
    ctypes.string_at(0)
    yield Signal(event.body.instrument, 0.25)


WAYS: dict[str, Callable[[Event[Trade]], Any]] = {
    name[1:]: way
    for name, way in list(globals().items())
    if name.startswith("_") and callable(way) and way.__module__ == __name__
}


class Wild:
    """Signals of 0.5, and from trade number `after` on whatever `how` says; `leak` keeps 1 MiB a trade."""

    consumes = Trade

    def __init__(self, how: str = "", after: int = 20) -> None:
        self.how, self.after, self.count = how, after, 0
        self.kept: list[bytearray] = []

    def on_event(self, event: Event[Trade]) -> Iterator[Signal]:
        self.count += 1
        if self.how == "leak":
            self.kept.append(bytearray(b"x") * (1 << 20))
        elif self.count > self.after and self.how:
            yield from WAYS[self.how](event)
        yield Signal(event.body.instrument, 0.5)


class Stubborn:
    """An order that no gate passes, and after every refusal the same again, at once: quick turns without end."""

    consumes = (Tick, Reject)

    def __init__(self, after: int = 8) -> None:
        self.after, self.count = after, 0

    def on_event(self, event: Event[Tick | Reject]) -> Iterator[OrderIntent]:
        self.count += 1
        if self.count > self.after:
            yield OrderIntent(f"s{self.count}", "BTCZAR.ACME", "BUY", Decimal("0.00001"))


class Buyer:
    """Buys a little at every tick, so that risk rises; that of a later turn shows whether the gate is shut."""

    consumes = (Tick, Signal)

    def __init__(self) -> None:
        self.count = 0

    def on_event(self, event: Event[Tick | Signal]) -> Iterator[OrderIntent]:
        if isinstance(event.body, Tick):
            self.count += 1
            yield OrderIntent(f"b{self.count}", "BTCZAR.ACME", "BUY", Decimal("0.001"))


class Witness:
    """A signal for whatever it sees: trades as they were given, and who is out."""

    consumes = (Trade, Quote, Quarantine, Control)

    def on_event(self, event: Event[Trade | Quote | Quarantine | Control]) -> Iterator[Signal]:
        match event.body:
            case Trade():
                yield Signal("trade", event.body.price / 1e6)
            case Quarantine() | Control():
                yield Signal(type(event.body).__name__, 1.0)


class Asks:
    """A request at every tick; signals of what came back."""

    consumes = (Tick, Prediction)

    def __init__(self) -> None:
        self.count = 0

    def on_event(self, event: Event[Tick | Prediction]) -> Iterator[PredictRequest | Signal]:
        if isinstance(event.body, Tick):
            self.count += 1
            yield PredictRequest(str(self.count), "oracle", "BTCZAR.ACME", "none/1", b"", b"")
        else:
            yield Signal(event.body.instrument, event.body.value)


class Oracle:
    """Replies 0.5, and from request number `after` on as `how` says."""

    handles = PredictRequest

    def __init__(self, how: str = "", after: int = 3) -> None:
        self.how, self.after, self.count = how, after, 0

    def answer(self, body: PredictRequest) -> Prediction | None:
        """Reply, or not."""
        self.count += 1
        if self.count > self.after:
            match self.how:
                case "raise":
                    raise ConnectionError("no route to the oracle")
                case "exit":
                    sys.exit(4)
                case "hang":
                    time.sleep(3600)
                case "late":
                    time.sleep(0.6)
                case "text":
                    return "up"  # type: ignore[return-value]
        return Prediction(body.id, "oracle", body.instrument, 0.5)


class Learner:
    """Counts what it is asked, and takes its time over each."""

    handles = PredictRequest
    remembers = True

    def __init__(self, takes: float = 0.03) -> None:
        self.takes, self.count = takes, 0

    def answer(self, body: PredictRequest) -> Prediction:
        """Reply once it has learned."""
        before = self.count
        time.sleep(self.takes)
        self.count = before + 1
        return Prediction(body.id, "learner", body.instrument, 0.5)


@hookimpl
def helios_stages() -> list[StageSpec]:
    return [
        StageSpec("zoo.wild", Wild),
        StageSpec("zoo.stubborn", Stubborn),
        StageSpec("zoo.buyer", Buyer),
        StageSpec("zoo.witness", Witness),
        StageSpec("zoo.asks", Asks),
    ]


@hookimpl
def helios_effects() -> list[EffectSpec]:
    return [
        EffectSpec(name, kind, emits=(Prediction,)) for name, kind in (("zoo.oracle", Oracle), ("zoo.learner", Learner))
    ]


PLUGIN = SimpleNamespace(helios_stages=helios_stages, helios_effects=helios_effects)
