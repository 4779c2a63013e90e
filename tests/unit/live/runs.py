"""The config of the paper runs that are tested, the plugins, and prices that swing so that averages cross."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from pathlib import Path

from helios_engine.config import Config, parse_config
from helios_engine.plugins import Plugins
from tests.unit.live.acme import PLUGIN, Server, quote, trade

CONFIG = """
[run]
name = "paper"
tick = "200ms"

[account]
currency = "ZAR"
balances = { ZAR = "100000" }

[venue]
use = "nautilus.sim"
latency = "20ms"

[live]
use = "acme"

[[feed]]
use = "catalog.trades"
instrument = "BTCZAR.ACME"
name = "trades"

[[feed]]
use = "catalog.quotes"
instrument = "BTCZAR.ACME"
name = "quotes"

[[stage]]
use = "aggregation.time_bars"
timeframes = ["200ms"]

[[stage]]
use = "strategy.cross"
on = { timeframe = "200ms" }
kind = "ema"
fast = 2
slow = 4

[[stage]]
use = "portfolio.weights"
weights = "equal"

[[stage]]
use = "execution.market"
band = 0.05
"""


def config(folder: Path) -> Config:
    return parse_config(CONFIG, folder / "paper.toml")


def plugins() -> Plugins:
    found = Plugins()
    found.register(PLUGIN, "acme")
    return found


async def swing(server: Server, is_over: Callable[[], bool]) -> None:
    """Say prices that swing, fifty a second, until it is over."""
    begun = asyncio.get_running_loop().time()
    number = 0
    while not is_over():
        price = round(1000 + 50 * math.sin((asyncio.get_running_loop().time() - begun) * 4), 2)
        server.say(quote(price), trade(number, price))
        number += 1
        await asyncio.sleep(0.02)
