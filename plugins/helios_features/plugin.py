"""What this plugin offers."""

from __future__ import annotations

from helios_engine.hookspecs import hookimpl
from helios_engine.stage import StageSpec
from helios_features.basic import Basic
from helios_features.technical import Technical


@hookimpl
def helios_stages() -> list[StageSpec]:
    return [StageSpec("features.basic", Basic), StageSpec("features.technical", Technical)]
