"""Days and months end with the midnight that closes them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helios_engine.report.calendar_returns import daily_returns, monthly_returns


def marks(start: str, hours: int, seed: int = 0) -> pd.Series[float]:
    index = pd.date_range(start, periods=hours + 1, freq="h", tz="UTC")
    steps = np.random.default_rng(seed).normal(0, 0.01, hours)
    return pd.Series(100 * np.concatenate([[1.0], np.cumprod(1 + steps)]), index=index)


def test_the_mark_of_midnight_closes_the_day_before() -> None:
    equity = pd.Series(
        [100.0, 110.0, 99.0],
        index=pd.DatetimeIndex(["2024-01-01", "2024-01-02", "2024-01-03"], tz="UTC"),
    )

    returns = daily_returns(equity)

    assert [str(day.date()) for day in returns.index] == ["2024-01-01", "2024-01-02"]
    assert returns.tolist() == pytest.approx([0.1, -0.1])


@pytest.mark.parametrize("start", ["2024-01-01 00:00", "2024-01-01 07:00", "2024-02-28 23:00"])
def test_the_product_of_daily_returns_is_the_total_return(start: str) -> None:
    equity = marks(start, 24 * 40 + 5)

    assert np.prod(1 + daily_returns(equity)) == pytest.approx(equity.iloc[-1] / equity.iloc[0], rel=1e-12)


@pytest.mark.parametrize("start", ["2024-01-01 00:00", "2024-01-15 07:00"])
def test_the_product_of_monthly_returns_is_the_total_return(start: str) -> None:
    equity = marks(start, 24 * 100)

    assert np.prod(1 + monthly_returns(equity)) == pytest.approx(equity.iloc[-1] / equity.iloc[0], rel=1e-12)


def test_daily_returns_agree_with_pandas_resampling() -> None:
    equity = marks("2024-01-01", 24 * 30)

    expected = equity.resample("1D", closed="right", label="left").last().pct_change().dropna()

    pd.testing.assert_series_equal(daily_returns(equity), expected, check_names=False, check_freq=False)


def test_a_day_without_a_mark_returns_zero() -> None:
    days = pd.DatetimeIndex(["2024-01-01 12:00", "2024-01-01 18:00", "2024-01-03 12:00"], tz="UTC")

    returns = daily_returns(pd.Series([100.0, 110.0, 121.0], index=days))

    assert returns.tolist() == pytest.approx([0.1, 0.0, 0.1])


def test_one_mark_has_no_returns() -> None:
    assert daily_returns(marks("2024-01-01", 0)).empty


def test_a_day_that_starts_with_nothing_has_no_return() -> None:
    index = pd.date_range("2024-01-01", periods=3, freq="D", tz="UTC")

    assert np.isnan(daily_returns(pd.Series([1.0, 0.0, 1.0], index=index)).iloc[1])
