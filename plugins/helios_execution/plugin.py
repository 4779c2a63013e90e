"""What this plugin offers."""

from __future__ import annotations

from helios_engine.hookspecs import hookimpl
from helios_engine.stage import StageSpec
from helios_execution.bracket import Bracket
from helios_execution.limit_orders import LimitOrders
from helios_execution.market_orders import MarketOrders
from helios_execution.twap import Twap


@hookimpl
def helios_stages() -> list[StageSpec]:
    return [
        StageSpec("execution.bracket", Bracket),
        StageSpec("execution.limit", LimitOrders),
        StageSpec("execution.market", MarketOrders),
        StageSpec("execution.twap", Twap),
    ]
