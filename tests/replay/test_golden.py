"""Golden heads: every config that comes with Helios makes the same run, wherever and however it is started.

Change a golden only in a commit that says why the numbers should move:
`python -m tests.replay.test_golden` writes them again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from helios_engine.build import build
from helios_engine.config import load_config
from helios_engine.replay import replay
from helios_engine.runner import backtest

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden"
CONFIGS = sorted((ROOT / "configs").glob("*.toml"))


def golden(config: Path, runs: Path) -> dict[str, object]:
    """What is held fixed of a run: counts and heads."""
    result = backtest(build(load_config(config)), runs)
    counts = result.summary.counts
    return {"turns": counts.turns, "orders": counts.orders, "fills": counts.fills, "heads": result.heads}


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_every_config_makes_its_golden_run_and_replays(config: Path, tmp_path: Path) -> None:
    found = golden(config, tmp_path)

    assert found == json.loads((GOLDEN / f"{config.stem}.json").read_text())
    assert replay(next(tmp_path.iterdir())).differences == []


@pytest.mark.parametrize(
    "changed",
    [
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "4711"},
        {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"},
        {"HELIOS_CHUNK_ROWS": "7"},
        {"HELIOS_CHUNK_ROWS": "1000000"},
        {"TZ": "Africa/Johannesburg"},
    ],
    ids=lambda changed: " ".join(f"{k}={v}" for k, v in changed.items()),
)
@pytest.mark.parametrize("stem", ["six_kinds", "six_kinds_bars"])
def test_heads_do_not_depend_on_how_the_run_is_started(stem: str, changed: dict[str, str], tmp_path: Path) -> None:
    command = [
        Path(sys.executable).parent / "helios-engine",
        "backtest",
        ROOT / f"configs/{stem}.toml",
        "--runs",
        "runs",
        "--json",
    ]

    found = subprocess.run(command, cwd=tmp_path, env={**os.environ, **changed}, capture_output=True, check=True)

    assert json.loads(found.stdout)["heads"] == json.loads((GOLDEN / f"{stem}.json").read_text())["heads"]


if __name__ == "__main__":
    import tempfile

    GOLDEN.mkdir(exist_ok=True)
    for path in CONFIGS:
        with tempfile.TemporaryDirectory() as folder:
            text = json.dumps(golden(path, Path(folder)), indent=1) + "\n"
        (GOLDEN / f"{path.stem}.json").write_text(text)
