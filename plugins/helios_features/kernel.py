"""The thirty features of one timeframe as a compiled state machine; `Technical` has their definitions.

All compiled code that `run` reaches stands in this file, because numba's cache looks at no other file. Windows are
added up anew for each bar, in an order that depends on nothing but the bars: a running sum would drift, and would
remember one wild price for ever. Sums start from the window's last value, so that a flat window has a deviation of
exactly 0.

Two drivers: `step` takes one bar; `_tile` takes TILE at once when all windows are full, and adds up the windows of
neighbouring bars side by side in the lanes of a vector. Both do the same operations in the same order on every bar
(nothing here may be contracted or reordered: no fastmath), so that their rows and their memory are the same bits.
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
TILE = 128
"""Bars taken at once: some tens of columns of them fit into the processor's first cache."""
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
def unbiased(n: int, m2: float, m3: float, m4: float) -> tuple[float, float]:
    """G1 and G2 of `n` values with these central moments; no number where `m2` is 0."""
    skew = math.sqrt(n * (n - 1.0)) / (n - 2.0) * m3 / (m2 * math.sqrt(m2))
    return skew, (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * (m4 / (m2 * m2) - 3.0) + 6.0)


@njit(forceinline=True, error_model="numpy")
def position(x: float, low: float, high: float) -> float:
    """Where `x` lies between `low` (0) and `high` (100); 50 where they are equal."""
    return 50.0 if high == low else 100.0 * ((x - low) / (high - low))


@njit(forceinline=True, error_model="numpy")
def below_high(x: float, low: float, high: float) -> float:
    """How far `x` is below `high` on the way to `low` (−100); −50 where they are equal."""
    return -50.0 if high == low else -100.0 * ((high - x) / (high - low))


@njit(forceinline=True, error_model="numpy")
def percent_b(close: float, middle: float, half: float) -> float:
    """Where the close lies between bands `half` around `middle`."""
    return 0.5 if half == 0.0 else 0.5 + (close - middle) / (2.0 * half)


@njit(forceinline=True, error_model="numpy")
def score(x: float, mean: float, deviation: float) -> float:
    """How many deviations `x` is above the mean; 0 where nothing varies."""
    return 0.0 if deviation == 0.0 else (x - mean) / deviation


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
    return unbiased(n, (a2 + b2) / n, (a3 + b3) / n, (a4 + b4) / n)


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
def moved(m: Any, at: int, x: float, alpha: float) -> None:
    """Move the average at `m[at]` by `alpha` of the way to `x`."""
    m[at] += (x - m[at]) * alpha


@njit(forceinline=True, error_model="numpy")
def smoothed(m: Any, at: int, x: float, n: int, seen: int, alpha: float) -> float:
    """An average kept at `m[at]`: the mean of the first `n` values, then moved by `alpha`; NaN before.

    `seen` is the number of values, this one included.
    """
    if seen > n:
        moved(m, at, x, alpha)
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
            if k == n:
                m[_HEAD + j] = close + below
            else:
                moved(m, _HEAD + j, close, 2.0 / (n + 1))
            out[i, at + count + j] = close / m[_HEAD + j] - 1.0


@njit(forceinline=True, error_model="numpy")
def _macd(p: Periods, m: Any, close: float, closes: int, k: int, out: Any, i: int, at: int) -> None:
    """macd and its signal, over the close; both averages begin at bar `slow`, of the closes before place `closes`."""
    slow = smoothed(m, SLOW, close, p.slow, k, 2.0 / (p.slow + 1))
    if k < p.slow:
        return
    if k == p.slow:
        m[FAST] = mean_of(m, closes, p.fast)
    else:
        moved(m, FAST, close, 2.0 / (p.fast + 1))
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
        fast = position(close, low, high)
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
        out[i, at + 3] = below_high(close, low, high)


@njit(forceinline=True, error_model="numpy")
def _bands(p: Periods, m: Any, closes: int, logs: int, k: int, out: Any, i: int, at: int) -> None:
    """percent_b, bandwidth, volatility."""
    if k >= p.bollinger:
        middle = mean_of(m, closes, p.bollinger)
        half = p.width * math.sqrt(squares(m, closes, p.bollinger, middle) / p.bollinger)
        out[i, at] = percent_b(m[closes - 1], middle, half)
        out[i, at + 1] = 2.0 * half / middle
    n = p.volatility
    if k > n:
        out[i, at + 2] = math.sqrt(squares(m, logs, n, mean_of(m, logs, n)) / (n - 1) * p.year)


