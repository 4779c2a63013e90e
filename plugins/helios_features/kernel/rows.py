"""Compiled: bars in, rows of features out, as many at a time as the tile has room for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import uint64

from helios_features import bar_row as bar
from helios_features.compiled import compiled
from helios_features.kernel import formulas, work
from helios_features.kernel import layout as at
from helios_features.kernel.layout import FIXED, TILE
from helios_features.kernel.merging import merge_all, slid
from helios_features.kernel.moving import begun, moved, moved_four, moved_six, session
from helios_features.periods import Periods


@compiled(inline="always")
def advanced(s: Any, m: Any, bars: Any, first: int, end: int, out: Any, z: Any) -> None:
    """Advance over the bars (rows of WIDTH) from `first` to `end`, which are of one segment, and write their rows.

    One bar or many, the bits are the same. `z` is room for `working` numbers.
    """
    q = s.view(np.int64)
    while first < end:
        place = int(m[at.PLACE])
        if place == TILE:
            slid(m, q)
            place = 0
        number = min(TILE - place, end - first)
        n, row = uint64(number), uint64(first)
        _taken(m, q, place, n, bars, row)
        _worked(m, s, q, place, n, z)
        session(m, q, bars, row, n, z)
        formulas.averaged(m, q, place, n, z)
        formulas.heard(bars, row, n, z)
        _written(m, q, n, z, out, row)
        m[at.PLACE] = place + number
        m[at.COUNT] += number
        first += number


def working(periods: Periods) -> int:
    """How much room `advanced` wants to work in."""
    return (FIXED + 3 + 2 * len(periods.averages)) * TILE


@compiled()
def _taken(m: Any, q: Any, t: int, n: Any, bars: Any, row: Any) -> None:
    """Bars into the columns of memory."""
    close, high, low = uint64(q[at.CLOSE] + t), uint64(q[at.HIGH] + t), uint64(q[at.LOW] + t)
    log, volume = uint64(q[at.LOG] + t), uint64(q[at.VOLUME] + t)
    last = close - work.ONE
    if m[at.COUNT] == 0.0:
        m[last] = bars[row, bar.CLOSE]
    for i in range(n):
        m[close + i], m[high + i] = bars[row + i, bar.CLOSE], bars[row + i, bar.HIGH]
        m[low + i], m[volume + i] = bars[row + i, bar.LOW], bars[row + i, bar.VOLUME]
    for i in range(n):
        m[log + i] = math.log(m[close + i] / m[last + i])


@compiled(inline="always")
def _worked(m: Any, s: Any, q: Any, t: int, n: Any, z: Any) -> None:
    emas, close = q[at.EMAS], uint64(q[at.CLOSE] + t)
    for begin, end in ((0, q[at.EARLY]), (q[at.EARLY], q[at.MERGES])):
        # Windows of the fast %K need others first. A loop, so that what it calls is compiled once.
        merge_all(m, s, q, begin, end, t, n, z, work.DELTAS)
        if begin == 0:
            formulas.positions(m, q, t, n, z)
    formulas.changes(m, q, t, n, z)
    _moved(m, s, q, n, close, z)
    formulas.prices(m, q, t, n, z)
    formulas.bands(m, s, q, t, n, z)
    formulas.volumes(m, q, t, n, z)
    formulas.moments(m, q, t, n, z)
    for j in range(emas):
        mean, sma = uint64(q[q[at.AVERAGES_AT] + at.AVERAGE * j + 3] + t), work.FREE + uint64(2 * TILE * j)
        formulas.means(m, close, mean, n, z, sma, sma + uint64(TILE))


@compiled(inline="always")
def _moved(m: Any, s: Any, q: Any, n: Any, close: Any, z: Any) -> None:
    """Moving averages, of which some may not be whole."""
    emas, j, y = q[at.EMAS], 0, work.FREE + uint64(TILE)
    if m[at.COUNT] >= q[at.WARM]:
        while j + 4 <= emas:
            moved_four(m, s, q, j, n, close, z, y + uint64(2 * TILE * j))
            j += 4
        while j < emas:
            moved(m, s, q, j, n, close, z, y + uint64(2 * TILE * j))
            j += 1
        moved_six(m, s, q, emas, n, close, z)
        return
    for j in range(emas):
        begun(m, s, q, j, n, m, close, z, y + uint64(2 * TILE * j))
    for j, y in ((at.FAST, work.MACD), (at.SLOW, work.SIGNALS)):
        begun(m, s, q, emas + j, n, m, close, z, y)
    for i in range(n):
        z[work.MACD + i] -= z[work.SIGNALS + i]
    parts = ((at.SIGNAL, work.MACD, work.SIGNALS), (at.GAIN, work.RSI, work.RSI), (at.LOSS, work.LOSSES, work.LOSSES),
             (at.RANGE, work.ATR, work.ATR))  # fmt: skip
    for j, x, y in parts:
        begun(m, s, q, emas + j, n, z, x, z, y)


@compiled()
def _written(m: Any, q: Any, n: Any, z: Any, out: Any, row: Any) -> None:
    """Columns into rows, NaN where a value is not there yet or is no finite number."""
    seen, warm = int(m[at.COUNT]), q[at.WARM]
    for j in range(FIXED + 2 * q[at.EMAS]):
        x, y = uint64(TILE * (j if j < FIXED else j + 3)), uint64(q[q[at.COLUMNS_AT] + 2 * j])
        for i in range(n):
            value = z[x + i]
            out[row + i, y] = value if value - value == 0.0 else math.nan  # infinity less itself is no number either
        if seen < warm:
            early = q[q[at.COLUMNS_AT] + 2 * j + 1] - 1 - seen
            for i in range(uint64(max(0, min(early, int(n))))):
                out[row + i, y] = math.nan
