"""Time and chance, which everything here asks for and nothing here owns. A test, or a simulation, brings its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random, SystemRandom
from time import monotonic_ns, time_ns

import msgspec

from helios_engine.simulation import now_ns


class World(msgspec.Struct, frozen=True):
    """`now` is ns UTC, `monotonic` ns from anywhere, `sleep` takes seconds, `uniform` draws from [a, b]."""

    now: Callable[[], int] = time_ns
    monotonic: Callable[[], int] = monotonic_ns
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    uniform: Callable[[float, float], float] = SystemRandom().uniform


def virtual(seed: int) -> World:
    """The world inside `helios_engine.simulation.run`: its time, and chance that is the same for the same seed."""
    return World(now_ns, now_ns, asyncio.sleep, Random(f"world {seed}").uniform)
