"""Compiled: which bars are fit for use, and larger bars of them. All that these functions reach is in this file."""

from __future__ import annotations

import math
from typing import Any

from numba import njit

from helios_features.bar_row import CLOSE, FRESH, HIGH, LOW, NUMBER, OPEN, SPREAD, VOLUME, WIDTH

BUCKET = WIDTH + 6
"""An open larger bar: its row with sums in place of spread, depth and tick, how many of each there were, whether it is
open, the first bar of the smallest timeframe that counts, and the first that is past it."""
_HEARD, _OPEN, _FROM, _END = WIDTH, WIDTH + 3, WIDTH + 4, WIDTH + 5
_LARGE = 1e100


@njit(forceinline=True, error_model="numpy")
def usable(bars: Any, i: int) -> bool:
    """Whether the prices are between 1e-100 and 1e100 and in order, and the volume is from 0 to 1e100."""
    low, high = bars[i, LOW], bars[i, HIGH]
    return bool(
        low >= 1.0 / _LARGE
        and high <= _LARGE
        and low <= bars[i, OPEN] <= high
        and low <= bars[i, CLOSE] <= high
        and 0.0 <= bars[i, VOLUME] <= _LARGE
    )


@njit(forceinline=True, error_model="numpy")
def _mark(clock: Any, k: int, number: float, max_gap: float) -> float:
    """Whether a bar of timeframe `k` begins a segment; `clock[k]` is the number after the last bar, 0 at first."""
    fresh = 1.0 if clock[k] == 0.0 or number - clock[k] > max_gap else 0.0
    clock[k] = number + 1.0
    return fresh


@njit(forceinline=True, error_model="numpy")
def _begin(buckets: Any, k: int, bars: Any, i: int, number: int, ratio: int) -> None:
    for j in range(WIDTH):
        buckets[k, j] = bars[i, j]
    buckets[k, NUMBER], buckets[k, VOLUME] = number, 0.0
    buckets[k, _OPEN], buckets[k, _END] = 1.0, (number + 1) * ratio
    for j in range(3):
        buckets[k, SPREAD + j] = buckets[k, _HEARD + j] = 0.0


@njit(forceinline=True, error_model="numpy")
def _add(buckets: Any, k: int, bars: Any, i: int) -> None:
    buckets[k, HIGH] = max(buckets[k, HIGH], bars[i, HIGH])
    buckets[k, LOW] = min(buckets[k, LOW], bars[i, LOW])
    buckets[k, CLOSE] = bars[i, CLOSE]
    buckets[k, VOLUME] += bars[i, VOLUME]
    for j in range(3):
        if not math.isnan(bars[i, SPREAD + j]):
            buckets[k, SPREAD + j] += bars[i, SPREAD + j]
            buckets[k, _HEARD + j] += 1.0


@njit(cache=True, forceinline=True, error_model="numpy")
def lift(ratios: Any, max_gap: float, clock: Any, buckets: Any, bars: Any, i: int, closed: Any, counts: Any) -> int:
    """Take bar `i` of the smallest timeframe: −1 if it is not fit for use, else how many larger bars it closes.

    Larger bars of timeframe k, of `ratios[k]` bars, are appended to `closed[k]` at `counts[k]`. One closes with the
    last bar that it can hold or, where that is missing, at the next one, of which it then has nothing. An unfit bar is
    as if it had never been, and so is one that is not newer than the last.
    """
    if not usable(bars, i) or bars[i, NUMBER] < clock[0]:
        return -1
    number, found = int(bars[i, NUMBER]), 0
    if clock[0] == 0.0:
        # A larger bar counts from its beginning only: a part of the first would depend on where the data start.
        for k in range(ratios.size):
            buckets[k, _FROM] = -(-number // ratios[k]) * ratios[k]
    bars[i, FRESH] = _mark(clock, 0, bars[i, NUMBER], max_gap)
    for k in range(ratios.size):
        if buckets[k, _OPEN] == 1.0 and number >= buckets[k, _END]:
            found += _emit(clock, buckets, k, closed, counts, max_gap)
        if number >= buckets[k, _FROM]:
            if buckets[k, _OPEN] == 0.0:
                _begin(buckets, k, bars, i, number // ratios[k], ratios[k])
            _add(buckets, k, bars, i)
            if number + 1 == buckets[k, _END]:
                found += _emit(clock, buckets, k, closed, counts, max_gap)
    return found


@njit(forceinline=True, error_model="numpy")
def _emit(clock: Any, buckets: Any, k: int, closed: Any, counts: Any, max_gap: float) -> int:
    n = counts[k]
    for j in range(SPREAD):
        closed[k, n, j] = buckets[k, j]
    for j in range(3):
        heard = buckets[k, _HEARD + j]
        closed[k, n, SPREAD + j] = buckets[k, SPREAD + j] / heard if heard > 0.0 else math.nan
    closed[k, n, FRESH] = _mark(clock, k + 1, buckets[k, NUMBER], max_gap)
    buckets[k, _OPEN] = 0.0
    counts[k] = n + 1
    return 1


@njit(cache=True, error_model="numpy")
def lift_all(
    ratios: Any, max_gap: float, clock: Any, buckets: Any, bars: Any, closed: Any, counts: Any, by: Any
) -> int:
    """`lift` for each of the bars; those that are fit are moved to the front, and counted.

    `by[i, 0]` is the place of bar `i` among them, counted from 1, and 0 if it is not fit; `by[i, k]` is how many
    larger bars of timeframe k had closed by then.
    """
    fit = 0
    for i in range(bars.shape[0]):
        by[i, 0] = 0
        if lift(ratios, max_gap, clock, buckets, bars, i, closed, counts) >= 0:
            if fit < i:
                for j in range(WIDTH):
                    bars[fit, j] = bars[i, j]
            fit += 1
            by[i, 0] = fit
        for k in range(ratios.size):
            by[i, k + 1] = counts[k]
    return fit


@njit(cache=True, error_model="numpy")
def weave(table: Any, rows: Any, starts: Any, by: Any) -> None:
    """Write rows of all timeframes side by side: of timeframe k, row `starts[k] + by[i, k]` into row i of `table`."""
    width = rows.shape[1]
    for i in range(by.shape[0]):
        for k in range(starts.size):
            n, at = starts[k] + by[i, k], k * width
            for j in range(width):
                table[i, at + j] = rows[n, j]
