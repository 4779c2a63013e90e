"""Each definition agrees with an independent implementation; where libraries differ, both stand here."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import talib
from scipy import stats

from helios_features.technical import Technical
from tests.unit.plugins.features.agreement import agreements
from tests.unit.plugins.features.markets import (
    MIDNIGHT,
    MINUTE,
    REAL,
    columns,
    generated,
    real_minutes,
    real_quarters,
)
from tests.unit.plugins.test_features import STOCKCHARTS, STOCKCHARTS_RSI, TULIP, numbers

on_real_data = [pytest.mark.real_data, pytest.mark.skipif(REAL is None, reason="HELIOS_REAL_DATA is not set")]


def flat_bars(closes: list[float] | np.ndarray, span: float = 0.0) -> pd.DataFrame:
    """One-minute bars with a range of `span` above and below the close."""
    close = np.asarray(closes, float)
    ts = MIDNIGHT + np.arange(close.size) * MINUTE
    return pd.DataFrame(
        {"ts_open": ts, "open": close, "high": close + span, "low": close - span, "close": close, "volume": 1.0}
    )


def table(frame: pd.DataFrame, **settings: object) -> dict[str, np.ndarray]:
    """Columns of one timeframe by name."""
    stage = Technical(timeframes=("1m",), **settings)  # type: ignore[arg-type]
    names = [name.removeprefix("1m_") for name in stage.schema.columns]
    return dict(zip(names, stage.fresh().table(columns(frame)).T, strict=True))


@pytest.mark.parametrize("seed", [1, 2])
def test_every_column_of_generated_bars_equals_its_reference(seed: int) -> None:
    found = list(agreements(generated(seed=seed)))

    assert len(found) == 81
    assert [a for a in found if not a.holds] == []


@pytest.mark.parametrize(
    "market", [pytest.param("minutes", marks=on_real_data), pytest.param("quarters", marks=on_real_data)]
)
def test_every_column_of_real_bars_equals_its_reference(market: str) -> None:
    frame, minutes = (real_minutes(), (1, 5, 15)) if market == "minutes" else (real_quarters(), (15, 60, 240))

    found = list(agreements(frame, minutes))

    assert len(found) == 81
    assert [a for a in found if not a.holds] == []


def test_rsi_equals_the_stockcharts_worksheet() -> None:
    found = table(flat_bars(numbers(STOCKCHARTS)))["rsi_14"]

    assert found[14:] == pytest.approx(numbers(STOCKCHARTS_RSI), abs=0.005)


def test_tulips_vectors_of_fifteen_bars() -> None:
    closes = numbers(TULIP)

    found = table(flat_bars(closes), averages=(5,), rsi=5, bollinger=5)

    assert closes[4] / (found["sma_5"][4] + 1) == pytest.approx(82.426, abs=5e-4)
    assert found["rsi_5"][[5, -1]] == pytest.approx([72.034, 78.498], abs=5e-4)
    width = found["bandwidth_5"][4] * 82.426
    lower = closes[4] - found["percent_b_5"][4] * width
    assert [lower, lower + width] == pytest.approx([80.530, 84.322], abs=5e-4)


def test_an_ema_begins_with_a_mean_as_in_talib_and_pandas_which_begins_with_a_price_is_met_later() -> None:
    frame = generated(500)
    close = frame["close"].to_numpy()

    ours = close / (table(frame)["ema_20"] + 1)

    pandas = frame["close"].ewm(span=20, adjust=False).mean().to_numpy()
    assert ours[19] == pytest.approx(talib.EMA(close, 20)[19], rel=1e-12)
    assert abs(pandas[19] / ours[19] - 1) > 1e-6
    assert ours[-1] == pytest.approx(pandas[-1], rel=1e-12)


def test_macd_begins_both_averages_at_one_bar_as_talib_and_not_each_at_its_own() -> None:
    frame = generated(300)
    close = frame["close"].to_numpy()

    ours = table(frame)["macd_12_26"] * close

    apart = talib.EMA(close, 12) - talib.EMA(close, 26)
    assert ours[33] == pytest.approx(talib.MACD(close)[0][33], rel=1e-9)
    assert abs(ours[33] - apart[33]) > 1e-3 * abs(ours[33])
    assert ours[-1] == pytest.approx(apart[-1], rel=1e-9)


def test_atr_leaves_out_the_first_range_as_talib_and_unlike_achelis() -> None:
    frame = generated(400)
    close, high, low = (frame[n].to_numpy() for n in ("close", "high", "low"))

    ours = table(frame)["atr_14"] * close

    first = np.append(high[0] - low[0], talib.TRANGE(high, low, close)[1:])
    achelis = pd.Series(np.append(first[:14].mean(), first[14:])).ewm(alpha=1 / 14, adjust=False).mean().to_numpy()
    assert np.isnan(ours[13])
    assert ours[14] == pytest.approx(talib.ATR(high, low, close, 14)[14], rel=1e-12)
    assert abs(achelis[1] / ours[14] - 1) > 1e-6
    assert achelis[-1] == pytest.approx(ours[-1], rel=1e-6)


def test_a_flat_window_is_the_middle_of_every_oscillator_where_talib_says_0() -> None:
    frame = flat_bars([7.1] * 80)
    close = frame["close"].to_numpy()

    found = table(frame)

    assert (talib.RSI(close, 14)[-1], talib.WILLR(close, close, close, 14)[-1]) == (0.0, 0.0)
    assert talib.STOCH(close, close, close, 14, 3, 0, 3, 0)[0][-1] == 0.0
    said = {n: found[n][-1] for n in ("rsi_14", "slow_k_14", "slow_d_14", "williams_r_14", "percent_b_20")}
    assert said == {"rsi_14": 50, "slow_k_14": 50, "slow_d_14": 50, "williams_r_14": -50, "percent_b_20": 0.5}
    exact = ("return", "log_return", "sma_50", "ema_50", "macd_12_26", "atr_14", "bandwidth_20", "volatility_20")
    assert [found[n][-1] for n in (*exact, "volume_z_20", "roc_10")] == pytest.approx([0.0] * 10, abs=1e-15)


def test_moments_of_what_does_not_vary_are_masked_where_pandas_says_0_and_minus_3() -> None:
    logs = pd.Series([0.0] * 80)

    found = table(flat_bars([7.1] * 80))

    assert (logs.rolling(60).skew().iloc[-1], logs.rolling(60).kurt().iloc[-1]) == (0.0, -3.0)
    assert np.isnan([found["skew_60"][-1], found["kurtosis_60"][-1]]).all()


def test_moments_are_the_bias_corrected_ones_of_pandas_and_not_scipys_default() -> None:
    frame = generated(200)
    logs = np.log(frame["close"]).diff()

    found = table(frame)

    assert found["skew_60"][-1] == pytest.approx(logs.rolling(60).skew().iloc[-1], rel=1e-6)
    assert found["kurtosis_60"][-1] == pytest.approx(logs.rolling(60).kurt().iloc[-1], rel=1e-6)
    assert abs(found["kurtosis_60"][-1] - stats.kurtosis(logs.to_numpy()[-60:])) > 1e-3


def test_without_any_volume_ratio_and_vwap_are_masked() -> None:
    found = table(flat_bars([7.0] * 40).assign(volume=0.0))

    assert np.isnan([found["volume_ratio_20"][-1], found["vwap_deviation"][-1]]).all()


def test_vwap_begins_anew_at_midnight_and_says_nothing_of_a_day_whose_start_was_not_seen() -> None:
    frame = generated(1_600, missing=0.0).iloc[100:]

    found = table(frame)["vwap_deviation"]

    assert np.isnan(found[:1_340]).all()
    typical = (frame["high"] + frame["low"] + frame["close"]) / 3
    day = slice(1_340, 1_350)
    vwap = np.average(typical.iloc[day], weights=frame["volume"].iloc[day])
    assert found[1_349] == pytest.approx(frame["close"].iloc[1_349] / vwap - 1, rel=1e-9)
