"""The thirty features of one timeframe as a compiled state machine; `Technical` has their definitions.

All compiled code that `run` reaches stands in this file, because numba's cache looks at no other file. Windows are added
up anew for each bar, in an order that depends on nothing but the bars: a running sum would drift, and would
remember one wild price for ever. Sums start from the window's last value, so that a flat window has a deviation of
exactly 0.
"""

from __future__ import annotations

import math
from typing import Any

from numba import njit

from helios_features.bar_row import CLOSE, DEPTH, HIGH, LOW, NUMBER, SPREAD, TICK, VOLUME
from helios_features.periods import Periods

COUNT, LAST, GAIN, LOSS, RANGE, FAST, SLOW, SIGNAL, VALUE, WEIGHT, WHOLE, SESSION = range(12)
_HEAD = 12
_CLOSES, _HIGHS, _LOWS, _LOGS, _VOLUMES, _FAST_K, _SLOW_K = range(7)
_RINGS = 7
_NAN = math.nan


def memory_size(p: Periods) -> int:
    """How many float64 the state of one timeframe takes; all 0 is the state that has seen nothing."""
    return _HEAD + len(p.averages) + _RINGS * 2 * p.longest


@njit(cache=True)  # type: ignore[untyped-decorator]
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


@njit(cache=True)  # type: ignore[untyped-decorator]
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


@njit(cache=True)  # type: ignore[untyped-decorator]
def mean_of(x: Any, stop: int, n: int) -> float:
    """The mean of the `n` values before `stop`; of equal values it is that value."""
    origin = x[stop - 1]
    return origin + total(x, stop, n, origin) / n


@njit(cache=True)  # type: ignore[untyped-decorator]
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


@njit(cache=True)  # type: ignore[untyped-decorator]
def extremes(highs: Any, lows: Any, stop: int, n: int) -> tuple[float, float]:
    """The highest and the lowest of the `n` values before `stop`."""
    high, low = highs[stop - n], lows[stop - n]
    for j in range(stop - n + 1, stop):
        high, low = max(high, highs[j]), min(low, lows[j])
    return high, low


@njit(cache=True)  # type: ignore[untyped-decorator]
def smoothed(memory: Any, at: int, x: float, n: int, seen: int, alpha: float) -> float:
    """An average kept at `memory[at]`: the mean of the first `n` values, then moved by `alpha`; NaN before.

    `seen` is the number of values, this one included.
    """
    if seen > n:
        memory[at] += (x - memory[at]) * alpha
    else:
        memory[at] += x
        if seen == n:
            memory[at] /= n
    return memory[at] if seen >= n else _NAN


@njit(cache=True)  # type: ignore[untyped-decorator]
def _averages(p: Periods, memory: Any, closes: Any, stop: int, k: int, out: Any, at: int) -> None:
    """sma_n and ema_n: close / average − 1."""
    close = closes[stop - 1]
    count = len(p.averages)
    for i in range(count):
        n = p.averages[i]
        if k >= n:
            below = total(closes, stop, n, close) / n
            out[at + i] = -below / (close + below)
            ema = _HEAD + i
            memory[ema] = close + below if k == n else memory[ema] + (close - memory[ema]) * (2.0 / (n + 1))
            out[at + count + i] = close / memory[ema] - 1.0


@njit(cache=True)  # type: ignore[untyped-decorator]
def _macd(p: Periods, memory: Any, closes: Any, stop: int, k: int, out: Any, at: int) -> None:
    """macd and its signal, over the close; both averages begin at bar `slow`."""
    close = closes[stop - 1]
    if k < p.slow:
        memory[SLOW] += close
        return
    if k == p.slow:
        memory[SLOW] = (memory[SLOW] + close) / p.slow
        memory[FAST] = mean_of(closes, stop, p.fast)
    else:
        memory[SLOW] += (close - memory[SLOW]) * (2.0 / (p.slow + 1))
        memory[FAST] += (close - memory[FAST]) * (2.0 / (p.fast + 1))
    line = memory[FAST] - memory[SLOW]
    out[at] = line / close
    out[at + 1] = smoothed(memory, SIGNAL, line, p.signal, k - p.slow + 1, 2.0 / (p.signal + 1)) / close


