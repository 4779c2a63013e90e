"""Small real stages, feeds and plugins that tests put into runs."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from helios_engine.bodies import Bar, Instrument, Signal, Target
from helios_engine.codec import Codec
from helios_engine.events import Body, Event
from helios_engine.hookspecs import hookimpl
from helios_engine.node import Node
from helios_engine.stage import EffectSpec, StageSpec

MINUTE = 60 * 1_000_000_000
BTC = Instrument("BTCZAR.VALR", "BTC", "ZAR", 0, 8, tick=1, lot=1)  # type: ignore[arg-type]


def bar(close: float, number: int = 1, instrument: str = "BTCZAR.VALR", timeframe: str = "1m") -> Bar:
    """The `number`-th one-minute bar, flat at `close`."""
    return Bar(instrument, timeframe, (number - 1) * MINUTE, number * MINUTE, close, close, close, close, 1.0)


def event(body: Body, ts: int | None = None, seq: int = 0, source: str = "feed") -> Event[Body]:
    """An event as the pipeline would make it."""
    return Event(getattr(body, "ts_close", MINUTE) if ts is None else ts, seq, source, body)


class Follow:
    """A signal of 1 while the close rises, −1 while it falls."""

    consumes = Bar

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain
        self.last: dict[str, float] = {}

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        body = event.body
        before = self.last.get(body.instrument)
        self.last[body.instrument] = body.close
        if before is not None:
            yield Signal(body.instrument, self.gain if body.close > before else -self.gain)


class Size:
    """A target of ten times the signal."""

    consumes = Signal

    def on_event(self, event: Event[Signal]) -> Iterator[Target]:
        yield Target(event.body.instrument, 10 * event.body.value)


def node(make: Callable[[], Any], name: str = "test.stage", on: dict[str, Any] | None = None) -> Node:
    """A stage in its place, as `build` makes it."""
    return Node(name, make, on or {}, Codec())


class Collector:
    """A recorder that keeps every output."""

    def __init__(self) -> None:
        self.outputs: list[tuple[int, int, Body, tuple[str, int]]] = []

    def output(self, position: int, ts: int, body: Body, cause: tuple[str, int]) -> None:
        self.outputs.append((position, ts, body, cause))


def plugin(*stages: StageSpec, effects: Iterable[EffectSpec] = ()) -> types.ModuleType:
    """A plugin module that offers these recipes."""
    module = types.ModuleType("test_plugin")

    @hookimpl
    def helios_stages() -> list[StageSpec]:
        return list(stages)

    @hookimpl
    def helios_effects() -> list[EffectSpec]:
        return list(effects)

    module.helios_stages = helios_stages  # type: ignore[attr-defined]
    module.helios_effects = helios_effects  # type: ignore[attr-defined]
    return module
