"""Effects of a live run: asked beside the loop, one request of each at a time, so that none can hold it up."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue

from helios_engine.effects import RunningEffect
from helios_engine.events import Body

Replied = Callable[[int, str, Body], None]
"""Takes a reply: when it is due at the earliest (ns UTC), from which effect, and what it says."""
Failed = Callable[[str, str], None]
"""Told when an effect failed or let one wait too long: its name, and what happened."""


class _Asked:
    """One request on its way; once given up its reply is nobody's, and if it has not begun it never will."""

    def __init__(self, due: int) -> None:
        self.due = due
        self.is_given_up = False
        self.late: asyncio.TimerHandle | None = None


class Beside:
    """Takes requests to effects on threads. A reply is an input at its stated delay, or when it comes if that is later.

    So a run equals its backtest as long as effects are as quick as the config says. One that raises, takes longer
    than `patience` seconds, or has more than `most` requests waiting is told to `failed`; the run goes on without
    its reply, which is an ordinary state. A reply that comes after the patience is over is dropped: the run has said
    that there is none.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        replied: Replied,
        failed: Failed,
        patience: float = 30.0,
        most: int = 100,
    ) -> None:
        self._loop, self._replied, self._failed = loop, replied, failed
        self._patience, self._most = patience, most
        self._queues: dict[str, SimpleQueue[Callable[[], None] | None]] = {}
        self._out: set[_Asked] = set()
        self._is_closed = False
        self.waiting: Counter[str] = Counter()
        self.busy: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()

    def ask(self, ts: int, running: RunningEffect, request: Body) -> None:
        """Take a request of `ts` to its effect."""
        name, asked = running.name, _Asked(ts + running.delay)
        if self.waiting[name] >= self._most:
            self._loop.call_soon(self._refuse, name)
            return
        self.waiting[name] += 1
        self._out.add(asked)
        asked.late = self._loop.call_later(self._patience, self._give_up, name, asked)

        self.busy[name] += 1

        def work() -> None:
            reply, problem = (None, "") if asked.is_given_up else _answer(running, request)
            with suppress(RuntimeError):  # the loop was closed: the run is over, and nobody waits
                self._loop.call_soon_threadsafe(self._done, name, asked, reply, problem)

        self._queue(name).put(work)

    def close(self) -> None:
        """Wait for nobody: what is still out has no reply, and nobody is told of anything any more."""
        self._is_closed = True
        for asked in list(self._out):
            self._leave(asked)
        for queue in self._queues.values():
            queue.put(None)

    def _queue(self, name: str) -> SimpleQueue[Callable[[], None] | None]:
        if name not in self._queues:
            queue = self._queues[name] = SimpleQueue()
            # A daemon, because an effect that hangs must not keep the process from ending.
            threading.Thread(target=_work_off, args=(queue,), name=f"effect-{name}", daemon=True).start()
        return self._queues[name]

    def _refuse(self, name: str) -> None:
        if not self._is_closed:
            self._failed(name, f"more than {self._most} requests are waiting; the rest is not asked")

    def _give_up(self, name: str, asked: _Asked) -> None:
        self._leave(asked)
        self.waiting[name] -= 1
        self._failed(name, f"no reply after {self._patience:g} s")

    def _leave(self, asked: _Asked) -> None:
        asked.is_given_up = True
        self._out.discard(asked)
        if asked.late is not None:
            asked.late.cancel()

    def _done(self, name: str, asked: _Asked, reply: Body | None, problem: str) -> None:
        self.busy[name] -= 1
        if asked.is_given_up:
            self.dropped[name] += bool(problem or reply is not None)
            return
        self._leave(asked)
        self.waiting[name] -= 1
        if problem:
            self._failed(name, problem)
        elif reply is not None:
            self._replied(asked.due, name, reply)


class Inline:
    """Asks effects at once, as a backtest does: for simulations, in which no thread may decide when a reply comes."""

    def __init__(self, replied: Replied, failed: Failed) -> None:
        self._replied, self._failed = replied, failed
        self.waiting: Counter[str] = Counter()
        self.busy: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()

    def ask(self, ts: int, running: RunningEffect, request: Body) -> None:
        """Ask, and hand on the reply, due after the effect's delay."""
        reply, problem = _answer(running, request)
        if problem:
            self._failed(running.name, problem)
        elif reply is not None:
            self._replied(ts + running.delay, running.name, reply)

    def close(self) -> None:
        """Nothing is out."""


def _answer(running: RunningEffect, request: Body) -> tuple[Body | None, str]:
    """What an effect replies, or what is wrong with it."""
    try:
        reply = running.effect.answer(request)
    except BaseException as error:  # an effect may fail in any way, `sys.exit` included; the run is told, and goes on
        return None, f"{type(error).__name__}: {str(error)[:500]}"
    if reply is not None and not isinstance(reply, Body):
        return None, f"it replied with a {type(reply).__name__}, which is no Body"
    return reply, ""


def _work_off(queue: SimpleQueue[Callable[[], None] | None]) -> None:
    while (work := queue.get()) is not None:
        work()
