"""Signals to targets: each factor of the product on its own."""

from __future__ import annotations

from decimal import Decimal

import pytest

from helios_engine import state
from helios_engine.bodies import Instrument, RiskDecision, Signal, StrategicView, Target, Trade
from helios_engine.errors import ConfigError
from helios_engine.events import Body
from helios_portfolio.weights import Weights
from tests.unit.plugins.feeding import BTC, NAME, START, account, bar, feed, turn

ETH = Instrument("ETHZAR.VALR", "ETH", "ZAR", 0, 8, tick=Decimal(1), lot=Decimal("0.001"))
USD = Instrument("BTCUSDT.VALR", "BTC", "USDT", 0, 8, tick=Decimal(1), lot=Decimal("0.001"))
RATE = Instrument("USDTZAR.VALR", "USDT", "ZAR", 2, 8, tick=Decimal("0.01"), lot=Decimal(1))
READY: list[Body] = [BTC, bar(500.0), account("100000")]


def quantities(found: list[Body]) -> list[float]:
    return [b.quantity for b in found if isinstance(b, Target)]


def test_the_whole_equity_goes_into_the_only_instrument() -> None:
    assert feed(Weights(reserve=0.0), [*READY, Signal(NAME, 1.0)]) == [Target(NAME, 200.0)]


def test_the_reserve_stays_in_cash() -> None:
    assert quantities(feed(Weights(reserve=0.1), [*READY, Signal(NAME, 1.0)])) == [180.0]


def test_equal_gives_each_known_instrument_its_share() -> None:
    assert quantities(feed(Weights(reserve=0.0), [*READY, ETH, Signal(NAME, 1.0)])) == [100.0]


def test_named_weights_and_the_signal_scale_the_quantity() -> None:
    stage = Weights({NAME: 0.5}, reserve=0.0)

    assert quantities(feed(stage, [*READY, Signal(NAME, 1.0), Signal(NAME, 0.5)])) == [100.0, 50.0]


def test_spot_is_never_short_unless_it_may_be() -> None:
    assert quantities(feed(Weights(), [*READY, Signal(NAME, -1.0)])) == [0.0]
    assert quantities(feed(Weights(long_only=False, reserve=0.0), [*READY, Signal(NAME, -1.0)])) == [-200.0]


def test_the_smallest_multiplier_of_all_risk_stages_counts() -> None:
    stage = Weights(reserve=0.0)
    feed(stage, READY)

    turn(stage, RiskDecision(NAME, 0.8, ""), source="risk.vol_target")
    turn(stage, RiskDecision("*", 0.5, ""), source="risk.drawdown")
    turn(stage, RiskDecision("ETHZAR.VALR", 0.1, ""), source="risk.vol_target")
    both = feed(stage, [Signal(NAME, 1.0)])
    turn(stage, RiskDecision("*", 1.0, ""), source="risk.drawdown")
    after = feed(stage, [Signal(NAME, 1.0)])

    assert quantities(both + after) == [100.0, 160.0]


def test_two_risk_stages_on_one_instrument_do_not_overwrite_each_other() -> None:
    stage = Weights(reserve=0.0)
    feed(stage, READY)
    turn(stage, RiskDecision(NAME, 0.25, ""), source="risk.one")
    turn(stage, RiskDecision(NAME, 1.0, ""), source="risk.two")

    assert quantities(feed(stage, [Signal(NAME, 1.0)])) == [50.0]


def test_a_view_counts_until_its_time_to_live_is_over() -> None:
    stage = Weights(reserve=0.0)
    feed(stage, READY)
    turn(stage, StrategicView(0.5, 100, ""), START)

    found = [b for ts in (START + 99, START + 100) for b in turn(stage, Signal(NAME, 1.0), ts)]

    assert quantities(found) == [100.0, 200.0]


def test_nothing_is_said_before_there_are_an_account_and_a_price() -> None:
    stage = Weights()

    assert feed(stage, [BTC, Signal(NAME, 1.0), bar(500.0), Signal(NAME, 1.0)]) == []


def test_the_last_price_is_that_of_the_last_bar_or_trade() -> None:
    given = [*READY, Trade(NAME, START, 1000.0, 1.0, "BUY", "1"), Signal(NAME, 1.0)]

    assert quantities(feed(Weights(reserve=0.0), given)) == [100.0]


def test_a_price_in_another_currency_goes_through_its_rate() -> None:
    stage = Weights({USD.instrument: 1.0}, reserve=0.0, rates={"USDT": RATE.instrument})
    given = [USD, RATE, account("100000"), bar(500.0, name=USD.instrument)]

    before = feed(stage, [*given, Signal(USD.instrument, 1.0)])
    after = feed(stage, [bar(20.0, name=RATE.instrument), Signal(USD.instrument, 1.0)])

    assert (before, quantities(after)) == ([], [10.0])


def test_a_currency_without_a_rate_is_an_error_that_says_what_to_add() -> None:
    with pytest.raises(ConfigError, match=r'add rates = \{ USDT = "USDTZAR.VENUE" \}'):
        feed(Weights(), [USD, account("100000"), bar(500.0, name=USD.instrument), Signal(USD.instrument, 1.0)])


def test_a_signal_for_an_instrument_without_a_weight_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"expected a weight for BTCZAR.VALR, .* found weights for BTCZAR;"):
        feed(Weights({"BTCZAR": 1.0}), [*READY, Signal(NAME, 1.0)])


@pytest.mark.parametrize("weights", [{}, {NAME: -0.1}, {NAME: 0.6, "X": 0.5}])
def test_weights_that_make_no_sense_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected weights"):
        Weights(weights)


def test_saved_and_restored_it_says_the_same() -> None:
    first, second = Weights(), Weights()
    feed(first, [*READY, RiskDecision(NAME, 0.5, ""), StrategicView(0.5, 10**18, "")])

    state.load(second, state.dump(first))

    assert feed(second, [Signal(NAME, 1.0)]) == feed(first, [Signal(NAME, 1.0)]) != []
