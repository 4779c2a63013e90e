"""Compiled: the formula of each column, of all bars at hand; `Technical` has the definitions.

`m` is the memory, `q` and `s` the settings, `t` the place of the first bar in the tile, and `z` the columns in work.
"""

from __future__ import annotations

import math
from typing import Any

from numba import uint64

from helios_features.bar_row import DEPTH, SPREAD, TICK
from helios_features.compiled import compiled
from helios_features.kernel import layout as at
from helios_features.kernel import work as to


@compiled()
def changes(m: Any, q: Any, t: Any, n: Any, z: Any) -> None:
    """Gains and losses of the close, and true ranges, to be averaged."""
    close, high, low = uint64(q[at.CLOSE] + t), uint64(q[at.HIGH] + t), uint64(q[at.LOW] + t)
    last = close - to.ONE
    for i in range(n):
        change = m[close + i] - m[last + i]
        z[to.RSI + i] = change if change > 0.0 else 0.0
        z[to.LOSSES + i] = -change if change < 0.0 else 0.0
    for i in range(n):
        before = m[last + i]
        top = m[high + i] if m[high + i] > before else before
        z[to.ATR + i] = top - (m[low + i] if m[low + i] < before else before)


@compiled()
def prices(m: Any, q: Any, t: Any, n: Any, z: Any) -> None:
    """return, log_return, close_to_max, roc."""
    close, log, top = uint64(q[at.CLOSE] + t), uint64(q[at.LOG] + t), uint64(q[at.TOP_CLOSE] + t)
    last, before = close - to.ONE, close - uint64(q[at.ROC])
    for i in range(n):
        z[to.RETURN + i] = m[close + i] / m[last + i] - 1.0
        z[to.LOGS + i] = m[log + i]
        z[to.BELOW_MAX + i] = m[close + i] / m[top + i] - 1.0
        z[to.ROCS + i] = 100.0 * (m[close + i] / m[before + i] - 1.0)


@compiled()
def positions(m: Any, q: Any, t: Any, n: Any, z: Any) -> None:
    """The fast %K into memory (50 where all is equal), and williams_r (−50)."""
    close, fast, high, low = (
        uint64(q[at.CLOSE] + t),
        uint64(q[at.FAST_K] + t),
        uint64(q[at.TOP_K] + t),
        uint64(q[at.LOW_K] + t),
    )
    for i in range(n):
        x = m[low + i]
        m[fast + i] = 50.0 if m[high + i] == x else 100.0 * ((m[close + i] - x) / (m[high + i] - x))
    high, low = uint64(q[at.TOP_R] + t), uint64(q[at.LOW_R] + t)
    for i in range(n):
        x = m[high + i]
        z[to.WILLIAMS + i] = -50.0 if x == m[low + i] else -100.0 * ((x - m[close + i]) / (x - m[low + i]))


@compiled()
def bands(m: Any, s: Any, q: Any, t: Any, n: Any, z: Any) -> None:
    """slow_k, slow_d; percent_b, bandwidth, volatility."""
    k, d = uint64(q[at.SLOW_K] + t), uint64(q[at.SLOW_D] + t)
    for i in range(n):
        z[to.SLOW_KS + i], z[to.SLOW_DS + i] = m[k + i], m[d + i]
    close, middle, squares = uint64(q[at.CLOSE] + t), uint64(q[at.BAND] + t), uint64(q[at.BAND_2] + t)
    width, count = s[at.WIDTH], float(q[at.N_BAND])
    for i in range(n):
        half = width * math.sqrt(m[squares + i] / count)
        z[to.PERCENT_B + i] = 0.5 if half == 0.0 else 0.5 + (m[close + i] - m[middle + i]) / (2.0 * half)
        z[to.BANDWIDTH + i] = 2.0 * half / m[middle + i]
    squares, degrees, year = uint64(q[at.LOG_2] + t), float(q[at.N_LOG]) - 1.0, s[at.YEAR]
    for i in range(n):
        z[to.VOLATILITY + i] = math.sqrt(m[squares + i] / degrees * year)


@compiled()
def volumes(m: Any, q: Any, t: Any, n: Any, z: Any) -> None:
    """volume_ratio, volume_z."""
    volume, mean, squares = uint64(q[at.VOLUME] + t), uint64(q[at.VOLUME_1] + t), uint64(q[at.VOLUME_2] + t)
    count = float(q[at.N_VOLUME])
    for i in range(n):
        x, average = m[volume + i], m[mean + i]
        deviation = math.sqrt(m[squares + i] / count)
        z[to.RATIO + i] = x / average if average > 0.0 else math.nan
        z[to.SCORE + i] = 0.0 if deviation == 0.0 else (x - average) / deviation


@compiled()
def moments(m: Any, q: Any, t: Any, n: Any, z: Any) -> None:
    """Bias-corrected skewness G1 and excess kurtosis G2 (Joanes & Gill 1998); no number where nothing varies."""
    two, three, four, count = (
        uint64(q[at.POWER_2] + t),
        uint64(q[at.POWER_3] + t),
        uint64(q[at.POWER_4] + t),
        float(q[at.N_POWER]),
    )
    by_skew = math.sqrt(count * (count - 1.0)) / (count - 2.0)
    by_excess = (count - 1.0) / ((count - 2.0) * (count - 3.0))
    for i in range(n):
        variance = m[two + i] / count
        z[to.SKEW + i] = by_skew * (m[three + i] / count) / (variance * math.sqrt(variance))
        excess = (m[four + i] / count) / (variance * variance) - 3.0
        z[to.KURTOSIS + i] = by_excess * ((count + 1.0) * excess + 6.0)


@compiled()
def averaged(m: Any, q: Any, t: Any, n: Any, z: Any) -> None:
    """rsi, macd, macd_signal, atr and vwap_deviation in place of the averages and sums that they are made of."""
    close = uint64(q[at.CLOSE] + t)
    for i in range(n):
        both = z[to.RSI + i] + z[to.LOSSES + i]
        z[to.RSI + i] = 50.0 if both == 0.0 else 100.0 * (z[to.RSI + i] / both)
    for i in range(n):
        x = m[close + i]
        z[to.MACD + i] /= x
        z[to.SIGNALS + i] /= x
        z[to.ATR + i] /= x
        z[to.VWAP + i] = x * z[to.WEIGHTS + i] / z[to.VWAP + i] - 1.0


@compiled()
def means(m: Any, close: Any, mean: Any, n: Any, z: Any, sma: Any, ema: Any) -> None:
    """sma_n and, in place of the average, ema_n."""
    for i in range(n):
        x = m[close + i]
        z[sma + i] = (x - m[mean + i]) / m[mean + i]
        z[ema + i] = x / z[ema + i] - 1.0


@compiled()
def heard(bars: Any, first: Any, n: Any, z: Any) -> None:
    """spread_bps, depth_imbalance, tick_direction."""
    for i in range(n):
        z[to.SPREADS + i] = bars[first + i, SPREAD]
        z[to.DEPTHS + i] = bars[first + i, DEPTH]
        z[to.TICKS + i] = bars[first + i, TICK]
