"""Run a part of a run again: in this world to record what each part says, in another one to compare."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple, cast

import msgspec

from helios_engine.assemble import DEFINITIONS, assemble, sources
from helios_engine.build import Plan, build
from helios_engine.config import Config, on_catalog
from helios_engine.effects import RunningEffect
from helios_engine.engine import Engine
from helios_engine.errors import HeliosError
from helios_engine.events import Body
from helios_engine.plugins import Plugins
from helios_engine.proof.rehearsals.columns import difference_of
from helios_engine.proof.rehearsals.watching import (
    Difference,
    Said,
    Watch,
    WatchedEffect,
    WatchedNode,
    WatchedVenue,
    noting_lines,
)
from helios_engine.timeframe import iso
from helios_engine.timeline import Source

LATEST = 2**63 - 1
"""A time (ns UTC) that never comes."""


class Span(NamedTuple):
    """The part of a run that is run again: its inputs from `begin` on and before `stop` (ns UTC)."""

    begin: int
    stop: int


class Stream(NamedTuple):
    """A source's inputs in this world: its rank, and each input with its time."""

    rank: int
    inputs: list[tuple[int, Body]]


class Rehearsal(NamedTuple):
    """What each part said in this world over a span, and the inputs of every source of the timeline."""

    said: dict[str, Said]
    streams: dict[str, Stream]


def plan_for(config: Config, plugins: Plugins, span: Span, catalog: str | None = None) -> Plan:
    """The plan of a span, decisions free from its begin on, over another catalog if one is named."""
    section = msgspec.structs.replace(config.run, start=iso(span.begin), stop=iso(span.stop), warmup="0s")
    changed = msgspec.structs.replace(config, run=section)
    plan = build(on_catalog(changed, catalog) if catalog is not None else changed, plugins)
    return plan._replace(begin=span.begin, start=span.begin, stop=span.stop)


def rehearse(
    plan: Plan,
    watch: Watch | None = None,
    enough: Callable[[dict[str, Said], int], bool] = lambda said, count: False,
    until: int = LATEST,
) -> Rehearsal:
    """Run a plan in this world and record what each part says.

    It ends with the data, with `until` (ns UTC), or after the time at which `enough`, told what was said and the number
    of inputs, is true.
    """
    watch = Watch() if watch is None else watch
    given = sources(plan)
    streams = {source.name: Stream(source.rank, []) for source in given}
    engine = _engine(plan, watch, given)
    for count, (ts, source, _, body) in enumerate(engine.run(), 1):
        if source in streams:  # what effects reply is theirs to say again
            streams[source].inputs.append((ts, body))
        upcoming = engine.timeline.upcoming
        if upcoming != ts and (upcoming is None or upcoming > until or enough(watch.said, count)):
            break
    return Rehearsal(watch.said, streams)


def compare(other: Plan, rehearsal: Rehearsal, until: int, notes_lines: bool = True) -> list[Difference]:
    """Run up to `until` with the parts of `other`, made over another world, and this world's inputs.

    After `until` inputs are the other world's, so that who reaches ahead of the clock finds what is there. Returns
    the first difference of each part, by when it was seen; it names the line if one `notes_lines`.
    """
    watch = Watch(rehearsal.said, until, notes_lines=notes_lines)
    streams = list(_spliced(other, rehearsal, until, watch.differences, notes_lines))
    _run(_engine(other, watch, streams), until)
    return sorted(watch.differences.values(), key=lambda d: d.ts)


def compare_feeds(other: Plan, rehearsal: Rehearsal, until: int, notes_lines: bool = True) -> list[Difference]:
    """The first difference of each feed up to `until`, without running anything that listens to it."""
    found: dict[str, Difference] = {}
    for source in _spliced(other, rehearsal, until, found, notes_lines):
        for ts, _ in source.inputs:
            if ts > until:
                break
    return sorted(found.values(), key=lambda d: d.ts)


