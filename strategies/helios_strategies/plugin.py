"""What this plugin offers."""

from __future__ import annotations

from helios_engine.hookspecs import hookimpl
from helios_engine.stage import StageSpec
from helios_strategies.buy_and_hold import BuyAndHold
from helios_strategies.cross import Cross
from helios_strategies.mean_reversion import MeanReversion
from helios_strategies.model import FollowModel


@hookimpl
def helios_stages() -> list[StageSpec]:
    return [
        StageSpec("strategy.buy_and_hold", BuyAndHold),
        StageSpec("strategy.cross", Cross),
        StageSpec("strategy.mean_reversion", MeanReversion),
        StageSpec("strategy.model", FollowModel),
    ]
