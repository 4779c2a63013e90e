"""What this plugin offers."""

from __future__ import annotations

from helios_engine.hookspecs import hookimpl
from helios_engine.stage import StageSpec
from helios_portfolio.weights import Weights


@hookimpl
def helios_stages() -> list[StageSpec]:
    return [StageSpec("portfolio.weights", Weights)]