@njit(forceinline=True, error_model="numpy")
def _volumes(p: Periods, m: Any, volumes: int, k: int, out: Any, i: int, at: int) -> None:
    """volume_ratio, volume_z."""
    volume, n = m[volumes - 1], p.volume
    if k >= n:
        mean = mean_of(m, volumes, n)
        deviation = math.sqrt(squares(m, volumes, n, mean) / n)
        if mean > 0.0:
            out[i, at] = volume / mean
        out[i, at + 1] = score(volume, mean, deviation)


@njit(forceinline=True, error_model="numpy")
def _vwap(p: Periods, m: Any, k: int, bars: Any, i: int, out: Any, at: int) -> None:
    """vwap_deviation."""
    volume, number, close = bars[i, VOLUME], bars[i, NUMBER], bars[i, CLOSE]
    session = math.floor(number / p.anchor)
    if k == 1 or session != m[SESSION]:
        # A session whose beginning was not seen has no VWAP: it would depend on where the data start.
        m[WHOLE] = 1.0 if k > 1 or number == session * p.anchor else 0.0
        m[SESSION], m[VALUE], m[WEIGHT] = session, 0.0, 0.0
    m[VALUE] += (bars[i, HIGH] + bars[i, LOW] + close) / 3.0 * volume
    m[WEIGHT] += volume
    if m[WHOLE] == 1.0 and m[WEIGHT] > 0.0:
        out[i, at] = close * m[WEIGHT] / m[VALUE] - 1.0


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
def _heard(bars: Any, i: int, out: Any, at: int) -> None:
    """spread_bps, depth_imbalance, tick_direction."""
    out[i, at], out[i, at + 1], out[i, at + 2] = bars[i, SPREAD], bars[i, DEPTH], bars[i, TICK]


@njit(forceinline=True, error_model="numpy")
def _finite(out: Any, i: int) -> None:
    for j in range(out.shape[1]):
        x = out[i, j]
        out[i, j] = x if x - x == 0.0 else _NAN  # infinity less itself is no number either


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
    _macd(p, m, close, closes, k, out, i, momentum + 1)
    _oscillators(p, m, closes, half, k, out, i, momentum + 3)
    _bands(p, m, closes, logs, k, out, i, volatility + 1)
    _volumes(p, m, volumes, k, out, i, volatility + 4)
    _vwap(p, m, k, bars, i, out, volatility + 6)
    _heard(bars, i, out, volatility + 7)
    if k > p.moments:
        out[i, volatility + 10], out[i, volatility + 11] = moments(m, logs, p.moments)
    m[LAST] = close
    _finite(out, i)


