"""Every column once more, by TA-Lib, pandas, scipy or numpy: name of the reference, its values, the tolerance.

A tolerance is relative to the larger of 1 and the value, since most columns are ratios around 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import talib
from scipy import stats

YEAR = 365 * 86_400 * 10**9
DAY = 86_400 * 10**9


class Reference(NamedTuple):
    """An independent implementation of a column."""

    by: str
    values: np.ndarray
    tolerance: float
    warm: int
    """How many bars come before the first value."""


def references(frame: pd.DataFrame, length: int) -> dict[str, Reference]:
    """Columns under the names of the usual periods; `length` is the bars' timeframe in ns."""
    found: dict[str, Reference] = {}
    for part in (_price, _averages, _momentum, _volatility, _volume, _moments):
        found |= part(frame, length)
    return found


def _price(frame: pd.DataFrame, length: int) -> dict[str, Reference]:
    c = frame["close"].to_numpy()
    return {
        "return": Reference("TA-Lib ROCP", talib.ROCP(c, 1), 1e-12, 1),
        "log_return": Reference("numpy log, diff", np.concatenate([[np.nan], np.diff(np.log(c))]), 1e-12, 1),
        "close_to_max_20": Reference("TA-Lib MAX", c / talib.MAX(c, 20) - 1, 1e-12, 19),
    }


def _averages(frame: pd.DataFrame, length: int) -> dict[str, Reference]:
    c = frame["close"].to_numpy()
    found = {f"sma_{n}": Reference("TA-Lib SMA", c / talib.SMA(c, n) - 1, 1e-12, n - 1) for n in (5, 10, 20, 50)}
    return found | {f"ema_{n}": Reference("TA-Lib EMA", c / talib.EMA(c, n) - 1, 1e-12, n - 1) for n in (5, 10, 20, 50)}


def _momentum(frame: pd.DataFrame, length: int) -> dict[str, Reference]:
    c, h, low = (frame[n].to_numpy() for n in ("close", "high", "low"))
    line = talib.EMA(c, 26)
    line = _macd_line(c) - line
    signal = talib.MACD(c, 12, 26, 9)[1]
    slow_k, slow_d = talib.STOCH(h, low, c, 14, 3, 0, 3, 0)
    return {
        "rsi_14": Reference("TA-Lib RSI", talib.RSI(c, 14), 1e-12, 14),
        "macd_12_26": Reference("TA-Lib EMA, shifted", line / c, 1e-12, 25),
        "macd_signal_9": Reference("TA-Lib MACD", signal / c, 1e-12, 33),
        "slow_k_14": Reference("TA-Lib STOCH", slow_k, 1e-10, 15),
        "slow_d_14": Reference("TA-Lib STOCH", slow_d, 1e-10, 17),
        "roc_10": Reference("TA-Lib ROC", talib.ROC(c, 10), 1e-12, 10),
        "williams_r_14": Reference("TA-Lib WILLR", talib.WILLR(h, low, c, 14), 1e-12, 13),
    }


def _macd_line(c: np.ndarray) -> np.ndarray:
    """TA-Lib's fast average within MACD: it begins as late as the slow one, 14 bars in."""
    return np.concatenate([np.full(14, np.nan), talib.EMA(c[14:], 12)])


def _volatility(frame: pd.DataFrame, length: int) -> dict[str, Reference]:
    c, h, low = (frame[n].to_numpy() for n in ("close", "high", "low"))
    upper, middle, lower = talib.BBANDS(c, 20, 2.0, 2.0)
    flat = upper == lower
    logs = np.log(frame["close"]).diff()
    windows = np.lib.stride_tricks.sliding_window_view(logs.to_numpy(), 20)
    deviations = np.concatenate([np.full(19, np.nan), np.std(windows, axis=1, ddof=1)])
    with np.errstate(invalid="ignore"):
        percent = np.where(flat, 0.5, (c - lower) / np.where(flat, 1.0, upper - lower))
    return {
        "atr_14": Reference("TA-Lib ATR", talib.ATR(h, low, c, 14) / c, 1e-12, 14),
        "percent_b_20": Reference("TA-Lib BBANDS", percent, 1e-9, 19),
        "bandwidth_20": Reference("TA-Lib BBANDS", (upper - lower) / middle, 1e-10, 19),
        "volatility_20": Reference("numpy std", deviations * np.sqrt(YEAR / length), 1e-11, 20),
    }


def _volume(frame: pd.DataFrame, length: int) -> dict[str, Reference]:
    v = frame["volume"]
    windows = np.lib.stride_tricks.sliding_window_view(v.to_numpy(), 20)
    mean, deviation = (np.concatenate([np.full(19, np.nan), f(windows, axis=1)]) for f in (np.mean, np.std))
    typical = (frame["high"] + frame["low"] + frame["close"]) / 3
    day = frame["ts_open"] // DAY
    weight = v.groupby(day).cumsum()
    vwap = (typical * v).groupby(day).cumsum() / weight.where(weight > 0)
    vwap = vwap.where((day > day.iloc[0]) | (frame["ts_open"].iloc[0] % DAY == 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio, z = v / mean, np.where(deviation == 0.0, 0.0, (v - mean) / deviation)
    return {
        "volume_ratio_20": Reference("numpy mean", np.where(mean > 0, ratio, np.nan), 1e-12, 19),
        "volume_z_20": Reference("numpy std", np.where(np.isnan(mean), np.nan, z), 1e-12, 19),
        "vwap_deviation": Reference("pandas cumsum", (frame["close"] / vwap - 1).to_numpy(), 1e-12, -1),
    }


def _moments(frame: pd.DataFrame, length: int) -> dict[str, Reference]:
    windows = np.lib.stride_tricks.sliding_window_view(np.log(frame["close"]).diff().to_numpy()[1:], 60)
    flat = np.ptp(windows, axis=1) == 0.0
    windows = np.where(flat[:, None], np.nan, windows)
    lead = np.full(60, np.nan)
    skew = np.concatenate([lead, stats.skew(windows, axis=1, bias=False)])
    kurtosis = np.concatenate([lead, stats.kurtosis(windows, axis=1, bias=False)])
    return {
        "skew_60": Reference("scipy skew", skew, 1e-10, 60),
        "kurtosis_60": Reference("scipy kurtosis", kurtosis, 1e-10, 60),
    }
