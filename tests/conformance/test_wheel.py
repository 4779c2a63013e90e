"""A new plugin as a wheel in a fresh environment beside Helios' own wheel: it runs, is proved, and can be refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from helios_engine.testing.market import write_small_market
from helios_engine.testing.scaffold import write_plugin

ROOT = Path(__file__).resolve().parents[2]
NAME = "fresh_signal"
BESIDE = '"catalog", "nautilus", "portfolio", "execution"'
"""The first-party plugins that its run takes."""


class Environment:
    """A virtual environment that sees the libraries of this one, but neither its Helios nor the source tree."""

    def __init__(self, folder: Path, *wheels: Path) -> None:
        self.folder = folder
        _run(sys.executable, "-m", "venv", "--without-pip", str(folder / "venv"))
        self.python = folder / "venv/bin/python"
        _pip("--python", str(self.python), "install", "--no-index", "--no-deps", *map(str, wheels))
        (self.site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")

    @property
    def site(self) -> Path:
        """Where its packages lie."""
        return next((self.folder / "venv/lib").glob("python*")) / "site-packages"

    def helios(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Exit code and JSON of a command."""
        command = [str(self.folder / "venv/bin/helios-engine"), *arguments, "--json"]
        done = subprocess.run(command, cwd=self.folder, env=_environment(), capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin as `plugin new` writes it."""
    folder = tmp_path_factory.mktemp("wheel")
    write_plugin(NAME, "strategy", folder)
    return folder / NAME


@pytest.fixture(scope="module")
def fresh(project: Path) -> Environment:
    """Both wheels installed, and a small market where the plugin's config looks for one."""
    wheels = project.parent / "wheels"
    for source in (ROOT, project):
        _pip("wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), str(source))
    found = Environment(project.parent / "elsewhere", *sorted(wheels.glob("*.whl")))
    where = [
        str(found.python),
        "-I",
        "-c",
        "import helios_engine as h, fresh_signal as f; print(h.__file__, f.__file__)",
    ]
    assert all(Path(place).is_relative_to(found.site) for place in _run(*where).split())
    write_small_market(found.folder / "sample")
    (found.folder / "run.toml").write_text((project / "run.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return found


@pytest.mark.slow
def test_an_installed_plugin_runs_is_proved_and_is_refused_once_its_source_is_another(fresh: Environment) -> None:
    backtest = ("backtest", "run.toml")
    code, run = fresh.helios(*backtest)
    assert code == 0, run
    identity = next(i for i in fresh.helios("plugin", "list")[1]["plugins"] if i.startswith(f"{NAME}="))

    code, proof = fresh.helios("prove", "run.toml", "--cuts", "6")
    mine = next(row for row in proof["rows"] if row["part"]["name"] == f"strategy.{NAME}")
    assert (code, mine["verdict"], mine["part"]["plugin"]) == (0, "no violation found", identity)

    config = fresh.folder / "run.toml"
    allowed = f'"{NAME}@{identity.rpartition("@")[2]}"'
    config.write_text(f"{config.read_text()}\n[plugins]\nallow = [{BESIDE}, {allowed}]\n", encoding="utf-8")
    code, again = fresh.helios(*backtest)
    assert (code, again["heads"]) == (0, run["heads"])

    part = fresh.site / NAME / "part.py"
    part.write_text(part.read_text(encoding="utf-8") + "# One line more.\n", encoding="utf-8")
    code, refused = fresh.helios(*backtest)
    assert code == 2
    assert f"plugin '{NAME}' is not the one that was allowed" in refused["error"]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH" and "HELIOS" not in name}


def _pip(*arguments: str) -> None:
    _run(sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments)


def _run(*command: str) -> str:
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout
