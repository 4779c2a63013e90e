"""Compiled: what goes from bar to bar, one after the other: moving averages and the sums of a session."""

from __future__ import annotations

import math
from typing import Any

from numba import uint64

from helios_features.bar_row import CLOSE, HIGH, LOW, NUMBER, VOLUME
from helios_features.compiled import compiled
from helios_features.kernel import layout as at
from helios_features.kernel.work import ATR, LOSSES, MACD, RSI, SIGNALS, VWAP, WEIGHTS


@compiled()
def begun(m: Any, s: Any, q: Any, j: Any, n: Any, x: Any, x_at: Any, y: Any, y_at: Any) -> None:
    """Average `j` of values that may be its first: the mean of the first of them, then moved by alpha.

    `x` has the values of the `n` bars at hand; `y` takes the average after each, whatever it is before it is whole.
    """
    row, place = q[at.AVERAGES_AT] + j * at.AVERAGE, at.AVERAGES + j
    length, alpha, seen, value = float(q[row + 1]), s[row + 2], m[at.COUNT] - float(q[row]), m[place]
    for i in range(n):
        seen += 1.0
        if seen > length:
            value += (x[x_at + i] - value) * alpha
        elif seen > 0.0:
            value += x[x_at + i]
            if seen == length:
                value /= length
        y[y_at + i] = value
    m[place] = value


@compiled()
def moved(m: Any, s: Any, q: Any, j: Any, n: Any, close: Any, z: Any, y: Any) -> None:
    """The same of the close once the average is whole."""
    alpha, place = s[q[at.AVERAGES_AT] + j * at.AVERAGE + 2], at.AVERAGES + j
    value = m[place]
    for i in range(n):
        value += (m[close + i] - value) * alpha
        z[y + i] = value
    m[place] = value


@compiled()
def moved_four(m: Any, s: Any, q: Any, j: Any, n: Any, close: Any, z: Any, y: Any) -> None:
    """Averages `j` to `j + 3` of the close, two columns apart: side by side, as each waits for its last value."""
    row, place, apart = q[at.AVERAGES_AT] + j * at.AVERAGE + 2, at.AVERAGES + j, uint64(2 * at.TILE)
    alpha, beta, gamma, delta = s[row], s[row + at.AVERAGE], s[row + 2 * at.AVERAGE], s[row + 3 * at.AVERAGE]
    a, b, c, d, third = m[place], m[place + 1], m[place + 2], m[place + 3], y + apart + apart
    for i in range(n):
        x = m[close + i]
        a += (x - a) * alpha
        b += (x - b) * beta
        c += (x - c) * gamma
        d += (x - d) * delta
        z[y + i], z[y + apart + i], z[third + i], z[third + apart + i] = a, b, c, d
    m[place], m[place + 1], m[place + 2], m[place + 3] = a, b, c, d


@compiled()
def moved_six(m: Any, s: Any, q: Any, j: Any, n: Any, close: Any, z: Any) -> None:
    """The six averages from `j` on: MACD's of the close, and those of gains, losses and ranges in their place."""
    row, place = q[at.AVERAGES_AT] + j * at.AVERAGE + 2, at.AVERAGES + j
    alpha, beta, gamma = s[row], s[row + at.AVERAGE], s[row + 2 * at.AVERAGE]
    wilder, by_range = s[row + 3 * at.AVERAGE], s[row + 5 * at.AVERAGE]
    a, b, c, d, e, f = m[place], m[place + 1], m[place + 2], m[place + 3], m[place + 4], m[place + 5]
    for i in range(n):
        a += (m[close + i] - a) * alpha
        b += (m[close + i] - b) * beta
        line = a - b
        c += (line - c) * gamma
        d += (z[RSI + i] - d) * wilder
        e += (z[LOSSES + i] - e) * wilder
        f += (z[ATR + i] - f) * by_range
        z[MACD + i], z[SIGNALS + i], z[RSI + i], z[LOSSES + i], z[ATR + i] = line, c, d, e, f
    m[place], m[place + 1], m[place + 2], m[place + 3], m[place + 4], m[place + 5] = a, b, c, d, e, f


@compiled()
def session(m: Any, q: Any, bars: Any, first: Any, n: Any, z: Any) -> None:
    """Sums of typical price times volume, and of volume, since the anchor; NaN where its start was not seen."""
    value, weight, end, is_whole = m[at.VALUE], m[at.WEIGHT], m[at.SESSION_END], m[at.WHOLE]
    is_new, anchor = m[at.COUNT] == 0.0, float(q[at.ANCHOR])
    for i in range(n):
        j = first + i
        number, volume = bars[j, NUMBER], bars[j, VOLUME]
        if number >= end or is_new:
            start = math.floor(number / anchor) * anchor
            # A session whose beginning was not seen has no VWAP: it would depend on where the data start.
            is_whole = math.nan if is_new and number != start else 1.0
            value, weight, end, is_new = 0.0, 0.0, start + anchor, False
        value += (bars[j, HIGH] + bars[j, LOW] + bars[j, CLOSE]) / 3.0 * volume
        weight += volume
        z[VWAP + i], z[WEIGHTS + i] = value, weight * is_whole
    m[at.VALUE], m[at.WEIGHT], m[at.SESSION_END], m[at.WHOLE] = value, weight, end, is_whole
