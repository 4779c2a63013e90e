"""The thirty features of one timeframe as a compiled state machine; `Technical` has their definitions.

All compiled code that `run` reaches stands in this file, because numba's cache looks at no other file. Windows are
added up anew for each bar, in an order that depends on nothing but the bars: a running sum would drift, and would
remember one wild price for ever. Sums start from the window's last value, so that a flat window has a deviation of
exactly 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from helios_features.bar_row import CLOSE, DEPTH, HIGH, LOW, NUMBER, SPREAD, TICK, VOLUME
from helios_features.periods import Periods

COUNT, PLACE, LAST, GAIN, LOSS, RANGE, FAST, SLOW, SIGNAL, VALUE, WEIGHT, WHOLE, SESSION = range(13)
_HEAD = 13
_CLOSES, _HIGHS, _LOWS, _LOGS, _VOLUMES, _FAST_K, _SLOW_K = range(7)
_RINGS = 7
_NAN = math.nan


def memory_size(p: Periods) -> int:
    """How many float64 the state of one timeframe takes; all 0 is the state that has seen nothing."""
    return _HEAD + len(p.averages) + _RINGS * 2 * p.longest


def packed(p: Periods) -> NDArray[np.float64]:
    """Periods as `run` takes them: an array costs a microsecond less to pass than a tuple of eighteen numbers."""
    return np.array([*p[1:], *p.averages], np.float64)


@njit(forceinline=True, error_model="numpy")
def _unpacked(s: Any) -> Periods:
    return Periods(
        s[17:], int(s[0]), int(s[1]), int(s[2]), int(s[3]), int(s[4]), int(s[5]), int(s[6]), int(s[7]), int(s[8]),
        int(s[9]), int(s[10]), s[11], int(s[12]), int(s[13]), int(s[14]), int(s[15]), s[16],
    )  # fmt: skip


@njit(forceinline=True, error_model="numpy")
def total(x: Any, stop: int, n: int, origin: float) -> float:
    """The sum of the `n` values before `stop`, each less `origin`, in four lanes."""
    a = b = c = d = 0.0
    start = stop - n
    for i in range(n // 4):
        j = start + 4 * i
        a += x[j] - origin
        b += x[j + 1] - origin
        c += x[j + 2] - origin
        d += x[j + 3] - origin
    for j in range(stop - n % 4, stop):
        a += x[j] - origin
    return (a + b) + (c + d)


@njit(forceinline=True, error_model="numpy")
def squares(x: Any, stop: int, n: int, mean: float) -> float:
    """The sum of squared deviations from `mean` of the `n` values before `stop`, in four lanes."""
    a = b = c = d = 0.0
    start = stop - n
    for i in range(n // 4):
        j = start + 4 * i
        p, q, r, s = x[j] - mean, x[j + 1] - mean, x[j + 2] - mean, x[j + 3] - mean
        a += p * p
        b += q * q
        c += r * r
        d += s * s
    for j in range(stop - n % 4, stop):
        p = x[j] - mean
        a += p * p
    return (a + b) + (c + d)


@njit(forceinline=True, error_model="numpy")
def mean_of(x: Any, stop: int, n: int) -> float:
    """The mean of the `n` values before `stop`; of equal values it is that value."""
    origin = x[stop - 1]
    return origin + total(x, stop, n, origin) / n


@njit(forceinline=True, error_model="numpy")
def moments(x: Any, stop: int, n: int) -> tuple[float, float]:
    """Bias-corrected skewness G1 and excess kurtosis G2 (Joanes & Gill 1998); NaN where nothing varies."""
    mean = mean_of(x, stop, n)
    a2 = b2 = a3 = b3 = a4 = b4 = 0.0
    start = stop - n
    for i in range(n // 2):
        p, q = x[start + 2 * i] - mean, x[start + 2 * i + 1] - mean
        pp, qq = p * p, q * q
        a2 += pp
        b2 += qq
        a3 += pp * p
        b3 += qq * q
        a4 += pp * pp
        b4 += qq * qq
    if n % 2:
        p = x[stop - 1] - mean
        pp = p * p
        a2, a3, a4 = a2 + pp, a3 + pp * p, a4 + pp * pp
    m2, m3, m4 = (a2 + b2) / n, (a3 + b3) / n, (a4 + b4) / n
    if not m2 > 0.0:
        return _NAN, _NAN
    skew = math.sqrt(n * (n - 1.0)) / (n - 2.0) * m3 / (m2 * math.sqrt(m2))
    return skew, (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * (m4 / (m2 * m2) - 3.0) + 6.0)


@njit(forceinline=True, error_model="numpy")
def highest(x: Any, stop: int, n: int) -> float:
    """The highest of the `n` values before `stop`."""
    a = b = x[stop - 1]
    for j in range(stop - n, stop - 1, 2):
        a = x[j] if x[j] > a else a
        b = x[j + 1] if x[j + 1] > b else b
    return a if a > b else b


@njit(forceinline=True, error_model="numpy")
def lowest(x: Any, stop: int, n: int) -> float:
    """The lowest of the `n` values before `stop`."""
    a = b = x[stop - 1]
    for j in range(stop - n, stop - 1, 2):
        a = x[j] if x[j] < a else a
        b = x[j + 1] if x[j + 1] < b else b
    return a if a < b else b


@njit(forceinline=True, error_model="numpy")
def smoothed(m: Any, at: int, x: float, n: int, seen: int, alpha: float) -> float:
    """An average kept at `m[at]`: the mean of the first `n` values, then moved by `alpha`; NaN before.

    `seen` is the number of values, this one included.
    """
    if seen > n:
        m[at] += (x - m[at]) * alpha
    else:
        m[at] += x
        if seen == n:
            m[at] /= n
    return m[at] if seen >= n else _NAN


@njit(forceinline=True, error_model="numpy")
def _push(m: Any, base: int, half: int, ring: int, place: int, x: float) -> None:
    # Written twice, half a ring apart, every window is one stretch.
    at = base + 2 * half * ring + place
    m[at] = m[at + half] = x


@njit(forceinline=True, error_model="numpy")
def _averages(p: Periods, m: Any, closes: int, k: int, out: Any, i: int, at: int) -> None:
    """sma_n and ema_n: close / average − 1."""
    close = m[closes - 1]
    count = len(p.averages)
    for j in range(count):
        n = int(p.averages[j])
        if k >= n:
            below = total(m, closes, n, close) / n
            out[i, at + j] = -below / (close + below)
            ema = close + below if k == n else m[_HEAD + j] + (close - m[_HEAD + j]) * (2.0 / (n + 1))
            m[_HEAD + j] = ema
            out[i, at + count + j] = close / ema - 1.0


@njit(forceinline=True, error_model="numpy")
def _macd(p: Periods, m: Any, closes: int, k: int, out: Any, i: int, at: int) -> None:
    """macd and its signal, over the close; both averages begin at bar `slow`."""
    close = m[closes - 1]
    slow = smoothed(m, SLOW, close, p.slow, k, 2.0 / (p.slow + 1))
    if k < p.slow:
        return
    if k == p.slow:
        m[FAST] = mean_of(m, closes, p.fast)
    else:
        m[FAST] += (close - m[FAST]) * (2.0 / (p.fast + 1))
    line = m[FAST] - slow
    out[i, at] = line / close
    out[i, at + 1] = smoothed(m, SIGNAL, line, p.signal, k - p.slow + 1, 2.0 / (p.signal + 1)) / close


@njit(forceinline=True, error_model="numpy")
def _oscillators(p: Periods, m: Any, closes: int, half: int, k: int, out: Any, i: int, at: int) -> None:
    """slow_k, slow_d, roc, williams_r."""
    close, ring, n = m[closes - 1], 2 * half, p.stochastic
    highs, lows = closes + ring * _HIGHS, closes + ring * _LOWS
    fast_k, slow_k = closes + ring * _FAST_K, closes + ring * _SLOW_K
    if k >= n:
        high, low = highest(m, highs, n), lowest(m, lows, n)
        fast = 50.0 if high == low else 100.0 * ((close - low) / (high - low))
        m[fast_k - 1] = m[fast_k - 1 - half] = fast
    if k >= n + p.smooth - 1:
        slow = mean_of(m, fast_k, p.smooth)
        m[slow_k - 1] = m[slow_k - 1 - half] = slow
        out[i, at] = slow
    if k >= n + 2 * p.smooth - 2:
        out[i, at + 1] = mean_of(m, slow_k, p.smooth)
    if k > p.roc:
        out[i, at + 2] = 100.0 * (close / m[closes - 1 - p.roc] - 1.0)
    if k >= p.williams:
        high, low = highest(m, highs, p.williams), lowest(m, lows, p.williams)
        out[i, at + 3] = -50.0 if high == low else -100.0 * ((high - close) / (high - low))


@njit(forceinline=True, error_model="numpy")
def _bands(p: Periods, m: Any, closes: int, logs: int, k: int, out: Any, i: int, at: int) -> None:
    """percent_b, bandwidth, volatility."""
    if k >= p.bollinger:
        middle = mean_of(m, closes, p.bollinger)
        half = p.width * math.sqrt(squares(m, closes, p.bollinger, middle) / p.bollinger)
        out[i, at] = 0.5 if half == 0.0 else 0.5 + (m[closes - 1] - middle) / (2.0 * half)
        out[i, at + 1] = 2.0 * half / middle
    n = p.volatility
    if k > n:
        out[i, at + 2] = math.sqrt(squares(m, logs, n, mean_of(m, logs, n)) / (n - 1) * p.year)


@njit(forceinline=True, error_model="numpy")
def _volumes(p: Periods, m: Any, volumes: int, k: int, bars: Any, i: int, out: Any, at: int) -> None:
    """volume_ratio, volume_z, vwap_deviation."""
    volume, number, close, n = bars[i, VOLUME], bars[i, NUMBER], bars[i, CLOSE], p.volume
    if k >= n:
        mean = mean_of(m, volumes, n)
        deviation = math.sqrt(squares(m, volumes, n, mean) / n)
        if mean > 0.0:
            out[i, at] = volume / mean
        out[i, at + 1] = 0.0 if deviation == 0.0 else (volume - mean) / deviation
    session = math.floor(number / p.anchor)
    if k == 1 or session != m[SESSION]:
        # A session whose beginning was not seen has no VWAP: it would depend on where the data start.
        m[WHOLE] = 1.0 if k > 1 or number == session * p.anchor else 0.0
        m[SESSION], m[VALUE], m[WEIGHT] = session, 0.0, 0.0
    m[VALUE] += (bars[i, HIGH] + bars[i, LOW] + close) / 3.0 * volume
    m[WEIGHT] += volume
    if m[WHOLE] == 1.0 and m[WEIGHT] > 0.0:
        out[i, at + 2] = close * m[WEIGHT] / m[VALUE] - 1.0


@njit(forceinline=True, error_model="numpy")
def _changes(p: Periods, m: Any, bars: Any, i: int, changes: int, out: Any, rsi: int, atr: int) -> None:
    """rsi and atr, of the change from the bar before; `changes` counts them."""
    close, last = bars[i, CLOSE], m[LAST]
    gain = smoothed(m, GAIN, max(close - last, 0.0), p.rsi, changes, 1.0 / p.rsi)
    loss = smoothed(m, LOSS, max(last - close, 0.0), p.rsi, changes, 1.0 / p.rsi)
    if changes >= p.rsi:
        out[i, rsi] = 50.0 if gain + loss == 0.0 else 100.0 * (gain / (gain + loss))
    true_range = max(bars[i, HIGH], last) - min(bars[i, LOW], last)
    out[i, atr] = smoothed(m, RANGE, true_range, p.atr, changes, 1.0 / p.atr) / close


@njit(forceinline=True, error_model="numpy")
def step(p: Periods, m: Any, bars: Any, i: int, out: Any) -> None:
    """Advance over bar `i` and write its features into row `i` of `out`, NaN where there is none; see `Technical`."""
    for j in range(out.shape[1]):
        out[i, j] = _NAN
    count = len(p.averages)
    base, momentum, volatility = _HEAD + count, 3 + 2 * count, 10 + 2 * count
    half = (m.size - base) // (2 * _RINGS)
    m[COUNT] += 1.0
    k, place, close = int(m[COUNT]), int(m[PLACE]), bars[i, CLOSE]
    m[PLACE] = place + 1 if place + 1 < half else 0
    log_return = math.log(close / m[LAST]) if k > 1 else 0.0
    _push(m, base, half, _CLOSES, place, close)
    _push(m, base, half, _HIGHS, place, bars[i, HIGH])
    _push(m, base, half, _LOWS, place, bars[i, LOW])
    _push(m, base, half, _LOGS, place, log_return)
    _push(m, base, half, _VOLUMES, place, bars[i, VOLUME])
    closes = base + place + half + 1
    logs, volumes = closes + 2 * half * _LOGS, closes + 2 * half * _VOLUMES
    if k > 1:
        out[i, 0], out[i, 1] = close / m[LAST] - 1.0, log_return
        _changes(p, m, bars, i, k - 1, out, momentum, volatility)
    if k >= p.highest:
        out[i, 2] = close / highest(m, closes, p.highest) - 1.0
    _averages(p, m, closes, k, out, i, 3)
    _macd(p, m, closes, k, out, i, momentum + 1)
    _oscillators(p, m, closes, half, k, out, i, momentum + 3)
    _bands(p, m, closes, logs, k, out, i, volatility + 1)
    _volumes(p, m, volumes, k, bars, i, out, volatility + 4)
    out[i, volatility + 7], out[i, volatility + 8] = bars[i, SPREAD], bars[i, DEPTH]
    out[i, volatility + 9] = bars[i, TICK]
    if k > p.moments:
        out[i, volatility + 10], out[i, volatility + 11] = moments(m, logs, p.moments)
    m[LAST] = close
    for j in range(out.shape[1]):
        x = out[i, j]
        out[i, j] = x if x - x == 0.0 else _NAN  # infinity less itself is no number either


@njit(cache=True, error_model="numpy")
def run(settings: Any, memory: Any, bars: Any, out: Any) -> None:
    """Advance over `bars` (n × WIDTH) of one segment, writing n rows; one bar or many, the bits are the same."""
    p = _unpacked(settings)
    for i in range(bars.shape[0]):
        step(p, memory, bars, i, out)
