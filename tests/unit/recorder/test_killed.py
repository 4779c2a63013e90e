"""Kill -9 of a real recorder: what it acknowledged is there. `KILLS=500 pytest …` for more than a quick look."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helios_engine.recorder import Frame, Gap, LogReader
from tests.unit.recorder.worker import raw_of

KILLS = int(os.environ.get("KILLS", "30"))
WORKER = Path(__file__).with_name("worker.py")


@pytest.mark.parametrize("log", range(KILLS // 5))
def test_no_acknowledged_frame_is_lost_when_the_recorder_is_killed(tmp_path: Path, log: int) -> None:
    moments = random.Random(log)
    # Five kills a log: each start goes on from what the kill before left.
    for kill in range(5):
        with subprocess.Popen([sys.executable, WORKER, tmp_path], stdout=subprocess.PIPE) as worker:
            assert worker.stdout is not None
            worker.stdout.readline()
            time.sleep(moments.random() * 0.05)
            worker.kill()
            # An acknowledgement the kill cut short is not one.
            told = [int(line) for line in worker.stdout.read().splitlines(keepends=True) if line.endswith(b"\n")]
        entries = list(LogReader(tmp_path).entries())
        assert [entry.seq for entry in entries] == list(range(len(entries)))
        assert all(entry.raw == raw_of(entry.seq) for entry in entries if isinstance(entry, Frame))
        assert entries[-1].seq >= max(told, default=0)
        found = [entry for entry in entries if isinstance(entry, Gap)]
        assert len(found) == kill
        assert all(gap.count is None and "killed" in gap.reason for gap in found)
