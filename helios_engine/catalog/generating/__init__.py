"""Seeded markets whose trades, quotes and books agree exactly, with properties that are known beforehand.

`simulate(world, start, days, seed)` makes them. What a `World` states (volatility, correlation, outages, an edge)
can be measured in what comes out, so that a tool which should find a property, or find none, can be tried on it.
"""

from helios_engine.catalog.generating.output import Simulated
from helios_engine.catalog.generating.simulation import simulate
from helios_engine.catalog.generating.world import Garch, Jumps, Outages, QuotedMarket, Regime, Rhythm, World

__all__ = [
    "Garch",
    "Jumps",
    "Outages",
    "QuotedMarket",
    "Regime",
    "Rhythm",
    "Simulated",
    "World",
    "simulate",
]
