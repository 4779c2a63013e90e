"""Generated markets, and a pipeline over them by either driver: real timelines, nodes and stages, without a venue."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from helios_aggregation.time_bars import TimeBars
from helios_engine.block import Block, Rows
from helios_engine.block_making import rows_of
from helios_engine.bodies import Bar, Control, Instrument, Signal, Tick, Trade, VolForecast
from helios_engine.codec import Codec
from helios_engine.driving.ahead import Ahead
from helios_engine.driving.market_only import run_ahead
from helios_engine.driving.stretch import Part
from helios_engine.driving.timeline import BlockTimeline
from helios_engine.events import Body, Event
from helios_engine.node import Node
from helios_engine.pipeline import Pipeline
from helios_engine.timeline import TICK, Source, Timeline

SECOND = 10**9
MINUTE = 60 * SECOND
START = 1_767_571_200 * SECOND
NAMES = ("BTCZAR.VALR", "ETHZAR.VALR")
Said = tuple[int, int, Body, tuple[str, int]]


class Closes:
    """A third party's stage without columns: the change of the close from bar to bar."""

    consumes = Bar

    def __init__(self) -> None:
        self.last: dict[tuple[str, str], float] = {}

    def on_event(self, event: Event[Bar]) -> Iterator[VolForecast]:
        key = (event.body.instrument, event.body.timeframe)
        yield VolForecast(*key, abs(event.body.close - self.last.get(key, 0.0)))
        self.last[key] = event.body.close


class Turns:
    """A stage with columns behind it and behind the bars: a signal that remembers both."""

    consumes = (Bar, VolForecast)

    def __init__(self) -> None:
        self.sum: dict[str, float] = {}

    def step(self, name: str, value: float) -> Signal:
        self.sum[name] = self.sum.get(name, 0.0) / 2 + value
        return Signal(name, self.sum[name])

    def on_event(self, event: Event[Any]) -> Iterator[Signal]:
        body = event.body
        yield self.step(body.instrument, body.high if isinstance(body, Bar) else body.volatility)

    def on_columns(self, block: Block) -> Iterator[tuple[int, Signal]]:
        rows = [(i, r.instrument, v) for r in block.parts for i, v in zip(r.at, r[column(r)].tolist(), strict=True)]
        for index, name, value in sorted(rows, key=lambda row: row[0]):
            yield index, self.step(name, value)


class Reacts:
    """A stage that hears a control: it never runs ahead."""

    consumes = (Signal, Control)

    def __init__(self) -> None:
        self.factor = 1.0

    def on_event(self, event: Event[Any]) -> Iterator[Signal]:
        if isinstance(event.body, Control):
            self.factor += 1.0
        else:
            yield Signal(event.body.instrument, event.body.value * self.factor)


def column(rows: Rows) -> str:
    """The column that `Turns` reads of these rows."""
    return "high" if rows.kind is Bar else "volatility"


class World(NamedTuple):
    """Inputs by source, in the order in which sources are merged."""

    sources: dict[str, tuple[int, list[tuple[int, Body]]]]
    grace: str


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Trades of two instruments with ties, gaps, dates behind and before their arrival, late definitions, controls."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    grace = draw(st.sampled_from(["0s", "7s"]))
    definitions = [(START if rng.random() < 0.7 else START + MINUTE, definition(name, 8)) for name in NAMES]
    definitions.append((START + rng.randrange(30) * MINUTE, definition(NAMES[0], 9)))
    sources: dict[str, tuple[int, list[tuple[int, Body]]]] = {
        "instruments": (0, sorted(definitions, key=lambda given: given[0]))
    }
    for name in NAMES:
        rows: list[tuple[int, Body]] = []
        now = START + MINUTE
        for number in range(rng.randrange(120)):
            now += rng.choice([0, 0, 1, SECOND, 20 * SECOND, rng.choice([MINUTE, MINUTE - 1]), 7 * MINUTE])
            dated = max(1, now + rng.choice([0, 0, 0, -SECOND, -2 * MINUTE, SECOND, 3 * MINUTE]))
            price, size = rng.randrange(90_000, 110_000) / 100, rng.randrange(1, 10**9) / 10**8
            rows.append((now, Trade(name, dated, price, size, rng.choice(["BUY", "SELL", ""]), f"{name}-{number}")))
        sources[name] = (20, rows)
    told = sorted(START + rng.randrange(40 * MINUTE) for _ in range(rng.randrange(3)))
    sources["controls"] = (20, [(ts, Control("at", str(ts))) for ts in told])
    wait = 0 if grace == "0s" else 7 * SECOND
    sources["tick"] = (TICK, [(START + n * MINUTE + wait, Tick("1m", START + n * MINUTE)) for n in range(1, 60)])
    return World(sources, grace)


def definition(name: str, scale: int) -> Instrument:
    """An instrument with sizes of so many decimals."""
    lot = Decimal(1).scaleb(-scale)
    return Instrument(name, name[:3], "ZAR", 2, scale, tick=Decimal("0.01"), lot=lot)


def chunked(rows: list[tuple[int, Body]], size: int) -> Callable[[], Iterator[Rows]]:
    """Inputs of one kind as a feed hands them out in columns."""

    def blocks() -> Iterator[Rows]:
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            ts = np.array([ts for ts, _ in some], np.int64)
            yield rows_of([body for _, body in some], ts, np.arange(len(some)))

    return blocks


def stages(grace: str) -> list[tuple[str, Callable[[], Any]]]:
    """A chain with every kind of stage: by blocks, without columns before one by blocks, and reactive."""
    frames = ("1m", "5m", "15m", "1h")
    return [("bars", lambda: TimeBars(frames, grace)), ("closes", Closes), ("turns", Turns), ("reacts", Reacts)]


def said(
    world: World,
    made: Sequence[tuple[str, Callable[[], Any]]],
    *,
    blocks: bool,
    sizes: Iterator[int] | None = None,
    chunk: int = 1000,
    free: bool = False,
) -> tuple[list[Said], list[tuple[int, str, int]], str]:
    """Every output, every input that was handed out, and the error that ended it, if one did."""
    nodes = [Node(name, make, {}, Codec()) for name, make in made]
    heard: list[Said] = []

    class Recorder:
        def output(self, position: int, ts: int, body: Body, cause: tuple[str, int]) -> None:
            heard.append((position, ts, body, cause))

    ahead = run_ahead(nodes, ()) if blocks else frozenset()
    pipeline = Pipeline(nodes, Recorder(), lambda kind: False, ahead)
    given = [
        Source(name, rank, rows, chunked(rows, chunk) if name in NAMES else None)
        for name, (rank, rows) in world.sources.items()
    ]

    def wants(part: Part) -> bool:
        return not free or pipeline.wanted(part.rows.kind, part.instrument, part.timeframe, part.source)

    taken: list[tuple[int, str, int]] = []
    try:
        timeline: Timeline = (
            BlockTimeline(given, Ahead(nodes, ahead, pipeline.run), wants, sizes) if blocks else Timeline(given)
        )
        while (found := _next(timeline)) is not None:
            taken.append((found.ts, found.source, found.seq))
            pipeline.push(Event(found.ts, found.seq, found.source, found.body), timeline.released())
    except Exception as error:
        return heard, taken, f"{type(error).__name__}: {error}"
    return heard, taken, ""


def _next(timeline: Timeline) -> Any:
    while count := timeline.free():
        timeline.pass_over(count)
    return timeline.next()
