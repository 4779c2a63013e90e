"""What a plugin's pyproject says of the trials of its parts: `[tool.helios.trial."PART"]`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from helios_engine.errors import ConfigError


class Trial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of Subject that a project may declare; paths start at its folder."""

    settings: dict[str, Any] = {}
    config: str | None = None
    altered: dict[str, Any] | str | None = None
    files: tuple[str, ...] = ()
    ask: dict[str, Any] = {}


def declared(project: Path) -> Mapping[str, Mapping[str, Any]]:
    """Fields of Subject by part, none without a pyproject; ConfigError names the table that is not one of a trial.

    [tool.helios.trial."feed.mine"]
    settings = { file = "tests/day.csv" }
    altered = { file = "tests/another_day.csv" }
    """
    path = project / "pyproject.toml"
    if not path.exists():
        return {}
    tables = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("helios", {}).get("trial", {})
    return {part: _fields(path, part, table) for part, table in tables.items()}


def _fields(path: Path, part: str, table: Any) -> dict[str, Any]:
    try:
        trial = msgspec.convert(table, Trial)
    except msgspec.ValidationError as error:
        names = ", ".join(Trial.__struct_fields__)
        raise ConfigError(f'{path}: [tool.helios.trial."{part}"]: {error}; it may have {names}') from None
    folder = path.parent.resolve()
    return {
        "settings": trial.settings,
        "config": folder / trial.config if trial.config is not None else None,
        "altered": folder / trial.altered if isinstance(trial.altered, str) else trial.altered,
        "files": [folder / file for file in trial.files],
        "ask": trial.ask,
    }