def differing(other: Plan, rehearsal: Rehearsal, until: int) -> dict[str, list[int]]:
    """When each part that is no feed says something else over another world, although it hears the same throughout."""
    watch = Watch(rehearsal.said, until, goes_on=True)
    streams = [Source(name, s.rank, s.inputs) for name, s in rehearsal.streams.items()]
    _run(_engine(other, watch, streams), until)
    return watch.differing


def _run(engine: Engine, until: int) -> None:
    while (upcoming := engine.timeline.upcoming) is not None and upcoming <= until:
        engine.step()


def _engine(plan: Plan, watch: Watch, streams: list[Source]) -> Engine:
    nodes: Any = tuple(WatchedNode(node, watch) for node in plan.nodes)
    effects: Any = tuple(r._replace(make=cast(Any, partial(_watched, r, watch))) for r in plan.effects)
    venue: Any = WatchedVenue(plan.make_venue(), watch)
    return assemble(plan._replace(nodes=nodes, effects=effects), venue=venue, streams=streams)


def _watched(running: RunningEffect, watch: Watch) -> WatchedEffect:
    return WatchedEffect(running.name, running.make(), watch)


def _spliced(
    other: Plan, rehearsal: Rehearsal, until: int, differences: dict[str, Difference], notes_lines: bool
) -> Iterator[Source]:
    """This world's sources up to `until` and the other world's after it; what differs before is noted."""
    theirs = {source.name: source for source in sources(other)}
    feeds = {feed.name for feed in other.feeds}
    for name, ours in rehearsal.streams.items():
        if name == DEFINITIONS:
            yield Source(name, ours.rank, _defined(ours.inputs, theirs.get(name)))
            continue
        part = name if name in feeds else name.rpartition(".")[0]
        lines: list[str] = []
        inputs = theirs[name].inputs if name in theirs else ()
        noted = noting_lines(inputs, lines) if notes_lines else iter(inputs)
        yield Source(name, ours.rank, _splice(part, ours.inputs, _guarded(noted), lines, until, differences))


def _defined(ours: list[tuple[int, Body]], theirs: Source | None) -> list[tuple[int, Body]]:
    """The other world's definitions where they come when this one's do: no part says them, and what a definition
    tells of the future, a date of delisting that nobody knew yet, differs there."""
    other = [] if theirs is None else list(theirs.inputs)
    return other if [ts for ts, _ in other] == [ts for ts, _ in ours] else ours


def _splice(
    name: str,
    ours: list[tuple[int, Body]],
    other: Iterator[Any],
    lines: list[str],
    until: int,
    differences: dict[str, Difference],
) -> Iterator[tuple[int, Body]]:
    ahead: Any = None
    for item in ours:
        if item[0] > until:
            break
        if name not in differences:
            found = next(other, None)
            if found != item:
                ahead = found
                differences[name] = _feed_difference(name, item, found, lines[-1:])
            lines.clear()
        yield item
    if name not in differences:
        ahead = next(other, None)
        if ahead is not None and not isinstance(ahead, HeliosError) and ahead[0] <= until:
            differences[name] = _feed_difference(name, None, ahead, lines[-1:])
    while ahead is not None and not isinstance(ahead, HeliosError):
        if ahead[0] > until:
            yield ahead
        ahead = next(other, None)
        lines.clear()


def _guarded(stream: Iterator[Any]) -> Iterator[Any]:
    """A feed that fails in another world says so instead of ending the comparison."""
    try:
        yield from stream
    except HeliosError as error:
        yield error
    except Exception as error:
        yield HeliosError(f"{type(error).__name__}: {error}")


def _feed_difference(name: str, expected: Any, found: Any, lines: list[str]) -> Difference:
    where = lines[0] if lines else ""
    ts = expected[0] if expected is not None else found[0]
    if isinstance(found, HeliosError):
        return Difference(name, ts, "", f"it fails instead: {found}", where, True)
    before = () if expected is None else (expected[1],)
    after = () if found is None else (found[1],)
    if before == after:
        return Difference(name, ts, "ts", f"known at {iso(found[0])} in place of {iso(expected[0])}", where)
    _, column, text = difference_of(before, after)
    return Difference(name, min(ts, found[0]) if found is not None else ts, column, text, where)
