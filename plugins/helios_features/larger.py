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
def usable(bar: Any) -> bool:
    """Whether the prices are between 1e-100 and 1e100 and in order, and the volume is from 0 to 1e100."""
    for i in range(OPEN, CLOSE + 1):
        if not 1.0 / _LARGE <= bar[i] <= _LARGE:
            return False
        if not bar[LOW] <= bar[i] <= bar[HIGH]:
            return False
    return bool(0.0 <= bar[VOLUME] <= _LARGE)


@njit(forceinline=True, error_model="numpy")
def _mark(clock: Any, k: int, bar: Any, max_gap: float) -> None:
    """Say whether a bar of timeframe `k` begins a segment; `clock[k]` is the number after the last bar, 0 at first."""
    bar[FRESH] = 1.0 if clock[k] == 0.0 or bar[NUMBER] - clock[k] > max_gap else 0.0
    clock[k] = bar[NUMBER] + 1.0


@njit(forceinline=True, error_model="numpy")
def _begin(bucket: Any, bar: Any, number: int, ratio: int) -> None:
    for i in range(WIDTH):
        bucket[i] = bar[i]
    bucket[NUMBER], bucket[VOLUME], bucket[_OPEN], bucket[_END] = number, 0.0, 1.0, (number + 1) * ratio
    for i in range(3):
        bucket[SPREAD + i] = bucket[_HEARD + i] = 0.0


@njit(forceinline=True, error_model="numpy")
def _add(bucket: Any, bar: Any) -> None:
    bucket[HIGH], bucket[LOW] = max(bucket[HIGH], bar[HIGH]), min(bucket[LOW], bar[LOW])
    bucket[CLOSE] = bar[CLOSE]
    bucket[VOLUME] += bar[VOLUME]
    for i in range(3):
        if not math.isnan(bar[SPREAD + i]):
            bucket[SPREAD + i] += bar[SPREAD + i]
            bucket[_HEARD + i] += 1.0


@njit(forceinline=True, error_model="numpy")
def _close(bucket: Any, bar: Any) -> None:
    for i in range(WIDTH):
        bar[i] = bucket[i]
    for i in range(3):
        heard = bucket[_HEARD + i]
        bar[SPREAD + i] = bucket[SPREAD + i] / heard if heard > 0.0 else math.nan
    bucket[_OPEN] = 0.0


@njit(cache=True, forceinline=True, error_model="numpy")
def lift(ratios: Any, max_gap: float, clock: Any, buckets: Any, bar: Any, closed: Any, counts: Any) -> int:
    """Take a bar of the smallest timeframe: −1 if it is not fit for use, else how many larger bars it closes.

    Larger bars of timeframe k, of `ratios[k]` bars, are appended to `closed[k]` at `counts[k]`. One closes with the
    last bar that it can hold or, where that is missing, at the next one, of which it then has nothing. An unfit bar is
    as if it had never been, and so is one that is not newer than the last.
    """
    if not usable(bar) or bar[NUMBER] < clock[0]:
        return -1
    number, found = int(bar[NUMBER]), 0
    if clock[0] == 0.0:
        # A larger bar counts from its beginning only: a part of the first would depend on where the data start.
        for k in range(ratios.size):
            buckets[k, _FROM] = -(-number // ratios[k]) * ratios[k]
    _mark(clock, 0, bar, max_gap)
    for k in range(ratios.size):
        bucket = buckets[k]
        if bucket[_OPEN] == 1.0 and number >= bucket[_END]:
            found += _emit(clock, k, bucket, closed, counts, max_gap)
        if number >= bucket[_FROM]:
            if bucket[_OPEN] == 0.0:
                _begin(bucket, bar, number // ratios[k], ratios[k])
            _add(bucket, bar)
            if number + 1 == bucket[_END]:
                found += _emit(clock, k, bucket, closed, counts, max_gap)
    return found


@njit(forceinline=True, error_model="numpy")
def _emit(clock: Any, k: int, bucket: Any, closed: Any, counts: Any, max_gap: float) -> int:
    bar = closed[k, counts[k]]
    _close(bucket, bar)
    _mark(clock, k + 1, bar, max_gap)
    counts[k] += 1
    return 1


@njit(cache=True, error_model="numpy")
def lift_all(
    ratios: Any, max_gap: float, clock: Any, buckets: Any, bars: Any, closed: Any, counts: Any, by: Any
) -> int:
    """`lift` for each of the bars; those that are fit are moved to the front, and counted.

    `by[0, i]` is the place of bar `i` among them, −1 if it is not fit; `by[k, i]` is how many larger bars of
    timeframe k had closed by then.
    """
    fit = 0
    for i in range(bars.shape[0]):
        by[0, i] = -1
        if lift(ratios, max_gap, clock, buckets, bars[i], closed, counts) >= 0:
            by[0, i] = fit
            if fit < i:
                bars[fit] = bars[i]
            fit += 1
        for k in range(ratios.size):
            by[k + 1, i] = counts[k]
    return fit


@njit(cache=True, error_model="numpy")
def weave(table: Any, place: int, rows: Any, by: Any) -> None:
    """Write row `by[i]` of `rows` into row `i` of `table`, from column `place` on; NaN where `by[i]` is negative."""
    width = rows.shape[1]
    for i in range(by.size):
        n = by[i]
        if n >= 0:
            for j in range(width):
                table[i, place + j] = rows[n, j]
        else:
            for j in range(width):
                table[i, place + j] = math.nan
