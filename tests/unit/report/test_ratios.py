"""Formulas against published values, and against pandas on random returns."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.report import ratios

# The example of the docstrings and tests of Quantopian's empyrical (Apache-2.0): daily returns with 252 days a year.
RETURNS = np.array([0.01, 0.10, -0.04, 0.02, 0.03, 0.02, 0.01, -0.10])
EQUITY = np.concatenate([[1.0], np.cumprod(1 + RETURNS)])
TS = np.arange(EQUITY.size, dtype=np.int64)


def test_sharpe_is_empyricals() -> None:
    assert ratios.sharpe(RETURNS, 252) == pytest.approx(1.7238613962, rel=1e-9)


def test_sortino_is_empyricals() -> None:
    assert ratios.sortino(RETURNS, 252) == pytest.approx(2.6055312517, rel=1e-9)


def test_volatility_is_empyricals() -> None:
    assert ratios.volatility(RETURNS, 252) == pytest.approx(0.91364654, rel=1e-7)


def test_deepest_drawdown_is_empyricals() -> None:
    found = ratios.deepest(TS, EQUITY)

    assert found is not None
    assert found[0] == pytest.approx(-0.10, rel=1e-12)


def test_calmar_is_empyricals() -> None:
    # empyrical's series has a ninth day, its first, which has no return but counts as time.
    yearly = ratios.growth(float(EQUITY[-1]), 9 / 252)

    assert ratios.calmar(yearly, -0.10) == pytest.approx(19.1359253732, rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_ratios_agree_with_pandas_on_random_returns(seed: int) -> None:
    returns = pd.Series(np.random.default_rng(seed).normal(0.001, 0.02, 400))
    wealth = (1 + returns).cumprod()
    expected = (
        returns.std() * 365**0.5,
        returns.mean() / returns.std() * 365**0.5,
        returns.mean() / (returns.clip(upper=0) ** 2).mean() ** 0.5 * 365**0.5,
        (wealth / wealth.cummax() - 1).min(),
    )

    values = np.asarray(returns, np.float64)
    depth = ratios.deepest(np.arange(400, dtype=np.int64), np.asarray(wealth, np.float64))
    found = (ratios.volatility(values), ratios.sharpe(values), ratios.sortino(values), depth[0] if depth else None)

    assert found == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("returns", [[], [0.01], [0.01, 0.01, 0.01]])
def test_sharpe_without_spread_is_undefined(returns: list[float]) -> None:
    assert ratios.sharpe(np.array(returns, dtype=np.float64)) is None


def test_sortino_without_a_loss_is_undefined() -> None:
    assert ratios.sortino(np.array([0.01, 0.02, 0.0])) is None


def test_growth_of_a_lost_account_is_undefined() -> None:
    assert (ratios.growth(0.0, 1.0), ratios.growth(-0.5, 1.0), ratios.growth(2.0, 0.0)) == (None, None, None)


def test_growth_beyond_a_floats_range_is_undefined() -> None:
    assert ratios.growth(3.0, 1e-4) is None


def test_a_drawdown_lasts_from_its_peak_until_it_is_made_good() -> None:
    equity = np.array([1.0, 2.0, 1.5, 1.0, 1.8, 2.0, 1.9])

    assert ratios.deepest(np.arange(7, dtype=np.int64) * 10, equity) == (-0.5, 40)


def test_a_drawdown_that_is_not_made_good_lasts_to_the_end() -> None:
    equity = np.array([1.0, 2.0, 1.5, 1.0, 1.8])

    assert ratios.deepest(np.arange(5, dtype=np.int64) * 10, equity) == (-0.5, 30)


@given(st.lists(st.floats(1e-3, 1e9), min_size=1, max_size=60))
def test_a_drawdown_is_never_above_zero_nor_below_minus_one(marks: list[float]) -> None:
    found = ratios.deepest(np.arange(len(marks), dtype=np.int64), np.array(marks))

    assert found is not None
    assert -1.0 <= found[0] <= 0.0
    assert math.isfinite(found[0])
