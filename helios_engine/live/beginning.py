"""How a paper run begins: a new one from what its connection brings, a killed one from what it left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from helios_engine.bodies import Bar, Trade
from helios_engine.build import Plan
from helios_engine.effects import RunningEffect
from helios_engine.errors import NotAvailableError
from helios_engine.live.killed import Killed
from helios_engine.live.planning import definitions_of, live_plan, recorded_plan
from helios_engine.live.timeline import Stored, Ticks
from helios_engine.live.warming import Warmth, live_ticks, past, warm_up
from helios_engine.recorder.connection import Wanted
from helios_engine.timeframe import nanoseconds, timeframe_ns
from helios_engine.timeline import Timeline

if TYPE_CHECKING:
    from helios_engine.live.paper import Paper


class Began(NamedTuple):
    """What a run begins with: its plan, what lies behind it, its first live tick.

    `asks` says which effects are asked as the past is taken: a killed run has replies on record, which count, but
    effects that learn from what they are asked learn it again.
    """

    plan: Plan
    past: Timeline
    ticks: Ticks
    asks: Callable[[RunningEffect], bool]


def overlap(run: Paper) -> None:
    """A warm-up ends where the connection begins: let that begin a little before, so that nothing falls between.

    What both tell is heard once, see `Session.told`.
    """
    go_on = getattr(run.made.connection, "go_on", None)
    if go_on is None or not nanoseconds(run.config.run.warmup):
        return
    now = run.world.now()
    for want in run.wanted:
        if want.kind is Trade or want.kind is Bar:
            go_on(want, begun(want, now))


def begun(want: Wanted, ts: int) -> int:
    """What to go on from (ns UTC) so that nothing of `ts` or later is left out: a bar may have begun before."""
    if want.kind is not Bar:
        return ts
    length = timeframe_ns(want.timeframe)
    return ts // length * length - length


async def fresh(run: Paper, connection: asyncio.Task[None]) -> Began:
    """A new run: definitions and the first price from the connection, then history for its warm-up."""
    plan = await _planned(run, connection)
    run.session.is_planned = True
    warmth = await _unless_over(run, connection, warm_up(plan, run.made.connection, run.wanted))
    run.warmth = [*warmth.came, *(f"{text} is missing" for text in warmth.missing)]
    run.session.told = warmth.told
    ticks = live_ticks(plan)
    return Began(plan, past(plan, warmth, ticks), ticks, lambda running: True)


def again(run: Paper, killed: Killed) -> Began:
    """A killed run: its own inputs."""
    plan = recorded_plan(run.config, killed.header, run.plugins)
    run.session.definitions |= {d.instrument: d for d in definitions_of(killed.header)}
    stored = Stored(killed.inputs(plan.codec))
    return Began(plan, stored, live_ticks(plan), lambda running: getattr(running.effect, "remembers", False))


async def _planned(run: Paper, connection: asyncio.Task[None]) -> Plan:
    """The plan, once every instrument is defined and the first price has come."""
    session, needed = run.session, set(run.instruments)
    deadline = run.world.monotonic() + int(run.patience * 1e9)
    while needed - session.definitions.keys() or not session.first:
        if connection.done():
            connection.result()
        run.switching.may_begin()
        if run.stop.is_set():
            raise NotAvailableError("stopped before the first price had come; nothing was decided")
        if run.world.monotonic() > deadline:
            raise NotAvailableError(_what_lacks(run, needed))
        run.moved.clear()
        run.tell(run)
        with suppress(TimeoutError):
            await asyncio.wait_for(run.moved.wait(), 1.0)
    return live_plan(run.config, [session.definitions[name] for name in sorted(needed)], session.first, run.plugins)


async def _unless_over(run: Paper, connection: asyncio.Task[None], work: Coroutine[Any, Any, Warmth]) -> Warmth:
    """Wait for history, but not longer than for the connection or for whoever stops the run."""
    task, stopped = asyncio.create_task(work), asyncio.create_task(run.stop.wait())
    try:
        while not task.done():
            await asyncio.wait([task, stopped, connection], timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
            run.tell(run)
            if stopped.done():
                raise NotAvailableError("stopped while history was asked for; nothing was decided")
            if connection.done():
                connection.result()
                raise NotAvailableError("the connection ended by itself while history was asked for")
        return task.result()
    finally:
        task.cancel()
        stopped.cancel()
        await asyncio.gather(task, stopped, return_exceptions=True)


def _what_lacks(run: Paper, needed: set[str]) -> str:
    lacking = sorted(needed - run.session.definitions.keys())
    what = f"no definition of {', '.join(lacking)}" if lacking else "no price of any feed"
    lines = "; ".join(f"{line.name}: {line.problem or 'up'}" for line in run.made.connection.lines())
    return f"{what} came within {run.patience:g} s ({lines or 'no line was opened'}); is the exchange reachable?"
