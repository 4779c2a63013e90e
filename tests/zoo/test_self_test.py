"""The self-test: what it counts, when it fails, what certificates say of it, and how it is interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helios_engine.proof.certificates import self_tests
from helios_engine.proof.zoo.entry import Specimen, specimens
from helios_engine.proof.zoo.running import Sighting
from helios_engine.proof.zoo.self_test import SelfTest, self_test, text
from tests.unit.test_cli import helios

LEAK, TWIN = "filling.at_once", "filling.at_once/remembering"
Tested = tuple[SelfTest, list[Sighting]]


def named(name: str) -> Specimen:
    return next(s for s in specimens() if s.name == name)


@pytest.fixture(scope="module")
def passed() -> Tested:
    return self_test(2, shown=(named(LEAK), named(TWIN)))


@pytest.fixture(scope="module")
def failed() -> Tested:
    """A leak that is said to be honest, and an honest plugin that is said to leak."""
    swapped = tuple(named(name)._replace(is_leak=not named(name).is_leak) for name in (LEAK, TWIN))
    return self_test(1, shown=swapped)


def test_a_prover_that_kills_and_spares_passes(passed: Tested) -> None:
    result, found = passed

    assert (result.leaks, result.killed, result.runs, result.false_alarms) == (2, 2, 4, 0)
    assert result.layers["fills"].leaks == result.layers["fills"].killed == 2
    assert result.layers["fills"].runs == 4
    assert result.exit_code == 0
    assert "killed 2 of 2 planted leaks, false alarms in 0 of 4 runs" in result.summary
    assert "MISSED" not in text(result, found)
    assert {s.seed for s in found} == {0, 1}


def test_a_missed_leak_and_a_false_alarm_are_named_and_fail(failed: Tested) -> None:
    result, found = failed
    told = text(result, found)

    assert result.exit_code == 1
    assert (result.leaks, result.killed, result.false_alarms) == (1, 0, 1)
    assert result.layers["fills"].false_alarms >= 1
    assert any(line.startswith("MISSED") for line in told.splitlines())
    assert any(line.startswith("FALSE ALARM") and " fills blames venue" in line for line in told.splitlines())


def test_progress_is_told_to_the_end() -> None:
    told: list[tuple[float, int]] = []
    self_test(1, shown=(named(LEAK), named(TWIN)), progress=lambda share, count: told.append((share, count)))

    assert told == [(0.5, 1), (1.0, 2)]


def test_the_result_is_kept_for_this_engine_alone(
    passed: Tested, failed: Tested, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    engine = self_tests.engine_digest()

    assert self_tests.kill_rate() == "not run"
    self_tests.keep(passed[0], "of another engine")
    assert self_tests.kill_rate() == "not run"
    self_tests.keep(passed[0], engine)
    assert self_tests.kill_rate() == passed[0].summary
    place = self_tests.keep(failed[0], engine)
    assert self_tests.kill_rate() == failed[0].summary  # the latest one, whatever it says
    place.write_bytes(place.read_bytes()[:-9])
    assert self_tests.kill_rate() == "not run"


def test_interrupted_it_leaves_nobody_and_nothing_behind(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    (tmp_path / "tmp").mkdir()
    command = [Path(sys.executable).parent / "helios-engine", "prove", "--self-test", "--json"]
    told = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    with subprocess.Popen(command, env=environment, **told) as running:  # type: ignore[call-overload]
        while not list((tmp_path / "tmp").glob("helios-zoo-*/helios-proof-*")):
            assert running.poll() is None
            time.sleep(0.02)
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does
        out, err = running.communicate(timeout=60)

    assert running.returncode == 130
    assert json.loads(out) == {"error": "interrupted", "exit_code": 130}
    assert "Traceback" not in err
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not (tmp_path / "cache").exists()
    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--self-test", "run.toml"), "it takes no CONFIG"),
        (("--self-test", "--layer", "fills"), "it takes no --layer"),
        (("--self-test", "--seeds", "0"), "Invalid value for '--seeds'"),
        (("run.toml", "--seeds", "2"), "--seeds goes with --self-test"),
        ((), "Missing argument 'CONFIG'"),
    ],
)
def test_what_does_not_go_together_is_refused(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    found = helios("prove", *arguments, cwd=tmp_path)

    assert found.returncode == 2
    assert said in found.stderr
