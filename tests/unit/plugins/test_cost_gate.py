"""Expected moves against round trips, bands by amount, and targets that come while an order is in flight."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.bodies import (
    OrderCanceled,
    OrderIntent,
    Position,
    Prediction,
    Quote,
    Reject,
    RiskDecision,
    Signal,
    Target,
    VolForecast,
)
from helios_execution.cost_gate import CostGate, Costs
from helios_execution.limit_orders import LimitOrders
from helios_execution.market_orders import MarketOrders
from helios_execution.sizing import Band, is_too_small, smallest
from helios_execution.twap import Twap
from tests.unit.plugins.feeding import BTC, NAME, START, bar, feed

D = Decimal
PAID = msgspec.structs.replace(BTC, maker_fee=D("0.001"), taker_fee=D("0.002"))  # a round trip: 40 bps, 20 as maker


def prediction(value: float) -> Prediction:
    return Prediction("1", "model", NAME, value)


def ready(gate: CostGate | None, make: Any = MarketOrders, **terms: Any) -> Any:
    stage = make(cost_gate=gate, **terms)
    feed(stage, [PAID, bar(1000.0)])
    return stage


def quantities(found: list[Any]) -> list[Decimal]:
    return [b.quantity if b.side == "BUY" else -b.quantity for b in found if isinstance(b, OrderIntent)]


@pytest.mark.parametrize("make", [MarketOrders, LimitOrders, Twap])
def test_new_risk_waits_for_a_move_that_pays_for_the_round_trip(make: Any) -> None:
    stage = ready(CostGate(move="prediction", spread_bps=10.0, multiple=2.0), make)

    none = feed(stage, [Target(NAME, 12.0)])
    small = feed(stage, [prediction(0.0099), Target(NAME, 12.5)])
    enough = feed(stage, [prediction(0.0100), Target(NAME, 13.0)])

    assert none == [RiskDecision(NAME, 0.0, "cost gate: no prediction yet, 100.00 bps needed")]
    assert small == [RiskDecision(NAME, 0.0, "cost gate: 99.00 bps expected, 100.00 bps needed")]
    assert len(quantities(enough)) == 1 and len(enough) == 1


def test_a_move_the_other_way_pays_for_nothing() -> None:
    stage = ready(CostGate(move="prediction", spread_bps=0.0))

    assert quantities(feed(stage, [prediction(-0.5), Target(NAME, 1.0)])) == []
    assert quantities(feed(stage, [Target(NAME, -1.0)])) == [D(-1)]


def test_the_way_out_needs_no_reason_and_only_the_way_out() -> None:
    stage = ready(CostGate(move="prediction", spread_bps=0.0))
    feed(stage, [Position(NAME, D(2), D(1000), D(0))])

    assert quantities(feed(stage, [Target(NAME, -3.0)])) == [D(-2)]


def test_the_spread_is_the_quotes_once_there_is_one() -> None:
    costs = Costs(CostGate(move="prediction", spread_bps=100.0))
    quote = Quote(NAME, START, 999.0, 1001.0, 1.0, 1.0)

    assert costs.round_trip(PAID, None) == pytest.approx(140.0)
    assert costs.round_trip(PAID, quote) == pytest.approx(60.0)
    assert Costs(costs.settings, is_maker=True).round_trip(PAID, quote) == pytest.approx(20.0)


def test_a_signal_stands_for_the_stated_move_and_a_volatility_has_no_direction() -> None:
    by_signal = ready(CostGate(move="signal", spread_bps=0.0, signal_bps=80.0))
    by_volatility = ready(CostGate(move="volatility", spread_bps=0.0, timeframe="1h"))

    assert quantities(feed(by_signal, [Signal(NAME, 0.4), Target(NAME, 1.0)])) == []
    assert quantities(feed(by_signal, [Signal(NAME, 0.5), Target(NAME, 1.0)])) == [D(1)]
    assert quantities(feed(by_volatility, [VolForecast(NAME, "1m", 0.9), Target(NAME, -1.0)])) == []
    assert quantities(feed(by_volatility, [VolForecast(NAME, "1h", 0.004), Target(NAME, -1.0)])) == [D(-1)]


def test_the_forecast_of_the_gate_is_one_of_the_bodies_that_must_be_fed() -> None:
    assert Prediction in ready(CostGate(move="prediction", spread_bps=0.0)).consumes
    assert not {Prediction, VolForecast, Signal} & set(MarketOrders().consumes)


@pytest.mark.parametrize(
    "terms",
    [
        {"move": "prediction", "spread_bps": -1.0},
        {"move": "prediction", "spread_bps": 0.0, "multiple": 0.0},
        {"move": "prediction", "spread_bps": float("nan")},
        {"move": "signal", "spread_bps": 0.0},
        {"move": "prediction", "spread_bps": 0.0, "signal_bps": 5.0},
    ],
)
def test_a_gate_that_cannot_be_meant_is_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="cost_gate: "):
        MarketOrders(cost_gate=CostGate(**terms))


def test_within_an_amount_of_the_quote_currency_nothing_is_traded_but_the_way_out_is_open() -> None:
    stage = ready(None, band_notional=500.0)
    feed(stage, [Position(NAME, D(1), D(1000), D(0))])

    assert quantities(feed(stage, [Target(NAME, 1.5)])) == []
    assert quantities(feed(stage, [Target(NAME, 1.501)])) == [D("0.501")]
    assert quantities(
        feed(ready(None, band_notional=5000.0), [Position(NAME, D(1), D(1000), D(0)), Target(NAME, 0.0)])
    ) == [D(-1)]


@pytest.mark.parametrize("amount", [-1.0, float("inf"), float("nan")])
def test_an_amount_that_is_none_is_refused(amount: float) -> None:
    with pytest.raises(ValueError, match="band_notional"):
        Band.of(0.0, amount)


@given(st.decimals(D("0.5"), D(10**7), places=1))
def test_the_smallest_order_is_not_too_small_and_one_lot_less_is(price: Decimal) -> None:
    least = smallest(BTC, price)

    assert not is_too_small(BTC, least, price)
    assert is_too_small(BTC, least - BTC.lot, price)


def test_the_newest_target_that_came_in_flight_is_acted_on_when_the_order_is_over() -> None:
    stage = ready(None)
    feed(stage, [Target(NAME, 1.0), Target(NAME, 3.0), Target(NAME, 2.0)])

    assert quantities(feed(stage, [OrderCanceled("M-1", NAME, "no volume")])) == [D(2)]


def test_a_target_that_came_in_flight_follows_a_refusal_but_a_refused_one_does_not() -> None:
    stage = ready(None)
    feed(stage, [Target(NAME, 1.0), Target(NAME, 2.0)])

    assert quantities(feed(stage, [Reject("M-1", NAME, "venue", "no")])) == [D(2)]
    assert quantities(feed(stage, [Reject("M-2", NAME, "venue", "no"), bar(1001.0, 1)])) == []


def test_a_target_before_the_first_price_is_acted_on_with_it() -> None:
    stage = MarketOrders()

    assert feed(stage, [BTC, Target(NAME, 1.0)]) == []
    assert quantities(feed(stage, [bar(1000.0)])) == [D(1)]
