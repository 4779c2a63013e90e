"""Strategies against independent arithmetic."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
import talib

from helios_engine import state
from helios_engine.bodies import Bar, Fill, Prediction, Signal
from helios_engine.events import Body
from helios_strategies.buy_and_hold import BuyAndHold
from helios_strategies.cross import Cross
from helios_strategies.mean_reversion import MeanReversion
from helios_strategies.model import FollowModel
from tests.unit.plugins.feeding import NAME, bars, feed, walk


def signals(found: list[Body]) -> list[float]:
    return [b.value for b in found if isinstance(b, Signal)]


def closes(given: list[Bar]) -> np.ndarray:
    return np.array([b.close for b in given])


def guesses(*values: float) -> list[Body]:
    return [Prediction(str(n), "m", NAME, value) for n, value in enumerate(values)]


def test_buy_and_hold_asks_until_it_holds() -> None:
    stage = BuyAndHold()
    before = feed(stage, bars(1.0, 2.0))

    bought = Fill("M-1", "F-1", NAME, "BUY", Decimal(1), Decimal(2), Decimal(0), "ZAR", "TAKER")
    after = feed(stage, [bought, *bars(3.0, 4.0)])

    assert (before, after) == ([Signal(NAME, 1.0)] * 2, [])


def test_buy_and_hold_of_one_instrument_does_not_wait_for_another() -> None:
    stage = BuyAndHold()
    feed(stage, [Fill("M-1", "F-1", NAME, "BUY", Decimal(1), Decimal(2), Decimal(0), "ZAR", "TAKER")])

    assert feed(stage, bars(3.0, name="ETHZAR.VALR")) == [Signal("ETHZAR.VALR", 1.0)]


@pytest.mark.parametrize("kind", ["sma", "ema"])
def test_cross_has_the_sign_of_fast_over_slow(kind: str) -> None:
    given = walk(300)
    average = {"sma": talib.SMA, "ema": talib.EMA}[kind]

    found = signals(feed(Cross(fast=5, slow=20, kind=kind), given))  # type: ignore[arg-type]

    expected = np.sign(average(closes(given), 5) - average(closes(given), 20))[19:]
    assert found == expected.tolist()
    assert {-1.0, 1.0} <= set(found)


def test_cross_of_a_flat_market_is_flat() -> None:
    assert set(signals(feed(Cross(2, 4, "sma"), bars(*[8.0] * 10)))) == {0.0}


def test_mean_reversion_enters_at_the_threshold_and_leaves_near_the_average() -> None:
    given = walk(500, seed=2)

    found = signals(feed(MeanReversion(window=20, entry=1.5, exit=0.5), given))

    windows = np.lib.stride_tricks.sliding_window_view(closes(given), 20)
    scores = (windows[:, -1] - windows.mean(axis=1)) / windows.std(axis=1)
    expected, side = [], 0.0
    for z in scores:
        if z <= -1.5:
            side = 1.0
        elif z >= 1.5:
            side = -1.0
        elif (side == 1.0 and z >= -0.5) or (side == -1.0 and z <= 0.5):
            side = 0.0
        expected.append(side)
    assert found == expected
    assert set(found) == {-1.0, 0.0, 1.0}


def test_mean_reversion_leaves_when_the_price_jumps_over_the_average() -> None:
    given = bars(*[100.0, 102.0] * 5, 80.0, 104.0)

    found = signals(feed(MeanReversion(window=10, entry=2.0, exit=0.1), given))

    assert found[-2:] == [1.0, 0.0]


def test_mean_reversion_of_a_flat_market_is_flat() -> None:
    assert set(signals(feed(MeanReversion(window=7, entry=0.5, exit=0.0), bars(*[0.1] * 30)))) == {0.0}


def test_the_model_is_followed_by_the_size_of_its_prediction_against_the_usual() -> None:
    found = signals(feed(FollowModel(scale=2.0, decay=0.5), guesses(0.01, 0.01, -0.04, 0.001)))

    # Usual sizes before each: none, 0.01, 0.01, 0.025.
    assert found == pytest.approx([0.5, -1.0, 0.001 / 0.05])


def test_a_prediction_under_the_threshold_is_no_signal() -> None:
    assert signals(feed(FollowModel(threshold=0.02), guesses(0.01, 0.01, 0.03))) == [0.0, 1.0]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Cross(10, 5),
        lambda: Cross(5, 5),
        lambda: MeanReversion(window=1),
        lambda: MeanReversion(entry=0.5, exit=0.5),
        lambda: FollowModel(scale=0.0),
        lambda: FollowModel(decay=1.0),
    ],
)
def test_settings_that_make_no_sense_are_refused(make: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        make()  # type: ignore[operator]


@pytest.mark.parametrize("make", [BuyAndHold, lambda: Cross(5, 20, "ema"), lambda: Cross(5, 20), MeanReversion])
def test_signals_do_not_depend_on_what_comes_after_nor_on_a_restart(make: type) -> None:
    given = walk(100)
    first, second = make(), make()
    whole = feed(make(), given)

    found = feed(first, given[:60])
    state.load(second, state.dump(first))

    assert found == whole[: len(found)]
    assert found + feed(second, given[60:]) == whole
