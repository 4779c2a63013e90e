"""Effects of a live run: asked beside the loop, one request of each at a time, so that none can hold it up."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from queue import SimpleQueue

from helios_engine.effects import RunningEffect
from helios_engine.events import Body

Replied = Callable[[int, str, Body], None]
"""Takes a reply: when it is due at the earliest (ns UTC), from which effect, and what it says."""
Failed = Callable[[str, str], None]
"""Told when an effect failed or let one wait too long: its name, and what happened."""


class Beside:
    """Takes requests to effects on threads. A reply is an input at its stated delay, or when it comes if that is later.

    So a run equals its backtest as long as effects are as quick as the config says. One that raises or takes longer
    than `patience` seconds is told to `failed`; the run goes on without its reply, which is an ordinary state.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, replied: Replied, failed: Failed, patience: float = 30.0
    ) -> None:
        self._loop, self._replied, self._failed, self._patience = loop, replied, failed, patience
        self._queues: dict[str, SimpleQueue[Callable[[], None] | None]] = {}
        self.waiting: Counter[str] = Counter()

    def ask(self, ts: int, running: RunningEffect, request: Body) -> None:
        """Take a request of `ts` to its effect."""
        name, due = running.name, ts + running.delay
        self.waiting[name] += 1
        late = self._loop.call_later(self._patience, self._failed, name, f"no reply after {self._patience:g} s")

        def work() -> None:
            try:
                reply, problem = running.effect.answer(request), ""
            except Exception as error:  # an effect may fail in any way; the run is told, and goes on
                reply, problem = None, f"{type(error).__name__}: {error}"
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._done, name, due, late, reply, problem)

        self._queue(name).put(work)

    def close(self) -> None:
        """Wait for nobody: what is still out has no reply."""
        for queue in self._queues.values():
            queue.put(None)

    def _queue(self, name: str) -> SimpleQueue[Callable[[], None] | None]:
        if name not in self._queues:
            queue = self._queues[name] = SimpleQueue()
            # A daemon, because an effect that hangs must not keep the process from ending.
            threading.Thread(target=_work_off, args=(queue,), name=f"effect-{name}", daemon=True).start()
        return self._queues[name]

    def _done(self, name: str, due: int, late: asyncio.TimerHandle, reply: Body | None, problem: str) -> None:
        self.waiting[name] -= 1
        late.cancel()
        if problem:
            self._failed(name, problem)
        elif reply is not None:
            self._replied(due, name, reply)


class Inline:
    """Asks effects at once, as a backtest does: for simulations, in which no thread may decide when a reply comes."""

    def __init__(self, replied: Replied, failed: Failed) -> None:
        self._replied, self._failed = replied, failed
        self.waiting: Counter[str] = Counter()

    def ask(self, ts: int, running: RunningEffect, request: Body) -> None:
        """Ask, and hand on the reply, due after the effect's delay."""
        try:
            reply = running.effect.answer(request)
        except Exception as error:  # as above
            self._failed(running.name, f"{type(error).__name__}: {error}")
            return
        if reply is not None:
            self._replied(ts + running.delay, running.name, reply)

    def close(self) -> None:
        """Nothing is out."""


def _work_off(queue: SimpleQueue[Callable[[], None] | None]) -> None:
    while (work := queue.get()) is not None:
        work()
