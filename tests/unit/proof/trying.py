"""Runs of small plugins over a day of the sample's bars, on trial."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from helios_engine.bodies import Prediction
from helios_engine.config import Config, on_catalog, parse_config
from helios_engine.hookspecs import hookimpl
from helios_engine.plugins import Plugins
from helios_engine.proof.case import Case
from helios_engine.stage import EffectSpec, StageSpec

SAMPLE = Path(__file__).resolve().parents[3] / "data_catalog" / "sample"
PARQUET = next(iter(sorted((SAMPLE / "bars" / "BTCZAR.VALR").rglob("*.parquet"))))
_HEAD = """
[run]
name = "trial"
start = "2026-01-06T00:00:00Z"
stop = "2026-01-07T00:00:00Z"

[account]
currency = "ZAR"
balances = { ZAR = "1000000" }

[venue]
use = "nautilus.sim"

[[feed]]
use = "catalog.bars"
instrument = "BTCZAR.VALR"
timeframe = "1h"
"""


def case(
    folder: Path,
    stages: Iterable[type],
    effects: Iterable[type] = (),
    settings: dict[str, dict[str, Any]] | None = None,
) -> Case:
    """A run of these stages and effects, each under the name of its class in small letters."""
    stages, effects = tuple(stages), tuple(effects)
    text = _HEAD
    for table, kinds in (("stage", stages), ("effect", effects)):
        for kind in kinds:
            lines = (f'{key} = "{value}"' for key, value in (settings or {}).get(kind.__name__, {}).items())
            text += "\n".join((f"\n[[{table}]]", f'use = "leaky.{kind.__name__.lower()}"', *lines, ""))
    return Case(parsed(text, folder), plugins(stages, effects), folder)


def parsed(text: str, folder: Path) -> Config:
    """A config over the sample."""
    return on_catalog(parse_config(text, folder / "trial.toml"), SAMPLE)


def plugins(stages: Iterable[type], effects: Iterable[type] = ()) -> Plugins:
    """What is installed, and these."""
    module = types.ModuleType("leaky")
    offered = [StageSpec(f"leaky.{kind.__name__.lower()}", kind) for kind in stages]
    answering = [EffectSpec(f"leaky.{kind.__name__.lower()}", kind, emits=(Prediction,)) for kind in effects]

    @hookimpl
    def helios_stages() -> list[StageSpec]:
        return offered

    @hookimpl
    def helios_effects() -> list[EffectSpec]:
        return answering

    for hook in (helios_stages, helios_effects):
        setattr(module, hook.__name__, hook)
    found = Plugins()
    found.register(module, "leaky")
    return found


def is_in(where: str, kind: type) -> bool:
    """Whether a `file:line` lies in the body of a class."""
    file, _, line = where.rpartition(":")
    lines, first = inspect.getsourcelines(kind)
    return file == inspect.getsourcefile(kind) and first <= int(line) < first + len(lines)
