"""Virtual time and seeded chance for tests and simulations."""

from __future__ import annotations

import asyncio
from random import Random

from helios_engine.simulation import now_ns
from helios_engine.world import World


def virtual(seed: int) -> World:
    """The world inside `helios_engine.simulation.run`: its time, and chance that is the same for the same seed."""
    return World(now_ns, now_ns, asyncio.sleep, Random(f"world {seed}").uniform)
