"""A paper run with some of the zoo in it, over the small exchange, and what its journal says of it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helios_engine.bodies import Quarantine
from helios_engine.codec import Codec
from helios_engine.config import Config, parse_config
from helios_engine.journal import JournalReader
from helios_engine.live.paper import Paper
from helios_engine.live.starting import paper_run
from helios_engine.plugins import Plugins
from helios_engine.reconcile import reconcile
from helios_engine.replay import replay
from helios_engine.runner import Result
from tests.unit.live import acme, zoo

HEAD = """
[run]
name = "zoo"
tick = "100ms"

[account]
currency = "ZAR"
balances = {{ ZAR = "1000000" }}

[venue]
use = "nautilus.sim"
latency = "5ms"

[live]
use = "acme"

[containment]
{bounds}

[[feed]]
use = "catalog.trades"
instrument = "BTCZAR.ACME"
name = "trades"

[[feed]]
use = "catalog.quotes"
instrument = "BTCZAR.ACME"
name = "quotes"
"""
AFTER = 0.7
"""Seconds that a run goes on after what failed."""
BOUNDS = 'turn_budget = "150ms"\nturn_limit = "500ms"\nmax_outputs = 200\n'
AROUND = '[[stage]]\nuse = "zoo.witness"\n[[stage]]\nuse = "zoo.buyer"\n'


def wild(how: str, after: int = 20) -> str:
    return f'[[stage]]\nuse = "zoo.wild"\nhow = "{how}"\nafter = {after}\n'


def config(folder: Path, pieces: str, bounds: str = BOUNDS) -> Config:
    """A stage that fails stands before those that do what they should."""
    return parse_config(HEAD.format(bounds=bounds) + pieces + AROUND, folder / "zoo.toml")


def plugins() -> Plugins:
    found = Plugins()
    found.register(acme.PLUGIN, "acme")
    found.register(zoo.PLUGIN, "zoo")
    return found


async def traded(
    loaded: Config,
    runs: Path,
    seconds: float = 1.0,
    failures: int = 1,
    then: Callable[[Paper, float], None] = lambda run, passed: None,
    **more: Any,
) -> tuple[Paper, Result]:
    """Run for some seconds, and a while on after so many failures; `then` is called about fifty times a second.

    `then` is given the seconds since the run began to decide. A run in which nothing fails is over after 20.
    """
    async with acme.Server() as server:
        server.say(acme.COIN)
        run = paper_run(loaded, {"port": server.port}, plugins=plugins(), **more)
        running = asyncio.create_task(run.run(runs))
        clock = asyncio.get_running_loop().time
        begun, failed, number = clock(), 0.0, 0
        while not running.done():
            if run.session.engine is None:
                begun = clock()
            if len(run.session.failures) >= failures:
                failed = failed or clock()
            passed = clock() - begun
            if (passed >= seconds and failed and clock() - failed >= AFTER) or passed > 20:
                break
            price = round(1000 + 50 * math.sin(passed * 4), 2)
            server.say(acme.quote(price), acme.trade(number, price))
            number += 1
            then(run, passed)
            await asyncio.sleep(0.02)
        run.stop.set()
        return run, await running


def journal(folder: Path, *, salvage: bool = False) -> JournalReader:
    return JournalReader(folder / "journal.hlj", Codec(), salvage=salvage)


def quarantines(folder: Path) -> list[Quarantine]:
    return list(journal(folder).quarantines())


def differences(folder: Path) -> list[str]:
    """The chains in which a replay or a reconciliation differs from the run."""
    again = reconcile(folder, plugins=plugins())
    return [*replay(folder, plugins=plugins()).differences, *again.differences]
