"""Time and chance, which everything here asks for and nothing here owns. A test, or a simulation, brings its own."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

import msgspec


class World(msgspec.Struct, frozen=True):
    """`now` is ns UTC, `monotonic` ns from anywhere, `sleep` takes seconds, `uniform` draws from [a, b]."""

    now: Callable[[], int] = time.time_ns
    monotonic: Callable[[], int] = time.monotonic_ns
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    uniform: Callable[[float, float], float] = random.SystemRandom().uniform