@njit(error_model="numpy")
def _totals(x: Any, n: int, origin: Any, lane: Any, squared: bool) -> None:
    """`total` (or `squares`) of TILE windows of `n`, of which the first begins at `x[0]`, into `lane[:TILE]`."""
    for i in range(4 * TILE):
        lane[i] = 0.0
    for group in range(n // 4):
        y = x[4 * group : 4 * group + TILE + 3]
        if squared:
            for i in range(TILE):
                o = origin[i]
                p, q, r, s = y[i] - o, y[i + 1] - o, y[i + 2] - o, y[i + 3] - o
                lane[i] += p * p
                lane[TILE + i] += q * q
                lane[2 * TILE + i] += r * r
                lane[3 * TILE + i] += s * s
        else:
            for i in range(TILE):
                o = origin[i]
                lane[i] += y[i] - o
                lane[TILE + i] += y[i + 1] - o
                lane[2 * TILE + i] += y[i + 2] - o
                lane[3 * TILE + i] += y[i + 3] - o
    for j in range(n - n % 4, n):
        y = x[j : j + TILE]
        for i in range(TILE):
            p = y[i] - origin[i]
            lane[i] += p * p if squared else p
    for i in range(TILE):
        lane[i] = (lane[i] + lane[TILE + i]) + (lane[2 * TILE + i] + lane[3 * TILE + i])


@njit(error_model="numpy")
def _powers(x: Any, n: int, mean: Any, lane: Any) -> None:
    """Sums of the second, third and fourth powers as in `moments`, into `lane[:TILE]` and two and four TILE on."""
    for i in range(6 * TILE):
        lane[i] = 0.0
    for group in range(n // 2):
        y = x[2 * group : 2 * group + TILE + 1]
        for i in range(TILE):
            p, q = y[i] - mean[i], y[i + 1] - mean[i]
            pp, qq = p * p, q * q
            lane[i] += pp
            lane[TILE + i] += qq
            lane[2 * TILE + i] += pp * p
            lane[3 * TILE + i] += qq * q
            lane[4 * TILE + i] += pp * pp
            lane[5 * TILE + i] += qq * qq
    if n % 2:
        y = x[n - 1 :]
        for i in range(TILE):
            p = y[i] - mean[i]
            pp = p * p
            lane[i] += pp
            lane[2 * TILE + i] += pp * p
            lane[4 * TILE + i] += pp * pp
    for k in range(0, 6 * TILE, 2 * TILE):
        power = lane[k : k + 2 * TILE]
        for i in range(TILE):
            power[i] += power[TILE + i]


@njit(error_model="numpy")
def _extremes(x: Any, n: int, least: bool, found: Any) -> None:
    """`highest` of TILE windows, or `lowest`."""
    for i in range(TILE):
        found[i] = x[i]
    for j in range(1, n):
        y = x[j : j + TILE]
        if least:
            for i in range(TILE):
                found[i] = y[i] if y[i] < found[i] else found[i]
        else:
            for i in range(TILE):
                found[i] = y[i] if y[i] > found[i] else found[i]


@njit(error_model="numpy")
def _chained(p: Periods, m: Any, w: Any, half: int, bars: Any, out: Any) -> None:
    """What goes from bar to bar, of TILE bars when all windows are full; the bars' columns go into `w`."""
    count = len(p.averages)
    momentum, volatility = 3 + 2 * count, 10 + 2 * count
    for i in range(TILE):
        close = bars[i, CLOSE]
        m[COUNT] += 1.0
        k = int(m[COUNT])
        log_return = math.log(close / m[LAST])
        w[_CLOSES, half + i], w[_HIGHS, half + i], w[_LOWS, half + i] = close, bars[i, HIGH], bars[i, LOW]
        w[_LOGS, half + i], w[_VOLUMES, half + i] = log_return, bars[i, VOLUME]
        out[i, 0], out[i, 1] = close / m[LAST] - 1.0, log_return
        _changes(p, m, bars, i, k - 1, out, momentum, volatility)
        for j in range(count):
            moved(m, _HEAD + j, close, 2.0 / (int(p.averages[j]) + 1))
            out[i, 3 + count + j] = close / m[_HEAD + j] - 1.0
        _macd(p, m, close, 0, k, out, i, momentum + 1)
        out[i, volatility + 6] = _NAN
        _vwap(p, m, k, bars, i, out, volatility + 6)
        _heard(bars, i, out, volatility + 7)
        m[LAST] = close


@njit(error_model="numpy")
def _tile(p: Periods, m: Any, w: Any, col: Any, room: Any, lane: Any, half: int, bars: Any, out: Any) -> None:
    """`step` over TILE bars. `w`: of each ring the last `half` values, and room for TILE more; `col`: room."""
    _chained(p, m, w, half, bars, out)
    count, ends = len(p.averages), half + 1
    close, volume = w[_CLOSES, half:], w[_VOLUMES, half:]
    momentum, volatility = 3 + 2 * count, 10 + 2 * count
    # Loops over features, so that what they call is compiled once.
    rings = (_CLOSES, _HIGHS, _LOWS, _HIGHS, _LOWS)
    lengths = (p.highest, p.stochastic, p.stochastic, p.williams, p.williams)
    for q in range(5):
        _extremes(w[rings[q], ends - lengths[q] :], lengths[q], q % 2 == 0 and q > 0, room[q])
    before, highest_close, high, low, top, bottom = (
        w[_CLOSES, half - p.roc :],
        room[0],
        room[1],
        room[2],
        room[3],
        room[4],
    )
    for i in range(TILE):
        col[2, i] = close[i] / highest_close[i] - 1.0
        w[_FAST_K, half + i] = position(close[i], low[i], high[i])
        col[momentum + 5, i] = 100.0 * (close[i] / before[i] - 1.0)
        col[momentum + 6, i] = below_high(close[i], bottom[i], top[i])
    rings = (_FAST_K, _SLOW_K, _CLOSES, _LOGS, _VOLUMES)
    lengths = (p.smooth, p.smooth, p.bollinger, p.volatility, p.volume)
    for q in range(5):
        n, x = lengths[q], w[rings[q], ends - lengths[q] :]
        last, mean = x[n - 1 :], room[q]
        _totals(x, n, last, lane, False)
        for i in range(TILE):
            mean[i] = last[i] + lane[i] / n
        if q == 0:
            w[_SLOW_K, half : half + TILE] = mean
        if q > 1:
            _totals(x, n, mean, lane, True)
            room[3 + q, :] = lane[:TILE]
    slow_k, slow_d, middle, mean, bands, returns, volumes = (
        room[0],
        room[1],
        room[2],
        room[4],
        room[5],
        room[6],
        room[7],
    )
    for i in range(TILE):
        spread = p.width * math.sqrt(bands[i] / p.bollinger)
        col[momentum + 3, i], col[momentum + 4, i] = slow_k[i], slow_d[i]
        col[volatility + 1, i] = percent_b(close[i], middle[i], spread)
        col[volatility + 2, i] = 2.0 * spread / middle[i]
        col[volatility + 3, i] = math.sqrt(returns[i] / (p.volatility - 1) * p.year)
        col[volatility + 4, i] = volume[i] / mean[i] if mean[i] > 0.0 else _NAN
        col[volatility + 5, i] = score(volume[i], mean[i], math.sqrt(volumes[i] / p.volume))
    for j in range(count):
        n = int(p.averages[j])
        _totals(w[_CLOSES, ends - n :], n, close, lane, False)
        for i in range(TILE):
            below = lane[i] / n
            col[3 + j, i] = -below / (close[i] + below)
    n, x = p.moments, w[_LOGS, ends - p.moments :]
    last, mean = x[n - 1 :], room[0]
    _totals(x, n, last, lane, False)
    for i in range(TILE):
        mean[i] = last[i] + lane[i] / n
    _powers(x, n, mean, lane)
    for i in range(TILE):
        m2, m3, m4 = lane[i] / n, lane[2 * TILE + i] / n, lane[4 * TILE + i] / n
        col[volatility + 10, i], col[volatility + 11, i] = unbiased(n, m2, m3, m4)
    _placed(col, count, out)
    for ring in range(_RINGS):
        for j in range(half):
            w[ring, j] = w[ring, TILE + j]


@njit(error_model="numpy")
def _placed(col: Any, count: int, out: Any) -> None:
    """Columns of windows into their places in the rows."""
    momentum, volatility = 3 + 2 * count, 10 + 2 * count
    for i in range(TILE):
        for j in range(2, 3 + count):
            out[i, j] = col[j, i]
        for j in range(momentum + 3, momentum + 7):
            out[i, j] = col[j, i]
        for j in range(volatility + 1, volatility + 6):
            out[i, j] = col[j, i]
        for j in range(volatility + 10, volatility + 12):
            out[i, j] = col[j, i]
        _finite(out, i)


@njit(error_model="numpy")
def _tiles(p: Periods, m: Any, bars: Any, out: Any) -> None:
    """`_tile` over whole tiles: rings into columns, and back."""
    base, count = _HEAD + len(p.averages), bars.shape[0]
    half = (m.size - base) // (2 * _RINGS)
    rings = m[base:].reshape(_RINGS, 2 * half)
    w, col, room = np.empty((_RINGS, half + TILE)), np.empty((out.shape[1], TILE)), np.empty((8, TILE))
    lane = np.empty(6 * TILE)
    place = int(m[PLACE])
    for ring in range(_RINGS):
        w[ring, :half] = rings[ring, place : place + half]
    for start in range(0, count, TILE):
        _tile(p, m, w, col, room, lane, half, bars[start : start + TILE], out[start : start + TILE])
    place = (place + count) % half
    m[PLACE] = place
    for ring in range(_RINGS):
        for j in range(half):
            at = (place + j) % half
            rings[ring, at] = rings[ring, at + half] = w[ring, j]


@njit(cache=True, error_model="numpy")
def run(settings: Any, memory: Any, bars: Any, out: Any) -> None:
    """Advance over `bars` (n × WIDTH) of one segment, writing n rows; one bar or many, the bits are the same."""
    p, n, i = _unpacked(settings), bars.shape[0], 0
    # More than any of the features waits for; from then on all of them are there.
    warm = (memory.size - _HEAD) // (2 * _RINGS) + p.slow + p.signal + p.rsi + p.atr + 2 * p.smooth
    while i < n:
        if n - i >= TILE and memory[COUNT] >= warm:
            whole = (n - i) // TILE * TILE
            _tiles(p, memory, bars[i : i + whole], out[i : i + whole])
            i += whole
        else:
            step(p, memory, bars, i, out)
            i += 1
