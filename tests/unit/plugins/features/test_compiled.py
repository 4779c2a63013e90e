"""What was compiled before is used for the code that it was compiled of, and for no other."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ENTRY = """
import helper
from helios_features.kernel.reached import digest
from numba import njit

def made(source):
    @njit(cache=True)
    def entry(x):
        return helper.of(x) if source >= 0 else x
    return entry

entry = made(digest(helper.of))
print(entry(3), sum(entry.stats.cache_hits.values()))
"""
HELPER = """
from numba import njit
{constant}

@njit
def of(x):
    return {formula}
"""


def said(folder: Path, constant: str, formula: str) -> str:
    """What a process prints whose compiled entry calls a function of another file."""
    if not (folder / "entry.py").exists():
        (folder / "entry.py").write_text(ENTRY)
    (folder / "helper.py").write_text(HELPER.format(constant=constant, formula=formula))
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "cache"), "PYTHONPATH": os.pathsep.join(sys.path)}
    # Without bytecode files: within a second, Python could take one of the file as it was before.
    command = [sys.executable, "-B", "entry.py"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True, text=True).stdout


@pytest.mark.parametrize("change", [("BY = 2", "x + BY"), ("BY = 3", "x * BY")])
def test_a_change_in_another_file_is_not_answered_from_the_cache(tmp_path: Path, change: tuple[str, str]) -> None:
    before = said(tmp_path, "BY = 2", "x * BY")

    again, after = said(tmp_path, "BY = 2", "x * BY"), said(tmp_path, *change)

    assert (before, again) == ("6 0\n", "6 1\n")
    assert after == ("5 0\n" if "+" in change[1] else "9 0\n")


def test_the_entrys_digest_is_of_all_compiled_functions_that_it_calls() -> None:
    from helios_features.kernel.reached import reached
    from helios_features.kernel.turn import PARTS

    names = ("kernel.formulas", "kernel.merging", "kernel.moving", "kernel.rows", "kernel.turn", "larger")
    modules = [import_module(f"helios_features.{name}") for name in names]
    compiled = {
        f"{value.py_func.__module__}.{value.py_func.__name__}"
        for module in modules
        for value in vars(module).values()
        if hasattr(value, "py_func") and value.py_func.__name__ != "turn"
    }

    assert len(compiled) > 20
    assert set(reached(*PARTS)) == compiled


def test_larger_bars_are_compiled_of_one_file() -> None:
    from helios_features import larger
    from helios_features.kernel.reached import reached

    found = reached(larger.checked, larger.lifted, larger.woven)

    assert {name.rpartition(".")[0] for name in found} == {"helios_features.larger"}
