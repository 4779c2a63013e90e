"""features.microstructure on order books, of which the kit's own market has none: the kit's checks and the prover's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helios_engine.catalog.sample import write_world
from helios_engine.config import load_config
from helios_engine.proof.forks import answer_of
from helios_engine.proof.prover import prove
from helios_engine.testing.kit import CHECKS, yield_checks

RUN = """
[run]
name = "order-books"
stop = "2026-01-05T00:20:00Z"
[data]
catalog = "{catalog}"
[account]
currency = "ZAR"
balances = {{ ZAR = "1000000" }}
[venue]
use = "nautilus.sim"
[[feed]]
use = "catalog.books"
instrument = "BTCZAR.VALR"
[[feed]]
use = "catalog.trades"
instrument = "BTCZAR.VALR"
[[feed]]
use = "catalog.quotes"
instrument = "ETHZAR.VALR"
[[stage]]
use = "aggregation.time_bars"
timeframes = ["1m"]
[[stage]]
use = "features.microstructure"
{settings}
[[stage]]
use = "strategy.buy_and_hold"
on = {{ timeframe = "1m", instrument = "BTCZAR.VALR" }}
[[stage]]
use = "portfolio.weights"
[[stage]]
use = "execution.market"
"""
SETTINGS = {
    "bars": 'on = { timeframe = "1m" }\nlevels = 3\nofi_levels = 2',
    "updates": 'every = "event"\nlevels = 2',
    "times": 'every = "10s"\nmax_age = "30s"',
}

# The prover itself: seconds for a run on trial, and more on a busy machine.
CHECKED = [
    pytest.param(check, marks=pytest.mark.slow) if check == "causality" else check
    for check in sorted(CHECKS["stage"].keys() - {"determinism"})
]


@pytest.fixture(scope="module")
def quoted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog with order books and quotes."""
    folder = tmp_path_factory.mktemp("quoted")
    # In a child, as the kit's own market: threads of pyarrow would be missing in later forks.
    answer_of(lambda: len(write_world(folder, "2026-01-05", 1, 7, "1h", 0.0, 0, 0.0)))
    return folder


@pytest.fixture(params=SETTINGS)
def run(request: pytest.FixtureRequest, quoted: Path, tmp_path: Path) -> Path:
    """A run over them that trades, so that its venue can be put on trial too."""
    path = tmp_path / "run.toml"
    path.write_text(RUN.format(catalog=quoted, settings=SETTINGS[request.param]), encoding="utf-8")
    return path


@pytest.mark.parametrize("check", CHECKED)
def test_it_passes_the_kit(check: str, run: Path, helios_subject: Callable[..., Any]) -> None:
    subject = helios_subject("stage", "features.microstructure", config=run)
    (mine,) = (c for c in yield_checks(subject) if c.name == check)

    verdict = mine.verdict()

    assert verdict.status == "passed", verdict.message


@pytest.mark.slow
def test_the_prover_finds_nothing(run: Path) -> None:
    found = prove(load_config(run), cuts=6)

    verdicts = {row.part.name: row.verdict for row in found.rows}
    assert verdicts["features.microstructure"] == "no violation found"
    assert found.findings == ()
