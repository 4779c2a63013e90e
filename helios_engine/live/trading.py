"""The work of a paper run once it has begun: its past, then the loop that keeps its clock going."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from helios_engine.engine import Engine
from helios_engine.faults import strikes
from helios_engine.live.clock import Behind
from helios_engine.live.memory import Memory
from helios_engine.live.timeline import LiveTimeline

if TYPE_CHECKING:
    from helios_engine.live.paper import Paper

FLUSHED = 0.1
"""Seconds between two moments at which everything journaled is with the operating system."""
SLICE = 256
"""Inputs of the past between two looks at the connection."""
_SECOND = 1_000_000_000


async def warm(run: Paper, engine: Engine, timeline: LiveTimeline) -> None:
    """Take the past, with a look at the connection now and then."""
    run.session.join(engine, timeline)
    run.behind = 0
    while not timeline.is_warm and run.session.step():
        run.behind += 1
        if run.behind % SLICE == 0:
            await asyncio.sleep(0)


async def trade(run: Paper, connection: asyncio.Task[None]) -> None:
    """Keep the clock going until the run is stopped or the connection ends; raises what either broke with."""
    session, snapshots = run.session, run.snapshots
    engine, timeline = session.engine, session.timeline
    assert timeline is not None and engine is not None and snapshots is not None
    snapshots.take(engine, timeline, session.latest)
    flushed = told = saved = run.world.monotonic()
    behind = Behind(run.clock, run.world.now, session.failed)
    memory = Memory(run.config.containment.max_memory, session.failed, session.warn)
    while not run.stop.is_set():
        if connection.done():
            connection.result()
            session.warn("the connection ended by itself, and the run with it")
            return
        wait = min(max((timeline.due - run.world.now()) / _SECOND, 0.0) + 0.001, FLUSHED)
        with suppress(TimeoutError):
            await asyncio.wait_for(run.stop.wait(), wait)
        session.unbroken()
        if strikes("loop.late"):
            await run.world.sleep(1.5)
        session.pump()
        run.switching.turn()
        now = run.world.monotonic()
        if now - flushed >= FLUSHED * _SECOND and not strikes("journal.late"):
            engine.journal.flush()
            flushed = now
        if now - told >= _SECOND:
            run.tell(run)
            memory.look(now)
            behind.look()
            told = now
        if now - saved >= run.snapshot * _SECOND:
            snapshots.take(engine, timeline, session.latest)
            saved = now
