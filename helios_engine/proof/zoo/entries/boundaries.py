"""Faults of the engine where one bar ends and the next begins, planted for the time of a trial."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec.structs import replace

from helios_engine import assemble
from helios_engine.bodies import Print, Tick
from helios_engine.catalog.feeds import CatalogBars
from helios_engine.events import Body, Event
from helios_engine.node import Node
from helios_engine.proof.zoo.entries.building import RUN, HourBars
from helios_engine.proof.zoo.entries.filling import Trader
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.exchange import exchanged
from helios_engine.proof.zoo.runs import STAGE_RUN
from helios_engine.stage import StageSpec

HOUR, MINUTE = 3_600_000_000_000, 60_000_000_000


@contextmanager
def ticks_early() -> Iterator[None]:
    """Ticks come a minute before the boundary that they tell of, so bars are closed without their last trades.

    The engine would refuse such bars; it does not look here.
    """

    def early(timeframe: str, length: int, grace: int, start: int, stop: int) -> Iterator[tuple[int, Tick]]:
        return original(timeframe, length, grace - MINUTE, start, stop)  # type: ignore[no-any-return]

    def vet(node: Node, output: Any, event: Event[Body], run: int) -> None:
        vetted(node, output, Event(event.ts + MINUTE, event.seq, event.source, event.body), run)

    with exchanged(assemble, "ticks", early) as original, exchanged(Node, "_vet", vet) as vetted:
        yield


@contextmanager
def prints_early() -> Iterator[None]:
    """The venue is shown the path of a bar an hour before it, so orders are filled at prices of the next bar."""

    def prints(feed: CatalogBars, start: int, stop: int) -> Iterator[tuple[int, Print]]:
        for ts, body in original(feed, start, stop):
            if ts - HOUR >= start:
                yield ts - HOUR, replace(body, ts_event=ts - HOUR)

    with exchanged(CatalogBars, "prints", prints) as original:
        yield


CLOCK = Label("Tick.boundary", "2026-01-05T00:59:00Z", layers=("availability",), part="engine")
# The data begin with the bar of midnight, known at 01:00; the next one's open is printed just after that.
PRINTED = Label("Print.price", "2026-01-05T01:00:00.000000001Z", part="catalog.bars:BTCZAR.VALR:1h")
ENTRIES = (
    Entry(
        "ticks_early",
        "bars closed a minute before their boundary",
        RUN,
        StageSpec("zoo.hourbars", HourBars),
        label=CLOCK,
        planted=ticks_early,
    ),
    Entry(
        "prints_early",
        "fills at prices of the next bar",
        STAGE_RUN,
        StageSpec("zoo.trader", Trader),
        label=PRINTED,
        planted=prints_early,
    ),
)
