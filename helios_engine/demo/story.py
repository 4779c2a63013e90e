"""Tell the demonstration: two runs over the same random walk, and a proof of each."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from helios_engine import runner
from helios_engine.build import build
from helios_engine.catalog.sample import SAMPLE, write_market
from helios_engine.config import Config, parse_config
from helios_engine.demo import plugin
from helios_engine.plugins import Plugins
from helios_engine.proof.prover import Proof, prove
from helios_engine.report.wording import percent
from helios_engine.timeframe import iso

DAYS, SEED, CUTS, WIDTH = 40, 20260105, 24, 78
_BARS = "▁▂▃▄▅▆▇█"
_LAYERS = ("prefix", "futures")


class Act(NamedTuple):
    """One of the two strategies: its backtest and its proof."""

    result: runner.Result
    proof: Proof


def tell(folder: Path, days: int = DAYS, cuts: int = CUTS) -> Iterator[str]:
    """Yield the lines of the demonstration as they come; runs and data land in `folder`."""
    yield f"A market of {days} days is drawn from a random walk: nothing can be earned in it but by luck."
    write_market(folder / "catalog", SAMPLE[:1], "2026-01-05", days, SEED, "1h")
    yield ""
    yield "1. A smoothed trend, written in pandas the way it often is, on hourly bars, after fees:"
    leaky = play("leaky_trend", folder, cuts)
    yield from curve(leaky)
    yield "   Too good. What does the prover say?"
    yield from verdict(leaky.proof)
    yield ""
    yield "2. The same trend from what was known at each bar:"
    honest = play("honest_trend", folder, cuts)
    yield from curve(honest)
    yield from verdict(honest.proof)
    yield ""
    yield f"Reports: {leaky.result.report}"
    yield f"         {honest.result.report}"
    yield ""
    yield "Now your own:"
    yield "  helios-engine data import YOUR_FILES --catalog data_catalog"
    yield "  helios-engine prove YOUR_CONFIG.toml"


def play(name: str, folder: Path, cuts: int) -> Act:
    """Backtest one of the strategies and put it on trial."""
    config = config_of(name, folder)
    plugins = Plugins()
    plugins.register(plugin, "demo")
    result = runner.backtest(build(config, plugins), folder / "runs")
    return Act(result, prove(config, plugins, layers=_LAYERS, cuts=cuts))


def config_of(name: str, folder: Path) -> Config:
    """The config of one of the strategies, written beside its data."""
    text = (files("helios_engine.demo") / "run.toml").read_text(encoding="utf-8").replace("NAME", name)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return parse_config(text, path)


def curve(act: Act) -> Iterator[str]:
    """The equity of a run as one line of blocks, with what it came to."""
    equity = act.result.frames.equity["equity"]
    points = [float(equity.iloc[round(i * (len(equity) - 1) / (WIDTH - 1))]) for i in range(WIDTH)]
    low, high = min(points), max(points)
    steps = [round((p - low) / ((high - low) or 1.0) * (len(_BARS) - 1)) for p in points]
    metrics = act.result.summary.metrics
    assert metrics is not None
    yield f"   {''.join(_BARS[step] for step in steps)}"
    fall = f"deepest fall {percent(metrics.max_drawdown)}"
    yield f"   total {percent(metrics.total_return, signed=True)}, {fall}, {metrics.trades} round trips"


def verdict(proof: Proof) -> Iterator[str]:
    """What the prover found in the strategy, or that it found nothing and how hard it looked."""
    cuts = proof.outcomes[0].coverage["cuts"]
    if not proof.findings:
        yield f"   The prover: no violation found in {cuts} cuts."
    for found in proof.findings:
        ahead = "" if found.horizon is None else f", {found.horizon:g} bars ahead"
        yield f"   The prover: violation: {found.part.name} reads the future{ahead}"
        yield f"     {found.column} is {found.what.partition(': ')[2]} at {iso(found.first)}"
        yield f"     at {found.where}"
        yield f"     to mend: {found.remedy}"
