"""Keeps a line of the stream up: opened anew when it breaks, and replaced before VALR closes it, without a gap."""

from __future__ import annotations

import asyncio
from itertools import cycle

from helios_valr.live.envelopes import EDGE, Closed, edge
from helios_valr.live.states import State
from helios_valr.live.stream import EndedError, Shared, Stream
from helios_valr.live.tasks import LIVELY, wait_after
from helios_valr.rest.budget import Budget
from helios_valr.rest.waits import after_limit

_SECOND = 1_000_000_000
NAMES = ("valr.stream.a", "valr.stream.b")
PATH = "/ws/trade"


class Links:
    """Two names, of which one line is up, and for a moment both when one replaces the other."""

    def __init__(self, shared: Shared, budget: Budget, *, has_key: bool) -> None:
        self._shared, self._budget, self._has_key = shared, budget, has_key
        self._states = {name: State(name, shared.world) for name in NAMES}
        self._names = cycle(NAMES)
        self._latest, self._failures = NAMES[0], 0

    def states(self) -> list[State]:
        """The lines that are up, or the one that was tried last."""
        found = [state for state in self._states.values() if state.is_up]
        return found or [self._states[self._latest]]

    async def run(self) -> None:
        """Keep a line up until cancelled. Raises what no waiting can mend: a key that is refused, an unknown pair."""
        tasks: dict[Stream, asyncio.Task[None]] = {}
        try:
            while True:
                line: Stream | None = await self._open(tasks)
                while line is not None:
                    line = await self._replaced(line, tasks)
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)

    async def _open(self, tasks: dict[Stream, asyncio.Task[None]], *, is_silent: bool = False) -> Stream:
        """Begin another line, within the budget of handshakes."""
        world = self._shared.world
        while wait := self._budget.wait(PATH, world.monotonic()):
            await world.sleep(wait / _SECOND)
        self._budget.spend(PATH, world.monotonic())
        name = self._latest = next(self._names)
        for state in self._states.values():
            state.attempt()  # both names are one line for whoever looks at it, and one of them is shown
        line = Stream(name, self._shared, self._states[name], is_silent=is_silent)
        tasks[line] = asyncio.create_task(line.run())
        return line

    async def _replaced(self, line: Stream, tasks: dict[Stream, asyncio.Task[None]]) -> Stream | None:
        """Wait until the line is down, and say None, or until another has taken over, and say which."""
        pace, task, wait = self._shared.pace, tasks[line], 0.0
        while not task.done():
            if self._has_key:
                await asyncio.wait([task])
                break
            await self._up_for(max(wait, pace.renew - self._age(line)), task)
            if task.done() or self._age(line) < pace.renew:
                continue
            other = await self._open(tasks, is_silent=True)
            if await self._takes_over(other, tasks[other], task):
                await self._close(line, tasks, "another line took over")
                return other
            await self._close(other, tasks, "it was not ready in time to take over")
            wait = pace.first
        await self._down(line, tasks)
        return None

    async def _takes_over(self, other: Stream, task: asyncio.Task[None], before: asyncio.Task[None]) -> bool:
        """Wait until the other line has all that the one before it has, or either of them is down."""
        ready = asyncio.create_task(other.ready.wait())
        try:
            limit = self._shared.pace.timeout
            await asyncio.wait([ready, task, before], timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        if not other.ready.is_set() or task.done():
            return False
        other.active()
        return True

    async def _up_for(self, seconds: float, task: asyncio.Task[None]) -> None:
        """Wait for so long, or until the line is down."""
        sleep = asyncio.ensure_future(self._shared.world.sleep(seconds))
        try:
            await asyncio.wait([sleep, task], return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleep.cancel()

    async def _close(self, line: Stream, tasks: dict[Stream, asyncio.Task[None]], reason: str) -> None:
        task = tasks.pop(line)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self._states[line.name].down(reason)
        self._shared.taker.take(edge(Closed(line.name, reason)), EDGE)

    async def _down(self, line: Stream, tasks: dict[Stream, asyncio.Task[None]]) -> None:
        """A line broke: say so, and wait before the next. Raises what no waiting can mend."""
        shared, world, task = self._shared, self._shared.world, tasks.pop(line)
        error = task.exception()
        if not isinstance(error, EndedError):
            assert error is not None
            raise error
        self._states[line.name].down(str(error))
        age = self._age(line)
        if line.opened is not None:
            shared.taker.take(edge(Closed(line.name, str(error))), EDGE)
            shared.taker.gap(None, f"{line.name}: {error}")
        shared.measuring.link(False)
        if age >= shared.pace.renew and not self._has_key:
            self._failures = 0  # VALR closes lines without a key at a certain age: nothing is wrong
            return
        self._failures = 1 if age * _SECOND > LIVELY else self._failures + 1
        wait = wait_after(self._failures, shared.pace, world)
        if error.retry_after is not None:
            wait = max(wait, after_limit(error.retry_after, world.now(), world.uniform))
        await world.sleep(wait)

    def _age(self, line: Stream) -> float:
        return 0.0 if line.opened is None else (self._shared.world.monotonic() - line.opened) / _SECOND
