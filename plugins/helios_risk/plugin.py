"""What this plugin offers."""

from __future__ import annotations

from helios_engine.hookspecs import hookimpl
from helios_engine.stage import StageSpec
from helios_risk.drawdown import Drawdown
from helios_risk.vol_target import VolTarget


@hookimpl
def helios_stages() -> list[StageSpec]:
    return [StageSpec("risk.drawdown", Drawdown), StageSpec("risk.vol_target", VolTarget)]