@njit(cache=True)  # type: ignore[untyped-decorator]
def _oscillators(p: Periods, rings: Any, stop: int, k: int, out: Any, at: int) -> None:
    """slow_k, slow_d, roc, williams_r."""
    closes, half = rings[_CLOSES], rings.shape[1] // 2
    close = closes[stop - 1]
    n = p.stochastic
    if k >= n:
        high, low = extremes(rings[_HIGHS], rings[_LOWS], stop, n)
        fast = 50.0 if high == low else 100.0 * ((close - low) / (high - low))
        rings[_FAST_K, stop - 1] = rings[_FAST_K, stop - 1 - half] = fast
    if k >= n + p.smooth - 1:
        slow = mean_of(rings[_FAST_K], stop, p.smooth)
        rings[_SLOW_K, stop - 1] = rings[_SLOW_K, stop - 1 - half] = slow
        out[at] = slow
    if k >= n + 2 * p.smooth - 2:
        out[at + 1] = mean_of(rings[_SLOW_K], stop, p.smooth)
    if k > p.roc:
        out[at + 2] = 100.0 * (close / closes[stop - 1 - p.roc] - 1.0)
    if k >= p.williams:
        high, low = extremes(rings[_HIGHS], rings[_LOWS], stop, p.williams)
        out[at + 3] = -50.0 if high == low else -100.0 * ((high - close) / (high - low))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _bands(p: Periods, rings: Any, stop: int, k: int, out: Any, at: int) -> None:
    """percent_b, bandwidth, volatility."""
    if k >= p.bollinger:
        closes = rings[_CLOSES]
        middle = mean_of(closes, stop, p.bollinger)
        half = p.width * math.sqrt(squares(closes, stop, p.bollinger, middle) / p.bollinger)
        out[at] = 0.5 if half == 0.0 else 0.5 + (closes[stop - 1] - middle) / (2.0 * half)
        out[at + 1] = 2.0 * half / middle
    n = p.volatility
    if k > n:
        logs = rings[_LOGS]
        out[at + 2] = math.sqrt(squares(logs, stop, n, mean_of(logs, stop, n)) / (n - 1) * p.year)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _volumes(p: Periods, memory: Any, volumes: Any, stop: int, k: int, bar: Any, out: Any, at: int) -> None:
    """volume_ratio, volume_z, vwap_deviation."""
    volume, n = bar[VOLUME], p.volume
    if k >= n:
        mean = mean_of(volumes, stop, n)
        deviation = math.sqrt(squares(volumes, stop, n, mean) / n)
        if mean > 0.0:
            out[at] = volume / mean
        out[at + 1] = 0.0 if deviation == 0.0 else (volume - mean) / deviation
    session = math.floor(bar[NUMBER] / p.anchor)
    if k == 1 or session != memory[SESSION]:
        # A session whose beginning was not seen has no VWAP: it would depend on where the data start.
        memory[WHOLE] = 1.0 if k > 1 or bar[NUMBER] == session * p.anchor else 0.0
        memory[SESSION], memory[VALUE], memory[WEIGHT] = session, 0.0, 0.0
    memory[VALUE] += (bar[HIGH] + bar[LOW] + bar[CLOSE]) / 3.0 * volume
    memory[WEIGHT] += volume
    if memory[WHOLE] == 1.0 and memory[WEIGHT] > 0.0:
        out[at + 2] = bar[CLOSE] / (memory[VALUE] / memory[WEIGHT]) - 1.0


@njit(cache=True)  # type: ignore[untyped-decorator]
def _changes(p: Periods, memory: Any, bar: Any, changes: int, out: Any, rsi: int, atr: int) -> None:
    """rsi and atr, of the change from the bar before; `changes` counts them."""
    close, last = bar[CLOSE], memory[LAST]
    gain = smoothed(memory, GAIN, max(close - last, 0.0), p.rsi, changes, 1.0 / p.rsi)
    loss = smoothed(memory, LOSS, max(last - close, 0.0), p.rsi, changes, 1.0 / p.rsi)
    if changes >= p.rsi:
        out[rsi] = 50.0 if gain + loss == 0.0 else 100.0 * (gain / (gain + loss))
    true_range = max(bar[HIGH], last) - min(bar[LOW], last)
    out[atr] = smoothed(memory, RANGE, true_range, p.atr, changes, 1.0 / p.atr) / close


@njit(cache=True)  # type: ignore[untyped-decorator]
def step(p: Periods, memory: Any, rings: Any, bar: Any, out: Any) -> None:
    """Advance one bar and write its features into `out`, NaN where there is none; see `Technical`."""
    for i in range(out.size):
        out[i] = _NAN
    memory[COUNT] += 1.0
    k, half, close = int(memory[COUNT]), rings.shape[1] // 2, bar[CLOSE]
    # Written twice, half a ring apart, every window is one stretch that ends at `stop`.
    place = k % half
    stop = place + half + 1
    log_return = math.log(close / memory[LAST]) if k > 1 else 0.0
    for ring, x in ((_CLOSES, close), (_HIGHS, bar[HIGH]), (_LOWS, bar[LOW]), (_LOGS, log_return), (_VOLUMES, bar[VOLUME])):
        rings[ring, place] = rings[ring, place + half] = x
    closes, count = rings[_CLOSES], len(p.averages)
    momentum = 3 + 2 * count
    volatility = momentum + 7
    if k > 1:
        out[0], out[1] = close / memory[LAST] - 1.0, log_return
        _changes(p, memory, bar, k - 1, out, momentum, volatility)
    if k >= p.highest:
        out[2] = close / extremes(closes, closes, stop, p.highest)[0] - 1.0
    _averages(p, memory, closes, stop, k, out, 3)
    _macd(p, memory, closes, stop, k, out, momentum + 1)
    _oscillators(p, rings, stop, k, out, momentum + 3)
    _bands(p, rings, stop, k, out, volatility + 1)
    _volumes(p, memory, rings[_VOLUMES], stop, k, bar, out, volatility + 4)
    out[volatility + 7], out[volatility + 8], out[volatility + 9] = bar[SPREAD], bar[DEPTH], bar[TICK]
    if k > p.moments:
        out[volatility + 10], out[volatility + 11] = moments(rings[_LOGS], stop, p.moments)
    memory[LAST] = close
    for i in range(out.size):
        if not math.isfinite(out[i]):
            out[i] = _NAN


@njit(cache=True)  # type: ignore[untyped-decorator]
def run(p: Periods, memory: Any, bars: Any, out: Any) -> None:
    """Advance over `bars` (n × WIDTH) of one segment, writing n rows; one bar or many, the bits are the same."""
    rings = memory[_HEAD + len(p.averages) :].reshape(_RINGS, -1)
    for i in range(bars.shape[0]):
        step(p, memory, rings, bars[i], out[i])
