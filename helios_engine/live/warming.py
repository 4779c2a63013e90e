"""What a run has seen before its first live input: what the catalog has, then history of the connection."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from helios_engine.assemble import DEFINITIONS, DOUBTS, FIRST
from helios_engine.bodies import Bar, Instrument, Trade
from helios_engine.build import Plan, recorded_feed
from helios_engine.errors import AbsentError
from helios_engine.events import Body
from helios_engine.live.timeline import Ticks
from helios_engine.live.told import Told
from helios_engine.recorder.connection import Connection, Wanted
from helios_engine.soundness import RunningFeed
from helios_engine.timeframe import iso, nanoseconds, timeframe_ns
from helios_engine.timeline import TICK, Source, Timeline, ticks

Rows = list[tuple[int, Body]]
Span = tuple[int, int]
_MINUTE = nanoseconds("1m")
RECENT = 60 * _MINUTE
"""How far back a connection may tell again what a warm-up has told already."""
_LATE = _MINUTE
"""How much later than it was made a recorded trade may have come: history is asked from so far before its end."""


class Warmth(NamedTuple):
    """What came of a warm-up, by feed: `history` of the connection, oldest first, around what the catalog has `stored`.

    `told` are the trades and bars of its last hour; `came` and `missing` say in words where it is from.
    """

    stored: dict[str, RunningFeed]
    history: dict[str, Rows]
    told: Told
    came: list[str]
    missing: list[str]


async def warm_up(plan: Plan, connection: Connection, asked: dict[Wanted, str]) -> Warmth:
    """Look for `[plan.begin, plan.start)` of every feed; for nothing if the run has no warm-up.

    DataError if what the catalog has is damaged; what `history` of the connection raises.
    """
    warmth = Warmth({}, {feed.name: [] for feed in plan.feeds}, Told(), [], [])
    if plan.begin >= plan.start:
        return warmth
    for name in dict.fromkeys(asked.values()):
        if (stored := _stored(plan, name)) is not None:
            warmth.stored[name] = stored
            warmth.told.add(body for _, body in stored.feed.inputs(max(plan.begin, plan.start - RECENT), plan.start))
            first, last = max(plan.begin, stored.pin.first), min(plan.start, stored.pin.last)
            warmth.came.append(f"{name}: {iso(first)} to {iso(last)} of the catalog")
    for want, name in asked.items():
        for hole in _holes(plan, warmth.stored.get(name)):
            rows = await _filled(plan, connection, want, name, hole, warmth.stored.get(name))
            warmth.history[name] += rows
            warmth.told.add(body for ts, body in rows if ts >= plan.start - RECENT)
            if rows:
                span = f"{iso(rows[0][0])} to {iso(rows[-1][0])}"
                warmth.came.append(f"{name}: {len(rows):,} {want.kind.__name__}, {span}, of the connection's history")
            warmth.missing.extend(f"{name}: {want.kind.__name__} {text}" for text in _lacking(want, hole, rows))
    for found in warmth.history.values():
        found.sort(key=lambda row: row[0])
    return warmth


def _holes(plan: Plan, stored: RunningFeed | None) -> list[Span]:
    """What of the warm-up lies before and behind what the catalog has."""
    if stored is None:
        return [(plan.begin, plan.start)]
    spans = [(plan.begin, min(stored.pin.first, plan.start)), (max(plan.begin, stored.pin.last + 1), plan.start)]
    return [(start, stop) for start, stop in spans if start < stop]


async def _filled(
    plan: Plan, connection: Connection, want: Wanted, name: str, hole: Span, stored: RunningFeed | None
) -> Rows:
    """History of a hole, oldest first.

    A recorded trade is known when it came, one of history when it was made: of those around a hole ids decide.
    """
    history = getattr(connection, "history", None)
    if history is None:
        return []
    (start, stop), delay = hole, _delay(plan, name)
    known = Told()
    if want.kind is Trade and stored is not None:
        known.add(body for _, body in stored.feed.inputs(start - 2 * _LATE, stop + _LATE))
        start = max(plan.begin, start - _LATE)
    found: Rows = await history(want, start - delay, stop - delay)
    rows = [(ts + delay, body) for ts, body in found if start <= ts + delay < stop and body not in known]
    return sorted(rows, key=lambda row: row[0])


def _lacking(want: Wanted, hole: Span, rows: Rows) -> Iterator[str]:
    """In words, what is still missing at the beginning or the end of a hole."""
    usual = 2 * timeframe_ns(want.timeframe) if want.kind is Bar else _MINUTE
    edges = [hole[0], *((rows[0][0], rows[-1][0]) if rows else ()), hole[1]]
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - start > usual:
            yield f"of {(stop - start) / 1e9:,.0f} s from {iso(start)} on"


def past(plan: Plan, warmth: Warmth, ticks_: Ticks) -> Timeline:
    """The warm-up as the sources of a backtest: definitions, doubts, feeds, and ticks before the first live one."""
    found = [Source(DEFINITIONS, FIRST, _definitions(plan.instruments, plan.begin))]
    for name, stored in warmth.stored.items():
        doubts = getattr(stored.feed, "issues", None)
        if doubts is not None:
            found.append(Source(f"{name}.issues", DOUBTS, doubts(plan.begin, plan.start)))
    for feed in plan.feeds:
        before = warmth.stored.get(feed.name)
        kept = iter(()) if before is None else before.feed.inputs(plan.begin, plan.start)
        rows = heapq.merge(kept, warmth.history[feed.name], key=lambda row: row[0])
        found.append(Source(feed.name, feed.rank, rows))
    until = ticks_.first - 1 + ticks_.grace
    found.append(Source("tick", TICK, ticks(plan.tick, ticks_.length, ticks_.grace, plan.begin - 1, until)))
    return Timeline(found)


def live_ticks(plan: Plan) -> Ticks:
    """Where the ticks of the live part begin: with the first that is told after the run's start."""
    length, grace = timeframe_ns(plan.tick), nanoseconds(plan.config.run.grace)
    earliest = max(plan.begin, plan.start - grace)
    return Ticks(plan.tick, length, grace, -(-earliest // length) * length)


def _stored(plan: Plan, name: str) -> RunningFeed | None:
    """The feed over the catalog, if that has anything of the warm-up."""
    piece = next(piece for piece in plan.config.feeds if piece.name == name)
    try:
        found = recorded_feed(plan.config, piece, plan.plugins, plan.codec)
    except AbsentError:
        return None
    return found if found.pin.last >= plan.begin and found.pin.first < plan.start else None


def _definitions(instruments: Sequence[Instrument], begin: int) -> Iterator[tuple[int, Instrument]]:
    for definition in instruments:
        yield max(definition.valid_from, begin), definition


def _delay(plan: Plan, name: str) -> int:
    """How long after its own time a feed's row is known, as its table says."""
    piece = next(piece for piece in plan.config.feeds if piece.name == name)
    return nanoseconds(str(piece.settings.get("delay", "0s")))
