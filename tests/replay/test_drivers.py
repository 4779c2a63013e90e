"""A run is the same by blocks and by events: heads, journal, tables, and what replays make of both."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from helios_engine import folder as folders
from helios_engine.assemble import assemble, heads
from helios_engine.build import build
from helios_engine.config import Config, load_config, parse_config
from helios_engine.journal import JournalReader
from helios_engine.plugins import Plugins
from helios_engine.replay import first_difference, replay
from helios_engine.runner import Result, backtest
from helios_engine.stage import StageSpec
from tests.bench.ours import Flip
from tests.stages import plugin

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted((ROOT / "configs").glob("*.toml"))
SPARSE = """
[run]
name = "sparse"
stop = "2026-01-09"
driver = "{driver}"
[data]
catalog = "data_catalog/sample"
[account]
currency = "ZAR"
balances = {{ ZAR = "100000000" }}
[gate]
max_data_age = "1h"
[venue]
use = "nautilus.sim"
latency = "250ms"
[[feed]]
use = "catalog.trades"
instrument = "BTCZAR.VALR"
[[feed]]
use = "catalog.trades"
instrument = "ETHZAR.VALR"
[[stage]]
use = "aggregation.time_bars"
[[stage]]
use = "strategy.cross"
on = {{ timeframe = "5m", instrument = "BTCZAR.VALR" }}
fast = 3
slow = 8
[[stage]]
use = "test.flip"
"""
"""Nobody takes trades one by one, so that most are passed over; orders meet those that are not."""


def drawn(seed: int) -> Iterator[int]:
    rng = random.Random(seed)
    return iter(lambda: rng.choice([1, 3, 50, 2000, 2000]), 0)


@pytest.mark.parametrize("way", ["events", "blocks of drawn sizes"])
@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_golden_heads_by_either_driver(config: Path, way: str) -> None:
    plan = build(load_config(config))
    engine = assemble(plan, driver="events") if way == "events" else assemble(plan, driver="blocks", sizes=drawn(7))
    for _ in engine.run():
        pass
    engine.finish(plan.stop)

    golden = json.loads((ROOT / f"tests/replay/golden/{config.stem}.json").read_text())
    assert heads(plan, engine) == golden["heads"]
    assert (engine.turns, engine.port.orders, engine.port.fills) == (
        golden["turns"],
        golden["orders"],
        golden["fills"],
    )


def plugins() -> Plugins:
    found = Plugins()
    found.register(plugin(StageSpec("test.flip", Flip)), "flip")
    return found


def sparse(driver: str) -> Config:
    return parse_config(SPARSE.format(driver=driver), ROOT / "sparse.toml")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    place = tmp_path_factory.mktemp("runs")
    return {driver: backtest(build(sparse(driver), plugins()), place / driver) for driver in ("events", "blocks")}


def test_both_runs_have_the_same_counts_heads_and_tables(runs: dict[str, Result]) -> None:
    one, two = runs["events"], runs["blocks"]

    assert one.summary.counts == two.summary.counts
    assert one.summary.counts.fills > 8
    assert one.heads == two.heads
    for name in ("equity", "prices", "fills", "orders", "volumes", "funding"):
        assert pq.read_table(one.folder / f"{name}.parquet").equals(pq.read_table(two.folder / f"{name}.parquet")), name


def test_both_journals_hold_the_same_and_replay_by_either_driver(runs: dict[str, Result]) -> None:
    codec = build(sparse("events"), plugins()).codec
    one, two = (JournalReader(run.folder / folders.JOURNAL, codec) for run in runs.values())

    assert list(one.inputs()) == list(two.inputs())
    assert list(one.outputs()) == list(two.outputs())
    assert list(one.chunks()) == list(two.chunks())
    for run in runs.values():
        assert replay(run.folder, plugins=plugins()).differences == []
    assert first_difference(runs["events"].folder, runs["blocks"].folder, plugins=plugins()) is None


def test_what_nobody_takes_is_not_made_into_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = build(sparse("blocks"), plugins())
    engine = assemble(plan)
    handed = sum(1 for _ in engine.run())

    delivered = sum(engine.timeline.delivered.values())
    assert delivered > 20_000
    assert handed < delivered / 2
