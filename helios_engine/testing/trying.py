"""Put every part of a plugin through the kit, and run the plugin's own tests."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from helios_engine.errors import ConfigError, PluginError
from helios_engine.plugins import Kind, Plugins
from helios_engine.testing.check import Check, Verdict
from helios_engine.testing.declared import declared
from helios_engine.testing.kit import CHECKS, yield_checks
from helios_engine.testing.subject import Subject, kit_plugins


def named(place: str) -> tuple[Plugins, str, Path | None]:
    """All plugins, the name of the one that is meant, and its folder where a path was given; ConfigError, PluginError.

    `place` is the name of an installed plugin or the folder of one whose pyproject names its entry point.
    """
    plugins = kit_plugins()
    if place in plugins.identities:
        return plugins, place, None
    project = Path(place) / "pyproject.toml"
    if not project.exists():
        raise ConfigError(f"{place!r} is no installed plugin and no folder with a pyproject.toml")
    table = tomllib.loads(project.read_text(encoding="utf-8"))
    points = table.get("project", {}).get("entry-points", {}).get("helios_engine", {})
    if len(points) != 1:
        raise ConfigError(f"{project}: expected one entry point in the group helios_engine, found {len(points)}")
    ((name, module),) = points.items()
    if name not in plugins.identities:
        sys.path.insert(0, str(Path(place).resolve()))
        try:
            plugins.register(importlib.import_module(module), name)
        except ImportError as error:
            raise PluginError(f"{project}: {module} cannot be imported: {error}") from error
    return plugins, name, Path(place)


def checks_of(plugins: Plugins, name: str, catalog: Path, scratch: Path, project: Path | None) -> Iterator[Check]:
    """The checks of everything that one plugin offers, as its project's pyproject declares their trials."""
    trials = declared(project) if project is not None else {}
    for kind in get_args(Kind):
        if kind not in CHECKS:
            continue
        for part, offer in plugins.offers(kind).items():
            if offer.plugin.name == name:
                yield from yield_checks(Subject(kind, part, plugins, catalog, scratch, **trials.get(part, {})))


def own_tests(project: Path) -> Iterator[Verdict]:
    """The plugin's own tests, in a process of their own, but those marked as the kit's; nothing if it has none."""
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-m", "not helios_kit", str(project.resolve())]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        yield Verdict("own tests", "pytest", "passed", "")
    elif done.returncode != _NOTHING_COLLECTED:
        said = (done.stdout.strip() or done.stderr.strip()).splitlines()
        yield Verdict("own tests", "pytest", "failed", "\n".join(said[-12:]))


_NOTHING_COLLECTED = 5
