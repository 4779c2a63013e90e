"""The sets run in real processes: their figures, their failures, and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from helios_engine.report.sensitivity import read_outcomes, sensitivity_text
from helios_engine.report.summary import read_summary
from tests.unit.test_cli import HELIOS, ROOT, helios

EMA = (ROOT / "configs/ema_cross.toml").read_text().replace("../data_catalog", str(ROOT / "data_catalog"))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A folder with one run and its sets, and what the command said."""
    place = tmp_path_factory.mktemp("sets")
    (place / "run.toml").write_text(EMA)
    found = helios("backtest", "run.toml", "--sensitivity", "--json", cwd=place)
    assert found.returncode == 0, found.stderr
    return place, json.loads(found.stdout)


def test_every_set_has_its_figures_beside_the_run(asked: tuple[Path, Any]) -> None:
    place, said = asked
    folder = place / said["folder"]
    outcomes = read_outcomes(folder)

    assert [(o.name, o.status) for o in outcomes] == [
        (name, "complete")
        for name in ("this run", "optimistic", "pessimistic", "other path", "double cost", "one bar later")
    ]
    assert said["sensitivity"] == json.loads((folder / "sensitivity.json").read_text())
    own, double, late = outcomes[0], outcomes[4], outcomes[5]
    metrics = read_summary(folder).metrics
    assert metrics is not None
    assert (own.net_return, own.fees) == (metrics.total_return, metrics.costs)
    assert own.fees is not None and double.fees is not None
    assert 1.8 < double.fees / own.fees < 2.2
    assert late.heads["venue"] != own.heads["venue"]


def test_a_sets_config_run_on_its_own_gives_the_same_heads(asked: tuple[Path, Any], tmp_path: Path) -> None:
    place, said = asked
    folder = place / said["folder"]
    wanted = next(o for o in read_outcomes(folder) if o.name == "one bar later")

    again = helios("backtest", folder / wanted.config, "--json", cwd=tmp_path)

    assert json.loads(again.stdout)["heads"] == wanted.heads == read_summary(folder / wanted.run).heads


def test_the_sets_are_told_in_words_and_on_the_page(asked: tuple[Path, Any]) -> None:
    place, said = asked
    outcomes = read_outcomes(place / said["folder"])
    text, page = sensitivity_text(outcomes, "ZAR"), (place / said["folder"] / "report.html").read_text()

    assert max(map(len, text.splitlines())) <= 100
    for told in ("delay 1h (was 0s)", "maker / taker 0.0036 / 0.0070 (was 0.0018 / 0.0035)"):
        assert told in text
        assert told in page


def test_a_set_that_fails_says_so_and_sinks_no_other(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(EMA)
    broken = "import helios_engine.sensitivity.sets as s; s.SETS = (s.SETS[0], s.SETS[4]._replace(changes=lambda p, v: "
    broken += "s.Changes({'latency': 'soon'})))"
    code = f"{broken}; import helios_engine.sensitivity.processes as p; p.SETS = s.SETS; "
    code += "from helios_engine.cli import main; main(['backtest', 'run.toml', '--sensitivity', '--json'])"

    found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)

    said = json.loads(found.stdout)
    statuses = {o["name"]: o["status"] for o in said["sensitivity"]}
    assert (found.returncode, said["status"]) == (1, "complete")
    assert statuses == {"this run": "complete", "optimistic": "complete", "one bar later": "failed"}
    assert "expected a duration such as" in said["sensitivity"][2]["error"]


def test_ctrl_c_during_the_sets_leaves_the_run_whole_and_says_what_is_missing(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [HELIOS, "backtest", ROOT / "configs/six_kinds.toml", "--sensitivity"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("runs/*/sensitivity/*/journal.hlj")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)

    (folder,) = tmp_path.glob("runs/*")
    outcomes = read_outcomes(folder)
    assert (process.returncode, read_summary(folder).status, "Traceback" in stderr) == (130, "complete", False)
    assert outcomes[0].status == "complete"
    assert "interrupted" in {o.status for o in outcomes}
    assert "interrupted: " in stdout
    assert (folder / "report.html").is_file()
