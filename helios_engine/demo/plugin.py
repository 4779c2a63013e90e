"""The demonstration's two stages, registered by hand for the demonstration alone."""

from __future__ import annotations

from helios_engine.demo.honest import TrailingTrend
from helios_engine.demo.leaky import CentredTrend
from helios_engine.hookspecs import hookimpl
from helios_engine.stage import StageSpec


@hookimpl
def helios_stages() -> list[StageSpec]:
    return [StageSpec("demo.leaky_trend", CentredTrend), StageSpec("demo.honest_trend", TrailingTrend)]
