"""The work of a paper run once it has begun: its past, then the loop that keeps its clock going."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from helios_engine.engine import Engine
from helios_engine.errors import NotAvailableError
from helios_engine.faults import strikes
from helios_engine.live.clock import Behind
from helios_engine.live.memory import Memory
from helios_engine.live.session import Asking
from helios_engine.live.timeline import LiveTimeline

if TYPE_CHECKING:
    from helios_engine.live.paper import Paper

FLUSHED = 0.1
"""Seconds between two moments at which everything journaled is with the operating system."""
SLICE = 256
"""Inputs of the past between two looks at the connection."""
_SECOND = 1_000_000_000


async def warm(
    run: Paper, engine: Engine, timeline: LiveTimeline, connection: asyncio.Task[None] | None = None
) -> None:
    """Take the past, with a look at the connection now and then; each request to an effect is waited for.

    NotAvailableError if the run is stopped meanwhile.
    """
    session, asking = run.session, run.asking
    assert asking is not None
    session.join(engine, timeline)
    run.behind = 0
    told = run.world.monotonic()
    while not timeline.is_warm and session.step():
        run.behind += 1
        if any(asking.waiting.values()):
            await _answered(run, asking)
        elif run.behind % SLICE:
            continue
        await asyncio.sleep(0)
        if run.stop.is_set():
            raise NotAvailableError("stopped while the past was taken; nothing new was decided")
        if connection is not None and connection.done():
            connection.result()
        if run.world.monotonic() - told >= _SECOND:
            run.tell(run)
            told = run.world.monotonic()


async def _answered(run: Paper, asking: Asking) -> None:
    """Wait until nobody waits for an effect any more: until it has replied, failed, or its patience is over."""
    pause = 0.0
    while any(asking.waiting.values()) and not run.stop.is_set():
        await run.world.sleep(pause)
        pause = min(pause + 0.0005, 0.02)


async def trade(run: Paper, connection: asyncio.Task[None]) -> None:
    """Keep the clock going until the run is stopped or the connection ends; raises what either broke with."""
    session = run.session
    engine, timeline = session.engine, session.timeline
    assert timeline is not None and engine is not None
    saving = _Saving(run, engine, timeline)
    flushed = told = run.world.monotonic()
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
        saving.look(run.world.monotonic())  # before a tick, which may ask effects, and not behind it
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


class _Saving:
    """Takes a snapshot at once and then every so often, but none while an effect learns: it cannot be read then."""

    def __init__(self, run: Paper, engine: Engine, timeline: LiveTimeline) -> None:
        self._run, self._engine, self._timeline = run, engine, timeline
        self._length = run.snapshot * _SECOND
        self._saved = run.world.monotonic() - self._length
        self._is_told = False
        self.look(run.world.monotonic())

    def look(self, now: int) -> None:
        """Take one if it is time to; say so, once, if an effect has been in the way for long."""
        run, since = self._run, now - self._saved
        assert run.snapshots is not None
        if since < self._length:
            return
        if not (learning := self._learning()):
            run.snapshots.take(self._engine, self._timeline, run.session.latest)
            self._saved = now
        elif since > 3 * self._length and not self._is_told:
            self._is_told = True
            run.session.warn(f"no snapshot for {since / _SECOND:.0f} s: effect {learning} does not come to rest")

    def _learning(self) -> str:
        """An effect whose memory is of the snapshot and that is at work; empty if there is none."""
        asking = self._run.asking
        assert asking is not None
        remember = (e.name for e in self._engine.effects if getattr(e.effect, "remembers", False))
        return next((name for name in remember if asking.busy[name]), "")
