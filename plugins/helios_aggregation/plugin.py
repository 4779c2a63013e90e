"""What this plugin offers."""

from __future__ import annotations

from helios_aggregation.larger_bars import LargerBars
from helios_aggregation.time_bars import TimeBars
from helios_engine.hookspecs import hookimpl
from helios_engine.stage import StageSpec


@hookimpl
def helios_stages() -> list[StageSpec]:
    return [StageSpec("aggregation.larger_bars", LargerBars), StageSpec("aggregation.time_bars", TimeBars)]
