"""Volatility target and drawdown, against closed forms and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from helios_engine import state
from helios_engine.bodies import Control, RiskDecision, VolForecast
from helios_engine.events import Body
from helios_risk.drawdown import Drawdown
from helios_risk.vol_target import VolTarget
from tests.unit.plugins.feeding import account, bars, feed, turn, walk


def scales(found: list[Body]) -> list[float]:
    return [b.multiplier for b in found if isinstance(b, RiskDecision)]


def test_the_forecast_is_the_riskmetrics_sum_over_all_past_returns() -> None:
    given = walk(200)
    returns = np.diff([b.close for b in given]) / [b.close for b in given[:-1]]

    found = [b.volatility for b in feed(VolTarget(), given) if isinstance(b, VolForecast)]

    later = returns[20:]
    weights = 0.06 * 0.94 ** np.arange(len(later) - 1, -1, -1)
    expected = math.sqrt(0.94 ** len(later) * np.mean(returns[:20] ** 2) + np.sum(weights * later**2))
    assert len(found) == len(returns) - 19
    assert found[-1] == pytest.approx(expected, rel=1e-12)


def test_exposure_is_target_over_the_forecast_of_a_year_of_365_days() -> None:
    closes = [100.0 * 1.01 ** (n % 2) for n in range(40)]

    found = feed(VolTarget(target=0.1), bars(*closes, timeframe="1d"))

    forecast = [b for b in found if isinstance(b, VolForecast)][-1]
    assert scales(found)[-1] == pytest.approx(0.1 / (forecast.volatility * math.sqrt(365)), rel=1e-12)
    assert scales(found)[-1] == pytest.approx(0.1 / (0.00995 * math.sqrt(365)), rel=0.01)


def test_exposure_never_exceeds_the_leverage_limit() -> None:
    found = feed(VolTarget(max_leverage=1.5), bars(*[100.0] * 30))

    assert set(scales(found)) == {1.5}


def test_there_is_no_forecast_before_the_warm_up_is_over() -> None:
    assert feed(VolTarget(warmup=20), walk(20)) == []
    assert len(feed(VolTarget(warmup=20), walk(21))) == 2


def test_exposure_falls_in_a_line_from_soft_to_hard() -> None:
    stage = Drawdown(soft=0.1, hard=0.2, rearm=0.05)

    found = feed(stage, map(account, ("100", "120", "110", "105", "102", "100", "96")))

    assert scales(found) == pytest.approx([1.0, 0.75, 0.5, 1 / 3, 0.0])


def test_once_stopped_it_waits_for_the_drawdown_to_fall_below_rearm() -> None:
    stage = Drawdown(soft=0.1, hard=0.2, rearm=0.05)
    feed(stage, map(account, ("100", "79")))

    waiting = feed(stage, map(account, ("85", "94", "95")))
    again = feed(stage, [account("95.1")])

    assert waiting == []
    assert scales(again) == [1.0]


def test_a_drawdown_of_just_rearm_is_not_below_it() -> None:
    stage = Drawdown(soft=0.25, hard=0.5, rearm=0.25)
    feed(stage, map(account, ("100", "50")))

    assert feed(stage, [account("75")]) == []


def test_a_decision_comes_only_when_the_scale_changes() -> None:
    found = feed(Drawdown(), map(account, ("100", "99", "101", "100")))

    assert scales(found) == [1.0]


def test_the_control_rearm_makes_the_equity_of_now_the_peak() -> None:
    stage = Drawdown()
    feed(stage, map(account, ("100", "70")))

    found = turn(stage, Control("rearm", ""))
    later = feed(stage, [account("69")])

    assert scales(found) == [1.0]
    assert later == []


def test_controls_for_others_and_before_the_first_account_change_nothing() -> None:
    stage = Drawdown()

    assert turn(stage, Control("rearm", "")) == []
    feed(stage, map(account, ("100", "70")))
    assert turn(stage, Control("pause", "")) == []


def test_an_account_that_is_gone_stops_everything() -> None:
    assert scales(feed(Drawdown(), map(account, ("100", "-5")))) == [1.0, 0.0]


@pytest.mark.parametrize(
    "make", [lambda: Drawdown(0.2, 0.1), lambda: VolTarget(target=0.0), lambda: VolTarget(decay=1.0)]
)
def test_settings_that_make_no_sense_are_refused(make: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        make()  # type: ignore[operator]


def test_saved_and_restored_in_the_middle_it_says_the_same() -> None:
    given = walk(60)
    for cut in (5, 40):
        first, second = VolTarget(), VolTarget()
        found = feed(first, given[:cut])
        state.load(second, state.dump(first))

        assert found + feed(second, given[cut:]) == feed(VolTarget(), given)
