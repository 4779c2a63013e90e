"""Whole runs with each fill, slippage and latency model: the same twice, and replayed from their journals."""

from __future__ import annotations

from pathlib import Path

import pytest

from helios_engine.build import build
from helios_engine.codec import Codec
from helios_engine.config import load_config
from helios_engine.folder import JOURNAL
from helios_engine.journal import JournalReader
from helios_engine.nautilus.models.measured import read_latencies
from helios_engine.replay import replay
from helios_engine.runner import Result, backtest

ROOT = Path(__file__).resolve().parents[2]
CONFIG = f"""
[run]
name = "models"
start = "2026-01-06"
stop = "2026-01-06T14:00"
warmup = "1d"
seed = 11

[data]
catalog = "{ROOT / "data_catalog/sample"}"

[account]
currency = "ZAR"
balances = {{ ZAR = "1000000" }}

[venue]
use = "nautilus.sim"
VENUE

[[feed]]
use = "catalog.trades"
instrument = "BTCZAR.VALR"

[[stage]]
use = "aggregation.time_bars"

[[stage]]
use = "strategy.cross"
on = {{ timeframe = "15m" }}
fast = 3
slow = 9

[[stage]]
use = "portfolio.weights"
weights = "equal"

[[stage]]
use = "execution.EXECUTION"
band = 0.05
cushion = 0.05
"""
LIMIT, MARKET = "limit", "market"
MODELS = {
    "through": (LIMIT, "", "through; market orders"),
    "touch": (LIMIT, 'fill_model = "touch"', "touch; market orders"),
    "participation": (LIMIT, 'fill_model = "participation"\nparticipation = 0.5', "participation: 0.5 of each deal"),
    "queue": (LIMIT, 'fill_model = "queue"', "behind 10 typical deals"),
    "probabilistic": (LIMIT, 'fill_model = "probabilistic"\nfill_probability = 0.4', "chance 0.4"),
    "half_spread": (MARKET, 'slippage = "half_spread"\nslippage_bps = 5', "half_spread: 5 bps"),
    "ticks": (MARKET, 'slippage = "ticks"\nslippage_ticks = 3', "ticks: 3"),
    "sqrt_impact": (MARKET, 'slippage = "sqrt_impact"', "sqrt_impact: Y 1, the past day's"),
    "jitter": (LIMIT, 'latency = "40ms"\nlatency_jitter = "9s"', "40ms and up to 9s more"),
    "recorded": (LIMIT, 'latency_file = "measured.csv"', "drawn from 3 measured, median 70ms"),
}


def run(name: str, folder: Path, seed: int = 11) -> Result:
    execution, venue, _ = MODELS[name]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "measured.csv").write_text("latency_ns\n30000000\n70000000\n8000000000\n")
    path = folder / "run.toml"
    text = CONFIG.replace("VENUE", venue).replace("EXECUTION", execution).replace("seed = 11", f"seed = {seed}")
    path.write_text(text)
    return backtest(build(load_config(path)), folder / "runs")


@pytest.mark.parametrize("name", MODELS)
def test_a_run_with_each_model_is_the_same_twice_and_replays(name: str, tmp_path: Path) -> None:
    first, second = run(name, tmp_path / "one"), run(name, tmp_path / "two")

    assert first.summary.counts.fills > 5
    assert first.heads == second.heads
    assert replay(first.folder).differences == []
    assert MODELS[name][2] in " ".join(first.summary.models.values())


def test_another_model_is_another_run_and_so_is_another_seed_where_something_is_drawn(tmp_path: Path) -> None:
    made = [run(name, tmp_path / name) for name in ("through", "queue", "jitter")]
    made.append(run("jitter", tmp_path / "other", seed=12))

    assert len({result.heads["venue"] for result in made}) == 4


def test_the_file_of_measured_latencies_is_pinned_in_the_header_and_is_not_needed_to_replay(tmp_path: Path) -> None:
    result = run("recorded", tmp_path)
    measured = tmp_path / "measured.csv"
    header = JournalReader(result.folder / JOURNAL, Codec()).header()

    assert header["venue_pins"] == {"latency_file": read_latencies(measured).digest}
    measured.unlink()
    assert replay(result.folder).differences == []
