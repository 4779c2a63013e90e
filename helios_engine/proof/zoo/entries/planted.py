"""Faults of the engine itself, planted for the time of a trial: an honest run over a machine that is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from helios_engine.bodies import Bar, OrderIntent, Prediction, Trade
from helios_engine.engine import Engine
from helios_engine.events import Body, Event
from helios_engine.port import Port
from helios_engine.proof.zoo.entries.answering import HELPERS, PREDICT_RUN, Momentum
from helios_engine.proof.zoo.entries.filling import Trader
from helios_engine.proof.zoo.entry import Entry, Label, Planted
from helios_engine.proof.zoo.exchange import exchanged
from helios_engine.proof.zoo.runs import STAGE, STAGE_RUN
from helios_engine.stage import EffectSpec, StageSpec
from helios_engine.timeline import Input, Timeline

HOUR = 3_600_000_000_000


class OnTrades:
    """Buys a little at every hundredth trade."""

    consumes = Trade

    def __init__(self) -> None:
        self.count = 0

    def on_event(self, event: Event[Trade]) -> Iterator[OrderIntent]:
        """A market order."""
        self.count += 1
        if self.count % 100 == 0:
            yield OrderIntent(f"T-{self.count}", event.body.instrument, "BUY", Decimal("0.001"))


@contextmanager
def bars_early() -> Iterator[None]:
    """The timeline delivers bars an hour before they are known."""

    def push(timeline: Timeline, order: int, ts: int, body: Body) -> None:
        original(timeline, order, ts - HOUR if isinstance(body, Bar) else ts, body)

    with exchanged(Timeline, "_push", push) as original:
        yield


@contextmanager
def ties_turned() -> Iterator[None]:
    """The timeline delivers inputs of one time in the wrong order: last in rank first."""

    def taken(timeline: Timeline) -> Input | None:
        heap = timeline._heap
        if not heap:
            return None
        ts = min(entry[0] for entry in heap)
        chosen = max((entry for entry in heap if entry[0] == ts), key=lambda entry: entry[1:3])
        heap.remove(chosen)
        heap.sort(key=lambda entry: entry[:4])
        timeline.now = ts
        timeline._pull(chosen[2])
        return Input(ts, timeline._names[chosen[2]], chosen[3], chosen[4])

    with exchanged(Timeline, "next", taken):
        yield


@contextmanager
def replies_at_once() -> Iterator[None]:
    """Effects are answered without their delay."""

    def schedule(timeline: Timeline, ts: int, rank: int, source: str, body: Body) -> None:
        original(timeline, timeline.now, rank, source, body)

    with exchanged(Timeline, "schedule", schedule) as original:
        yield


@contextmanager
def warm_up_traded() -> Iterator[None]:
    """The port lets orders pass before the run has begun."""

    def refusal(port: Port, ts: int, intent: Body) -> str | None:
        port.start = 0
        return original(port, ts, intent)  # type: ignore[no-any-return]

    with exchanged(Port, "_refusal", refusal) as original:
        yield


@contextmanager
def matched_after() -> Iterator[None]:
    """The venue matches an event after the stages have heard it: orders are done on the event that caused them."""

    def take(engine: Engine, given: Input) -> None:
        venue = engine.port.venue
        market = venue.market
        waiting: list[tuple[int, Body]] = []
        venue.market = lambda ts, body: waiting.append((ts, body)) or []  # type: ignore[method-assign, func-returns-value]
        try:
            original(engine, given)
        finally:
            venue.market = market  # type: ignore[method-assign]
        for ts, body in waiting:
            for answer in market(ts + 1, body):
                engine._answer(ts, answer)

    with exchanged(Engine, "_take", take) as original:
        yield


def _entry(name: str, about: str, planted: Planted, run: str = STAGE_RUN, **more: Any) -> Entry:
    label = more.pop("label", Label(part="engine", layers=("availability",)))
    spec = more.pop("spec", StageSpec("zoo.trader", Trader))
    return Entry(name, about, run, spec, label=label, planted=planted, **more)


TRADES = '[[feed]]\nuse = "catalog.trades"\ninstrument = "BTCZAR.VALR"\n'
ENTRIES = (
    _entry("bars_early", "bars an hour before they are known", bars_early),
    _entry("ties_turned", "inputs of one time in the wrong order", ties_turned),
    _entry(
        "replies_at_once",
        "replies without their delay",
        replies_at_once,
        PREDICT_RUN + 'delay = "1h"\n',
        spec=EffectSpec("zoo.momentum", Momentum, (Prediction,)),
        helpers=HELPERS,
    ),
    _entry(
        "warm_up_traded",
        "orders before the run has begun",
        warm_up_traded,
        head='tick = "1h"\nstart = "2026-01-08"\nwarmup = "3d"',
    ),
    _entry(
        "matched_after",
        "matching after the stages have heard",
        matched_after,
        TRADES + STAGE,
        spec=StageSpec("zoo.ontrades", OnTrades),
        label=Label(part="venue", layers=("fills",)),
    ),
)
