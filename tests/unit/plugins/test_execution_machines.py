"""No order of events leads an execution stage past its target, to two entries, or to a target it forgets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import settings

from helios_execution.limit_orders import LimitOrders
from helios_execution.market_orders import MarketOrders
from helios_execution.twap import Twap
from tests.unit.plugins.machine import Machine

EFFORT = settings(max_examples=60, stateful_step_count=40, deadline=None)


class MarketMachine(Machine):
    make = MarketOrders


class LimitMachine(Machine):
    @staticmethod
    def make() -> Any:
        return LimitOrders(requote_every="30s", requote_ticks=5, give_up="5m", then="cross")


class PatientMachine(Machine):
    slack = Decimal("0.001")

    @staticmethod
    def make() -> Any:
        return LimitOrders(requote_every="30s", band=0.001)


class TwapMachine(Machine):
    @staticmethod
    def make() -> Any:
        return Twap(duration="10m", interval="1m", jitter=0.5, seed=3)


TestMarket = MarketMachine.TestCase
TestLimit = LimitMachine.TestCase
TestPatient = PatientMachine.TestCase
TestTwap = TwapMachine.TestCase
TestMarket.settings = TestLimit.settings = TestPatient.settings = TestTwap.settings = EFFORT
