"""How a paper run begins: a new one from what its connection brings, a killed one from what it left."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from helios_engine.bodies import Bar, Trade
from helios_engine.build import Plan
from helios_engine.effects import RunningEffect
from helios_engine.engine import Ask
from helios_engine.errors import NotAvailableError
from helios_engine.events import Body
from helios_engine.live.killed import Killed
from helios_engine.live.planning import definitions_of, live_plan, recorded_plan
from helios_engine.live.timeline import Stored, Ticks
from helios_engine.live.warming import live_ticks, past, warm_up
from helios_engine.timeframe import nanoseconds
from helios_engine.timeline import REPLY, Timeline

if TYPE_CHECKING:
    from helios_engine.live.paper import Paper


class Began(NamedTuple):
    """What a run begins with: its plan, what lies behind it, its first live tick, and who is asked meanwhile."""

    plan: Plan
    past: Timeline
    ticks: Ticks
    ask: Ask


def overlap(run: Paper) -> None:
    """A warm-up ends where the connection begins: let that begin a little before, so that nothing falls between.

    What both tell is heard once, see `Session.told`.
    """
    go_on = getattr(run.made.connection, "go_on", None)
    if go_on is None or not nanoseconds(run.config.run.warmup):
        return
    now = run.world.now()
    for want in run.wanted:
        if want.kind is Trade:
            go_on(want, now)
        elif want.kind is Bar:
            length = nanoseconds(want.timeframe)
            go_on(want, now // length * length - length)


async def fresh(run: Paper, connection: asyncio.Task[None]) -> Began:
    """A new run: definitions and the first price from the connection, then history for its warm-up."""
    plan = await _planned(run, connection)
    run.session.is_planned = True
    warmth = await warm_up(plan, run.made.connection, run.wanted)
    run.warmth = [*warmth.came, *(f"{text} is missing" for text in warmth.missing)]
    run.session.told = warmth.told
    ticks = live_ticks(plan)
    before = past(plan, warmth, ticks)

    def ask(ts: int, running: RunningEffect, request: Body) -> None:
        reply = running.effect.answer(request)
        if reply is not None:
            before.schedule(ts + running.delay, REPLY, running.name, reply)

    return Began(plan, before, ticks, ask)


def again(run: Paper, killed: Killed) -> Began:
    """A killed run: its own inputs; effects that learn from what they are asked learn it again."""
    plan = recorded_plan(run.config, killed.header, run.plugins)
    run.session.definitions |= {d.instrument: d for d in definitions_of(killed.header)}

    def ask(ts: int, running: RunningEffect, request: Body) -> None:
        if getattr(running.effect, "remembers", False):
            running.effect.answer(request)

    return Began(plan, Stored(killed.inputs(plan.codec)), live_ticks(plan), ask)


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


def _what_lacks(run: Paper, needed: set[str]) -> str:
    lacking = sorted(needed - run.session.definitions.keys())
    what = f"no definition of {', '.join(lacking)}" if lacking else "no price of any feed"
    lines = "; ".join(f"{line.name}: {line.problem or 'up'}" for line in run.made.connection.lines())
    return f"{what} came within {run.patience:g} s ({lines or 'no line was opened'}); is the exchange reachable?"
