"""A paper run over a TCP exchange: it trades, and what it did replays, reconciles, and equals a backtest."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import pytest

from helios_engine.catalog.store import Catalog
from helios_engine.codec import Codec
from helios_engine.config import Config, on_catalog, parse_config
from helios_engine.live.starting import paper_run
from helios_engine.plugins import Plugins
from helios_engine.reconcile import reconcile
from helios_engine.recorder.compaction import Compaction
from helios_engine.recorder.parsing import Parsed
from helios_engine.replay import replay
from helios_engine.runner import Result, run
from tests.unit.live.acme import COIN, PLUGIN, AcmeParser, Server, quote, trade

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


async def traded(folder: Path, seconds: float = 4.0) -> Result:
    """A paper run over prices that swing, so that averages cross."""
    async with Server() as server:
        server.say(COIN)
        run = paper_run(config(folder), {"port": server.port}, plugins=plugins())
        running = asyncio.create_task(run.run(folder / "runs"))
        clock = asyncio.get_running_loop().time
        begun, number = clock(), 0
        while (passed := clock() - begun) < seconds or (run.session.engine.port.fills < 4 and passed < 20):  # type: ignore[union-attr]
            if run.session.engine is None:  # stages are still made, which may take seconds where kernels compile
                begun = clock()
            price = round(1000 + 50 * math.sin(passed * 4), 2)
            server.say(quote(price), trade(number, price))
            number += 1
            await asyncio.sleep(0.02)
        run.stop.set()
        return await running


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return asyncio.run(traded(tmp_path_factory.mktemp("paper")))


def test_it_trades(result: Result) -> None:
    assert result.summary.status == "complete"
    assert result.summary.counts.fills > 2
    assert result.report.is_file()


def test_the_backtest_over_its_own_recording_comes_to_the_same_fills(result: Result, tmp_path: Path) -> None:
    codec = Codec()
    log, catalog = result.folder / "recording", Catalog(str(tmp_path / "catalog"))
    Compaction(log, catalog, lambda: Parsed("acme", AcmeParser(), codec), codec).run()
    again = run(on_catalog(config(tmp_path), tmp_path / "catalog"), runs=tmp_path / "runs", plugins=plugins())
    assert again.summary.counts.fills == result.summary.counts.fills
    for name in ("decisions", "venue", "stage.execution.market", "stage.strategy.cross"):
        assert again.heads[name] == result.heads[name], name


def test_a_replay_comes_to_the_same_heads(result: Result) -> None:
    assert replay(result.folder, plugins=plugins()).differences == []


def test_a_reconciliation_comes_to_the_same_fills(result: Result) -> None:
    found = reconcile(result.folder, plugins=plugins())
    assert found.differences == []
    assert (found.recorded, found.again) == (None, None)
    assert found.fills == result.summary.counts.fills
