"""Whole conversations in virtual time: the same twice, and no fault that never fires."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

import helios_valr.simulator
from helios_engine.simulation import run
from helios_valr.simulator.faults import Kind
from tests.unit.valr.hour import START, digest, hour

SIMULATOR = sorted(Path(helios_valr.simulator.__file__).parent.glob("*.py"))
CLOCKS = {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "utcnow", "today", "urandom", "uuid4"}


def test_an_hour_with_faults_is_the_same_in_two_processes() -> None:
    def said(hash_seed: str) -> str:
        code = [sys.executable, "-m", "tests.unit.valr.hour", "7"]
        done = subprocess.run(code, env=os.environ | {"PYTHONHASHSEED": hash_seed}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    first, second = said("1"), said("2")

    assert first == second
    assert int(first.split()[0]) > 5_000


def test_another_seed_is_another_hour() -> None:
    assert digest(run(hour(1, 120.0), START)[0]) != digest(run(hour(2, 120.0), START)[0])


def test_a_random_schedule_lets_every_kind_of_fault_fire() -> None:
    _, faults = run(hour(3, 1800.0, 6.0), START)

    fired = Counter(fault.kind for fault in faults if fault.began is not None and fault.ended is not None)
    assert set(get_args(Kind)) == fired.keys()
    assert len(faults) == 180


@pytest.mark.parametrize("path", SIMULATOR, ids=lambda path: path.name)
def test_no_module_of_the_simulator_has_a_clock_or_a_sleep_or_chance_of_its_own(path: Path) -> None:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom | ast.Import):
            names = [alias.name for alias in node.names]
            found += [f"import {name}" for name in names if {name, getattr(node, "module", name)} & {"time", "secrets"}]
            found += [
                f"random.{name}" for name in names if getattr(node, "module", "") == "random" and name != "Random"
            ]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            is_ours = node.value.id in ("time", "datetime", "date", "os", "uuid")
            found += [ast.unparse(node)] * (is_ours and node.attr in CLOCKS | {"now"})
            found += [ast.unparse(node)] * (
                node.value.id == "asyncio" and node.attr in ("sleep", "timeout", "wait_for")
            )

    assert found == []
