"""`helios-engine valr-sim` as a process of its own, in real time."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

SAMPLE = Path(__file__).resolve().parents[3] / "data_catalog" / "sample"


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """The address of a simulator with these options; it must end well when it is interrupted."""
    code = "from helios_engine.cli import main; main()"
    command = [sys.executable, "-c", code, "valr-sim", "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", first)
        try:
            assert found, first + process.stderr.read()
            yield found[0]
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.communicate(timeout=20)[1]
        assert "Traceback" not in rest, rest


def got(url: str, **headers: str) -> Any:
    """The JSON at an address on this machine."""
    with urlopen(Request(url, headers=headers)) as answer:
        return json.load(answer)


def test_every_choice_and_a_schedule_reach_the_simulator(tmp_path: Path) -> None:
    schedule = tmp_path / "faults.jsonl"
    schedule.write_text('{"kind": "read_only", "seconds": 600}\n')
    choices = ["--lower-case-books", "--before-id-inclusive", "--retry-after", "--idle-close-clean", "--no-limits"]
    with serving("--pairs", "ethzar", "--schedule", str(schedule), "--history", "60", *choices) as url:
        assert [row["symbol"] for row in got(f"{url}/v1/public/pairs")] == ["ETHZAR"]
        assert {"asks", "bids"} < got(f"{url}/v1/public/ETHZAR/orderbook").keys()
        assert got(f"{url}/v1/public/status") == {"status": "read-only"}
        rows = got(f"{url}/v1/public/ETHZAR/trades?limit=3")
        assert got(f"{url}/v1/public/ETHZAR/trades?limit=1&beforeId={rows[2]['id']}") == rows[2:]
        assert len([got(f"{url}/v1/public/time") for _ in range(40)]) == 40
        told = got(f"{url}/sim/faults", **{"X-Sim-Token": "simulated-token"})
        assert [(fault["kind"], fault["times"]) for fault in told["faults"]] == [("read_only", 1)]


def test_a_catalog_is_played() -> None:
    with serving("--catalog", str(SAMPLE), "--instruments", "XBTZAR=BTCZAR.VALR", "--from", "2026-01-06") as url:
        assert [row["symbol"] for row in got(f"{url}/v1/public/pairs")] == ["XBTZAR"]
        assert len(got(f"{url}/v1/public/XBTZAR/trades")) == 100


@pytest.mark.parametrize(
    ("options", "said", "code"),
    [
        (["--catalog", str(SAMPLE), "--instruments", "DOGE.X"], "no trades DOGE.X", 3),
        (["--catalog", str(SAMPLE), "--from", "noon"], "--from: expected a UTC time", 2),
        (["--catalog", str(SAMPLE), "--recording", "x"], "expected one of them", 2),
        (["--instruments", "BTCZAR.VALR"], "expected --catalog as well", 2),
        (["--recording", "no-such-folder"], "no-such-folder", 3),
        (["--catalog", str(SAMPLE), "--speed", "0"], "a speed above 0", 2),
        (["--schedule", "no-such-file"], "expected a text file of faults", 2),
        (["--pairs", "BTC/ZAR"], "--pairs: expected names such as BTCZAR", 2),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_served(options: list[str], said: str, code: int) -> None:
    command = [sys.executable, "-c", "from helios_engine.cli import main; main()", "valr-sim", "--port", "0", *options]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == code
