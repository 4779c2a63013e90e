"""Put every part of a plugin through the kit, and run the plugin's own tests."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from helios_engine import recipe
from helios_engine.errors import ConfigError, PluginError
from helios_engine.plugins import Kind, Offer, Plugins
from helios_engine.testing.check import Check, Verdict
from helios_engine.testing.kit import CHECKS, yield_checks
from helios_engine.testing.market import INSTRUMENTS, TIMEFRAME
from helios_engine.testing.subject import Subject, kit_plugins

_MARKET = {"instrument": INSTRUMENTS[0], "timeframe": TIMEFRAME}


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


def checks_of(plugins: Plugins, name: str, catalog: Path, folder: Path) -> Iterator[Check]:
    """The checks of everything that one plugin offers; `folder` is for scratch files."""
    for kind in get_args(Kind):
        if kind not in CHECKS:
            continue
        for part, offer in plugins.offers(kind).items():
            if offer.plugin.name == name:
                settings = _settings(kind, part, offer)
                yield from yield_checks(Subject(kind, part, plugins, catalog, folder, settings=settings))


def own_tests(folder: Path) -> Verdict:
    """The plugin's own tests, in a process of their own."""
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", str(folder.resolve())]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    said = (done.stdout.strip() or done.stderr.strip()).splitlines()
    status = "passed" if done.returncode == 0 else "not judged" if done.returncode == 5 else "failed"
    message = "" if done.returncode == 0 else "\n".join(said[-12:])
    return Verdict("own tests", "pytest", status, message)  # type: ignore[arg-type]


def _settings(kind: Kind, part: str, offer: Offer) -> dict[str, str]:
    """What the kit's market can fill in of the settings that a feed must be given."""
    if kind != "feed":
        return {}
    struct = recipe.settings_struct(part, offer.spec.factory)
    return {name: value for name, value in _MARKET.items() if name in struct.__struct_fields__}
