"""Time and chance, which everything at the edge asks for and nothing there owns. A simulation brings its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import SystemRandom
from time import monotonic_ns, time_ns

import msgspec


class World(msgspec.Struct, frozen=True):
    """`now` is ns UTC, `monotonic` ns from anywhere, `sleep` takes seconds, `uniform` draws from [a, b]."""

    now: Callable[[], int] = time_ns
    monotonic: Callable[[], int] = monotonic_ns
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    uniform: Callable[[float, float], float] = SystemRandom().uniform
