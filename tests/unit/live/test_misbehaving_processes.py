"""A plugin that takes the whole process with it: what remains is a journal and a recording that can be read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helios_engine.bodies import Control, Trade
from helios_engine.recorder import LogReader
from tests.unit.live.misbehaviour import BOUNDS, config, journal, traded

CHILD = """
import asyncio, faulthandler, sys
from pathlib import Path
from tests.unit.live.misbehaviour import config, traded, wild
faulthandler.enable()
place = Path(sys.argv[1])
loaded, seconds = config(place, wild(sys.argv[2], 60)), float(sys.argv[3])
asyncio.run(traded(loaded, place / "runs", seconds, failures=0, trace=sys.stderr))
"""


def child(place: Path, how: str, seconds: float = 20.0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(place), how, str(seconds)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=dict(os.environ))


def remains(place: Path) -> tuple[int, int]:
    """How many trades the journal has of a run that was killed, and how many frames its recording has."""
    (folder,) = (place / "runs").iterdir()
    reader = journal(folder, salvage=True)
    assert reader.header()["mode"] == "paper"
    assert reader.end() is None
    trades = [i.body for i in reader.inputs() if isinstance(i.body, Trade)]
    frames = sum(1 for _ in LogReader(folder / "recording").entries())
    return len(trades), frames


@pytest.mark.parametrize(("how", "code"), [("gone", 7), ("crash", -signal.SIGSEGV)])
def test_of_a_process_that_a_stage_ended_journal_and_recording_remain(how: str, code: int, tmp_path: Path) -> None:
    process = child(tmp_path, how)
    _, said = process.communicate(timeout=60)

    assert process.returncode == code, said
    assert how != "crash" or "on_event" in said
    trades, frames = remains(tmp_path)
    assert trades > 40
    assert frames > 80


def test_of_a_process_that_was_killed_journal_and_recording_remain(tmp_path: Path) -> None:
    process = child(tmp_path, "", 60.0)
    journals = tmp_path / "runs"
    while not list(journals.glob("*/journal.hlj")) and process.poll() is None:
        time.sleep(0.05)
    time.sleep(1.0)
    process.kill()
    process.communicate(timeout=60)

    trades, frames = remains(tmp_path)
    assert trades > 10
    assert frames > 20


def test_more_memory_than_the_config_allows_is_no_new_risk(tmp_path: Path) -> None:
    import asyncio

    bounds = BOUNDS + "max_memory = 1\n"
    run, result = asyncio.run(traded(config(tmp_path, "", bounds), tmp_path / "runs"))

    assert len(run.session.failures) == 1
    assert "more than max_memory 1" in run.session.failures[0]
    controls = [i.body for i in journal(result.folder).inputs() if i.source == "control"]
    assert controls == [Control("reduce_only", "all"), Control("stop", "all")]
    assert result.summary.counts.rejects["gate: pause"] > 0
