"""All six kinds in one run of the engine, on the trades of a seeded market."""

from __future__ import annotations

import random
import types
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from helios_engine.bodies import Instrument, Trade
from helios_engine.build import build
from helios_engine.config import parse_config
from helios_engine.errors import NotAvailableError
from helios_engine.hookspecs import hookimpl
from helios_engine.plugins import Plugins
from helios_engine.runner import Result, backtest
from helios_engine.stage import FeedSpec, Pin, VenueSpec
from tests.market import NextPrint
from tests.unit.plugins.feeding import DAY, MINUTE, NAME, START

CONFIG = """
[run]
name = "together"

[account]
currency = "ZAR"
balances = { ZAR = "1000000" }

[venue]
use = "test.next_print"

[[feed]]
use = "test.trades"

[[stage]]
use = "aggregation.time_bars"

[[stage]]
use = "features.basic"
on = { timeframe = "5m" }

[[stage]]
use = "ml.predictor"
on = { timeframe = "5m" }

[[effect]]
use = "ml.online_linear"
delay = "50ms"

[[stage]]
use = "strategy.model"

[[stage]]
use = "risk.vol_target"
on = { timeframe = "5m" }

[[stage]]
use = "risk.drawdown"

[[stage]]
use = "llm.strategist"
on = { timeframe = "1h" }
every = "4h"

[[effect]]
EFFECT
delay = "2s"

[[stage]]
use = "portfolio.weights"

[[stage]]
use = "execution.market"
band = 0.05
"""


class Trades:
    """Two days of trades at random times, of a random walk."""

    def rows(self) -> Iterator[Trade]:
        draw = random.Random(1)
        ts, price = START, 1000.0
        for number in range(6000):
            ts += draw.randrange(1, MINUTE)
            price = round(max(100.0, price * (1.0 + draw.gauss(0.0, 0.001))), 1)
            yield Trade(NAME, ts, price, draw.randrange(1, 10**8) / 10**8, "BUY", str(number))

    def pin(self) -> Pin:
        return Pin("trades", 6000, START, START + 4 * DAY)

    def instruments(self) -> Iterable[Instrument]:
        return [Instrument(NAME, "BTC", "ZAR", 1, 8, tick=Decimal("0.1"), lot=Decimal("0.001"))]

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Trade]]:
        for trade in self.rows():
            if start <= trade.ts_event < stop:
                yield trade.ts_event, trade


def run(tmp_path: Path, effect: str) -> Result:
    module = types.ModuleType("stranger")

    @hookimpl
    def helios_feeds() -> list[FeedSpec]:
        return [FeedSpec("test.trades", Trades)]

    @hookimpl
    def helios_venues() -> list[VenueSpec]:
        return [VenueSpec("test.next_print", NextPrint)]

    vars(module).update(helios_feeds=helios_feeds, helios_venues=helios_venues)
    plugins = Plugins()
    plugins.register(module, "stranger")
    text = CONFIG.replace("EFFECT", effect)
    return backtest(build(parse_config(text, tmp_path / "together.toml"), plugins), tmp_path / "runs")


def test_a_run_of_all_six_kinds_trades_and_is_the_same_twice(tmp_path: Path) -> None:
    first = run(tmp_path, 'use = "llm.rules"')
    second = run(tmp_path, 'use = "llm.rules"')

    assert first.summary.counts.fills > 10
    assert first.heads == second.heads


def test_a_run_on_the_cassette_of_another_run_is_the_same_run(tmp_path: Path) -> None:
    recorded = run(tmp_path, 'use = "llm.rules"\nname = "voice"\nrecord = "replies.jsonl"')

    replayed = run(tmp_path, 'use = "llm.cassette"\nname = "voice"\ncassette = "replies.jsonl"')

    assert replayed.heads == recorded.heads


def test_a_run_without_its_cassette_stops_and_says_how_to_record_one(tmp_path: Path) -> None:
    with pytest.raises(NotAvailableError, match="record one"):
        run(tmp_path, 'use = "llm.cassette"\ncassette = "replies.jsonl"')
