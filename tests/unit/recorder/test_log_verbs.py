"""`helios-engine data log`, as people call it, with a plugin that offers a parser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from helios_engine.recorder.segment import segments
from tests.unit.recorder.acme import record


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """An environment in which the plugin of this folder is installed."""
    about = tmp_path / "site" / "acme-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[helios_engine]\nacme = tests.unit.recorder.acme\n")
    path = os.pathsep.join([str(about.parent), *sys.path])
    return {**os.environ, "PYTHONPATH": path}


def log(environment: dict[str, str], *words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "helios_engine", "data", "log", *map(str, words)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_recording_is_listed_verified_rebuilt_and_compacted(tmp_path: Path, installed: dict[str, str]) -> None:
    folder, catalog = tmp_path / "log", tmp_path / "catalog"
    live = record(folder, range(100))

    listed = json.loads(log(installed, "ls", folder, "--json").stdout)
    verified = log(installed, "verify", folder)
    rebuilt = log(installed, "rebuild", folder, "--parser", "acme")
    compacted = log(installed, "compact", folder, "--parser", "acme", "--catalog", catalog)

    assert sum(one["frames"] for one in listed) == 101
    assert (verified.returncode, "clock stepped back" in verified.stdout) == (0, True)
    assert (rebuilt.returncode, f"{len(live)} inputs" in rebuilt.stdout) == (0, True), rebuilt.stderr
    assert (compacted.returncode, len(compacted.stdout.splitlines())) == (0, len(listed)), compacted.stderr


def test_damage_is_said_with_an_exit_code(tmp_path: Path, installed: dict[str, str]) -> None:
    record(tmp_path / "log", range(100))
    path = segments(tmp_path / "log")[0]
    damaged = bytearray(path.read_bytes())
    damaged[500] ^= 1
    path.write_bytes(damaged)

    verified = log(installed, "verify", tmp_path / "log")
    rebuilt = log(installed, "rebuild", tmp_path / "log", "--parser", "acme")

    assert (verified.returncode, "WRONG" in verified.stdout) == (1, True)
    assert (rebuilt.returncode, "were marked" in rebuilt.stdout) == (1, True)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [(["ls", "nowhere"], 3, "no such folder"), (["rebuild", "nowhere", "--parser", "none"], 2, "no parser 'none'")],
)
def test_a_mistake_is_said(installed: dict[str, str], words: list[str], code: int, said: str) -> None:
    found = log(installed, *words)

    assert (found.returncode, said in found.stderr) == (code, True)
