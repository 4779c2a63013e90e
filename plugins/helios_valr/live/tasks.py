"""Things done at one time: until the first of them ends, or for ever, begun anew when they fail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from helios_engine.errors import DataError, HeliosError, NotAvailableError
from helios_engine.world import World
from helios_valr.live.pace import Pace
from helios_valr.live.states import State

LIVELY = 60 * 1_000_000_000
"""What worked for so long (ns) has not failed again, but anew."""


async def first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Do these at one time until one ends; the others are cancelled and waited for. Raises what the first raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
    for error in found:
        if isinstance(error, Exception):
            raise error


def wait_after(failures: int, pace: Pace, world: World) -> float:
    """Seconds to wait after so many failures in a row: at least `first`, at random up to a bound that doubles."""
    return world.uniform(pace.first, min(pace.longest, pace.first * 2.0 ** min(failures, 60)))


async def kept(work: Callable[[], Awaitable[None]], state: State, world: World, pace: Pace) -> None:
    """Do this for ever. What fails is told in its state and begun anew; what waiting cannot mend is raised."""
    failures = 0
    while True:
        began = world.monotonic()
        try:
            await work()
            return
        except HeliosError as error:
            if not isinstance(error, NotAvailableError | DataError):
                raise
            state.down(str(error))
        except Exception as error:
            state.down(f"{type(error).__name__}: {error}")
        failures = 1 if world.monotonic() - began > LIVELY else failures + 1
        await world.sleep(wait_after(failures, pace, world))
