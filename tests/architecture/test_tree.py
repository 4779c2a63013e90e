"""What the tree promises: public names, lazy imports, no word that does not belong."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import helios_engine
from helios_engine import hookspecs

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(p for top in ("helios_engine", "plugins", "strategies") for p in (ROOT / top).rglob("*.py"))
CLOCKS = re.compile(r"\b(time\.time|datetime\.now|utcnow|perf_counter|uuid4|os\.urandom|random\.random\(|secrets\.)")


def test_public_names_are_sorted_and_all_there() -> None:
    assert helios_engine.__all__ == sorted(helios_engine.__all__)
    assert all(hasattr(helios_engine, name) for name in helios_engine.__all__)


def test_importing_the_contract_loads_nothing_heavy() -> None:
    code = "import helios_engine, sys, json; print(json.dumps(sorted(sys.modules)))"
    modules = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)

    assert not {"nautilus_trader", "pandas", "pyarrow", "torch", "plotly"} & set(modules)


def test_help_loads_neither_numpy_nor_plugins() -> None:
    code = (
        "import sys, json\nfrom helios_engine.cli import main\ntry:\n main(['--help'])\nexcept SystemExit: pass\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert "backtest" in found.stdout
    assert not {"nautilus_trader", "pandas", "pyarrow", "helios_features"} & set(json.loads(found.stderr))


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_and_public_thing_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = [] if ast.get_docstring(tree) or path.name == "__main__.py" else ["the module"]
    for node in tree.body:
        if (
            isinstance(node, ast.ClassDef | ast.FunctionDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ):
            silent.append(node.name)
    silent = [name for name in silent if not name.startswith("helios_")]  # a hook's reference is its hookspec

    assert silent == []


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if "plugins" in p.parts or "strategies" in p.parts], ids=lambda p: p.name
)
def test_no_stage_reads_a_clock_or_draws_from_the_world(path: Path) -> None:
    assert CLOCKS.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "path",
    [p for p in SOURCES if ("plugins" in p.parts or "strategies" in p.parts) and "simulator" not in p.parts],
    ids=lambda p: p.name,
)
def test_no_stage_adds_floats_with_sum_which_python_3_12_does_otherwise(path: Path) -> None:
    plain = [c for c in re.findall(r"(?<!f)\bsum\(.*", path.read_text(encoding="utf-8")) if "ZERO" not in c]

    assert plain == []


@pytest.mark.parametrize("hook", [name for name in vars(hookspecs) if name.startswith("helios_")])
def test_every_hook_is_documented_with_an_example_and_a_version(hook: str) -> None:
    text = getattr(hookspecs, hook).__doc__ or ""

    assert "@hookimpl" in text
    assert ".. versionadded::" in text
    assert "Called once" in text


def test_no_file_holds_two_reasons_to_change() -> None:
    # Compiled code of the features stands in one file, because numba's cache sees no change in another.
    watched = [p for p in SOURCES if p.parts[-2:] != ("helios_features", "kernel.py")]
    long = {str(p.relative_to(ROOT)): n for p in watched if (n := len(p.read_text().splitlines())) > 330}

    assert long == {}
