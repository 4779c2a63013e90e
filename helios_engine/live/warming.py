"""What a run has seen before its first live input: history of the catalog and of the connection, as a backtest has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from helios_engine.assemble import DEFINITIONS, FIRST
from helios_engine.bodies import Bar, Instrument
from helios_engine.build import Plan
from helios_engine.events import Body
from helios_engine.live.timeline import Ticks
from helios_engine.recorder.connection import Connection, Wanted
from helios_engine.timeframe import duration_text, nanoseconds, timeframe_ns
from helios_engine.timeline import TICK, Source, Timeline, ticks

Rows = list[tuple[int, Body]]


class Warmth(NamedTuple):
    """What came of a warm-up: inputs by feed, oldest first, and in words what could not be had."""

    rows: dict[str, Rows]
    missing: list[str]


async def warm_up(plan: Plan, connection: Connection, asked: dict[Wanted, str], until: int) -> Warmth:
    """Ask the connection for `[plan.begin, until)` of every feed; nothing if the run has no warm-up."""
    rows: dict[str, Rows] = {feed.name: [] for feed in plan.feeds}
    missing: list[str] = []
    if plan.begin >= plan.start:
        return Warmth(rows, missing)
    history = getattr(connection, "history", None)
    for want, name in asked.items():
        delay = _delay(plan, name)
        found: Rows = [] if history is None else await history(want, plan.begin - delay, until - delay)
        known = [(ts + delay, body) for ts, body in found if plan.begin <= ts + delay < until]
        rows[name] = sorted(rows[name] + known, key=lambda row: row[0])
        gap = (known[0][0] if known else until) - plan.begin
        if gap > (2 * timeframe_ns(want.timeframe) if want.kind is Bar else nanoseconds("1m")):
            missing.append(f"{name}: {want.kind.__name__} of the first {duration_text(gap)} of the warm-up")
    return Warmth(rows, missing)


def past(plan: Plan, warmth: Warmth, length: int, grace: int, first: int) -> Timeline:
    """The warm-up as the sources of a backtest: definitions, feeds, and ticks before the `first` live one."""
    found = [Source(DEFINITIONS, FIRST, _definitions(plan.instruments, plan.begin))]
    found += [Source(feed.name, feed.rank, iter(warmth.rows[feed.name])) for feed in plan.feeds]
    found.append(Source("tick", TICK, ticks(plan.tick, length, grace, plan.begin - 1, first - 1 + grace)))
    return Timeline(found)


def live_ticks(plan: Plan) -> Ticks:
    """Where the ticks of the live part begin: with the first that is told after the run's start."""
    length, grace = timeframe_ns(plan.tick), nanoseconds(plan.config.run.grace)
    earliest = max(plan.begin, plan.start - grace)
    return Ticks(plan.tick, length, grace, -(-earliest // length) * length)


def _definitions(instruments: Sequence[Instrument], begin: int) -> Iterator[tuple[int, Instrument]]:
    for definition in instruments:
        yield max(definition.valid_from, begin), definition


def _delay(plan: Plan, name: str) -> int:
    """How long after its own time a feed's row is known, as its table says."""
    piece = next(piece for piece in plan.config.feeds if piece.name == name)
    return nanoseconds(str(piece.settings.get("delay", "0s")))
