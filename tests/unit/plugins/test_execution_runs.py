"""Execution stages through the sim venue, on trades and on bars, with their books kept again behind them."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import pytest

from helios_engine.assemble import assemble, heads
from helios_engine.build import Plan, build
from helios_engine.config import parse_config
from helios_engine.hookspecs import hookimpl
from helios_engine.plugins import Plugins
from helios_engine.stage import StageSpec
from tests.recreating import recreate
from tests.unit.plugins.auditor import Auditor

ROOT = Path(__file__).resolve().parents[3]
RUN = """
[run]
name = "audited"
start = "START"

[data]
catalog = "data_catalog/sample"

[account]
currency = "ZAR"
balances = { ZAR = "1000000" }

[venue]
use = "nautilus.sim"
VENUE

FEEDS

[[stage]]
use = "strategy.cross"
on = { timeframe = "1h" }
fast = 3
slow = 8

[[stage]]
use = "portfolio.weights"
WEIGHTS

[[stage]]
EXECUTION

[[stage]]
use = "test.auditor"
AUDIT
"""
BARS = """
[[feed]]
use = "catalog.bars"
instrument = "BTCZAR.VALR"
timeframe = "1h"

[[feed]]
use = "catalog.bars"
instrument = "ETHZAR.VALR"
timeframe = "1h"
"""
TRADES = """
[[feed]]
use = "catalog.trades"
instrument = "BTCZAR.VALR"

[[feed]]
use = "catalog.trades"
instrument = "ETHZAR.VALR"

[[stage]]
use = "aggregation.time_bars"
"""
PERPETUAL = """
[[instrument]]
instrument = "NAME"
contract = "perpetual"
margin_init = "0.05"
margin_maint = "0.02"
"""
PERPETUALS = "".join(PERPETUAL.replace("NAME", name) for name in ("BTCZAR.VALR", "ETHZAR.VALR"))
MARGIN = 'account = "margin"\nleverage = "3"'


def plan(feeds: str, execution: str, *, margin: bool, audit: str = "") -> Plan:
    """A run on the sample with an auditor behind its execution stage."""
    module = types.ModuleType("stranger")

    @hookimpl
    def helios_stages() -> list[StageSpec]:
        return [StageSpec("test.auditor", Auditor)]

    module.helios_stages = helios_stages  # type: ignore[attr-defined]
    plugins = Plugins()
    plugins.register(module, "stranger")
    text = RUN.replace("FEEDS", feeds + (PERPETUALS if margin else "")).replace("AUDIT", audit)
    text = text.replace("START", "2026-01-12T00:00:00" if feeds == TRADES else "2026-01-06T00:00:00")
    text = text.replace("VENUE", MARGIN if margin else "").replace("EXECUTION", execution)
    text = text.replace("WEIGHTS", "long_only = false" if margin else "")
    return build(parse_config(text, ROOT / "audited.toml"), plugins)


def run(made: Plan, recreate_every: int = 0) -> tuple[dict[str, str], Auditor, Any]:
    """Heads, the auditor at the end, and the port."""
    engine = assemble(made)
    for number, _ in enumerate(engine.run()):
        if recreate_every and number % recreate_every == 0:
            recreate(engine.pipeline, 2 + (len(made.nodes) == 5))
    engine.finish(made.stop)
    return heads(made, engine), engine.pipeline.nodes[-1].stage, engine.port


@pytest.mark.parametrize("margin", [False, True], ids=["cash", "margin"])
@pytest.mark.parametrize("feeds", [BARS, TRADES], ids=["bars", "trades"])
@pytest.mark.parametrize(
    "terms",
    [
        "stop = 0.002\ntake = 0.002",
        "stop = 0.01\ntake = 0.02\ntrailing = true\nreenter = true",
        'stop = 0.003\ntake = 0.005\nentry = "limit"\nentry_expires = "30m"\nreenter = true',
    ],
    ids=["tight", "trailing", "limit"],
)
def test_a_bracket_is_never_without_its_stop_never_flips_and_leaves_no_order(
    feeds: str, terms: str, margin: bool
) -> None:
    _, auditor, port = run(plan(feeds, f'use = "execution.bracket"\n{terms}', margin=margin))

    assert auditor.entries > 5
    assert auditor.exits > 10
    assert port.fills > 10


@pytest.mark.parametrize("feeds", [BARS, TRADES], ids=["bars", "trades"])
@pytest.mark.parametrize(
    "execution",
    [
        'use = "execution.market"',
        'use = "execution.limit"\nrequote_every = "10m"\ngive_up = "2h"\nthen = "cross"',
        'use = "execution.twap"\nduration = "2h"\ninterval = "10m"\njitter = 0.9',
    ],
    ids=["market", "limit", "twap"],
)
def test_targets_are_never_passed_and_never_worked_by_two_orders(feeds: str, execution: str) -> None:
    _, auditor, port = run(plan(feeds, execution, margin=False, audit="brackets = false"))

    assert auditor.entries > 10
    assert port.fills > 10
