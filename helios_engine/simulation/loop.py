"""An asyncio loop whose time passes only while everybody waits: then it jumps to the next timer.

Sockets are real. A message to this very machine is there as soon as it is sent, so a server and its clients in one
loop never wait for each other: what happens, and at which virtual time, is the same in every process. What such code
asks for time must be the loop: `now_ns`, `loop.time`, `asyncio.sleep`, and never the clocks of `time`.
"""

from __future__ import annotations

import asyncio
import os
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from helios_engine.errors import ConfigError, HeliosError

T = TypeVar("T")
STUCK = 5.0
"""Real seconds to wait for a socket or a thread when there is no timer to jump to."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """`ns` is the virtual time, ns UTC. It stands still while a callback runs and while an executor works.

    Threads and processes that were not started through `run_in_executor` are not waited for.
    """

    def __init__(self, start_ns: int) -> None:
        self.start_ns = self.ns = start_ns
        self.outside = 0
        """How many calls are with an executor."""
        super().__init__(_Jumps(self))

    def time(self) -> float:
        """Virtual seconds since the beginning."""
        return (self.ns - self.start_ns) / 1e9

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        """As ever; time does not jump until it is done."""
        found = super().run_in_executor(executor, func, *args)
        self.outside += 1
        found.add_done_callback(self._is_back)
        return found

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Wait for the threads however long it takes: they know nothing of virtual time."""
        self.outside += 1
        await super().shutdown_default_executor()
        self.outside -= 1

    def _is_back(self, _: object) -> None:
        self.outside -= 1


class _Jumps(selectors.DefaultSelector):
    """Looks at the sockets without waiting; if none is ready, the time of the next timer is now."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop, self._order, self._count = loop, dict[int, int](), 0

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = super().register(fileobj, events, data)
        self._count += 1
        self._order[key.fd] = self._count
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and (timeout is None or timeout > 0):
            os.sched_yield()  # a busy kernel may leave the delivery to a thread of its own
            ready = super().select(0) or self._wait(timeout)
        # The order in which sockets came to be, not that of the kernel.
        return sorted(ready, key=lambda one: self._order[one[0].fd])

    def _wait(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        if self._loop.outside:
            return super().select(None)
        if timeout is not None:
            self._loop.ns += max(1, round(timeout * 1e9))
            return []
        ready = super().select(STUCK)
        if not ready:
            raise HeliosError(
                f"virtual time stands at {self._loop.ns}: no timer, and no socket for {STUCK:.0f} real seconds; "
                "expected something to wait for. Look for a message that nobody sends"
            )
        return ready


def run(coroutine: Coroutine[Any, Any, T], start_ns: int) -> T:
    """What the coroutine returns, run in virtual time from `start_ns` (ns UTC) on, as `asyncio.run` would.

    ConfigError for a start that is not above 0, HeliosError if nothing is left that could ever wake it.
    """
    if start_ns <= 0:
        coroutine.close()
        raise ConfigError(f"start_ns {start_ns}: expected ns UTC, above 0")
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(start_ns)) as runner:
        return runner.run(coroutine)


def now_ns() -> int:
    """The virtual time of the running loop, ns UTC; ConfigError where none runs."""
    try:
        loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
    except RuntimeError:
        loop = None
    if not isinstance(loop, VirtualLoop):
        raise ConfigError("expected the virtual loop of helios_engine.simulation, found none; begin with its `run`")
    return loop.ns
