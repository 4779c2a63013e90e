"""Compiled: which bars are fit for use, larger bars of them, and rows of all timeframes side by side.

The state begins with a clock for each timeframe, the number after its last bar (0 at first), and then has a bucket for
each but the smallest. Places in it are passed as numbers: to cut an array into parts costs more than most of these do.
"""

from __future__ import annotations

import math
from typing import Any

from numba import uint64

from helios_features.bar_row import CLOSE, DEPTH, FRESH, HIGH, LOW, NUMBER, OPEN, SPREAD, TICK, UNFIT, VOLUME, WIDTH
from helios_features.compiled import compiled

BUCKET = WIDTH + 6
"""An open larger bar: its row with sums in place of spread, depth and tick, how many of each there were, whether it is
open, the first bar of the smallest timeframe that counts, and the first that is past it."""
RATIOS = 5
"""Where in a plan the lengths of timeframes are, in bars of the smallest; the first number is how many there are."""
_HEARD, _OPEN, _FROM, _END = WIDTH, WIDTH + 3, WIDTH + 4, WIDTH + 5
_LARGE = 1e100


@compiled(cache=True)
def checked(plan: Any, max_gap: float, state: Any, bars: Any) -> None:
    """Write FRESH of each bar: 1 where a segment begins, 0 where it goes on, UNFIT where the bar is not to be used.

    Fit are prices between 1e-100 and 1e100 and in order, with a volume from 0 to 1e100, newer than the last.
    """
    count, clock = plan[0], state[0]
    for i in range(uint64(bars.shape[0])):
        low, high, number = bars[i, LOW], bars[i, HIGH], bars[i, NUMBER]
        fit = low >= 1.0 / _LARGE and high <= _LARGE and low <= bars[i, OPEN] <= high and low <= bars[i, CLOSE] <= high
        if not (fit and 0.0 <= bars[i, VOLUME] <= _LARGE and number >= clock):
            bars[i, FRESH] = UNFIT
            continue
        if clock == 0.0:
            # A larger bar counts from its beginning only: a part of the first would depend on where the data start.
            for k in range(1, count):
                ratio = plan[RATIOS + k]
                state[count + (k - 1) * BUCKET + _FROM] = -(-int(number) // ratio) * ratio
        bars[i, FRESH] = 1.0 if clock == 0.0 or number - clock > max_gap else 0.0
        clock = number + 1.0
    state[0] = clock


@compiled(cache=True)
def lifted(ratio: int, max_gap: float, state: Any, k: int, bucket: int, bars: Any, room: Any, closed: int) -> int:
    """Bars of timeframe `k` into `room` at `closed`, of checked bars of the smallest; returns how many.

    How many had closed with bar i is written to `room[i]`. One closes with the last bar that it can hold or, where that
    is missing, at the next one, of which it then has nothing. Its bucket is at `bucket` of the state.
    """
    b, found, at, clock = bucket, 0.0, uint64(closed), state[k]
    is_open, begin, end = state[b + _OPEN] == 1.0, state[b + _FROM], state[b + _END]
    number, first, volume = state[b + NUMBER], state[b + OPEN], state[b + VOLUME]
    high, low, close = state[b + HIGH], state[b + LOW], state[b + CLOSE]
    spread, depth, tick = state[b + SPREAD], state[b + DEPTH], state[b + TICK]
    spreads, depths, ticks = state[b + _HEARD], state[b + _HEARD + 1], state[b + _HEARD + 2]
    for i in range(uint64(bars.shape[0])):
        now = bars[i, NUMBER]
        is_late = is_open and now >= end
        # Twice at most: first what should have closed before this bar, then what closes with it.
        for after in range(2 if bars[i, FRESH] != UNFIT else 0):
            if after == 1 and now >= begin:
                if not is_open:
                    number, first, is_open = float(int(now) // ratio), bars[i, OPEN], True
                    end, volume, high, low = (number + 1.0) * ratio, 0.0, bars[i, HIGH], bars[i, LOW]
                    spread = depth = tick = spreads = depths = ticks = 0.0
                high, low, close = max(high, bars[i, HIGH]), min(low, bars[i, LOW]), bars[i, CLOSE]
                volume += bars[i, VOLUME]
                if bars[i, SPREAD] == bars[i, SPREAD]:
                    spread, spreads = spread + bars[i, SPREAD], spreads + 1.0
                if bars[i, DEPTH] == bars[i, DEPTH]:
                    depth, depths = depth + bars[i, DEPTH], depths + 1.0
                if bars[i, TICK] == bars[i, TICK]:
                    tick, ticks = tick + bars[i, TICK], ticks + 1.0
            if is_open and ((after == 0 and is_late) or (after == 1 and now + 1.0 == end)):
                room[at + uint64(NUMBER)], room[at + uint64(OPEN)], room[at + uint64(CLOSE)] = number, first, close
                room[at + uint64(HIGH)], room[at + uint64(LOW)], room[at + uint64(VOLUME)] = high, low, volume
                room[at + uint64(SPREAD)] = spread / spreads if spreads > 0.0 else math.nan
                room[at + uint64(DEPTH)] = depth / depths if depths > 0.0 else math.nan
                room[at + uint64(TICK)] = tick / ticks if ticks > 0.0 else math.nan
                room[at + uint64(FRESH)] = 1.0 if clock == 0.0 or number - clock > max_gap else 0.0
                clock, found, is_open, at = number + 1.0, found + 1.0, False, at + uint64(WIDTH)
        room[i] = found
    state[k], state[b + _OPEN], state[b + _END] = clock, 1.0 if is_open else 0.0, end
    state[b + NUMBER], state[b + OPEN], state[b + VOLUME] = number, first, volume
    state[b + HIGH], state[b + LOW], state[b + CLOSE] = high, low, close
    state[b + SPREAD], state[b + DEPTH], state[b + TICK] = spread, depth, tick
    state[b + _HEARD], state[b + _HEARD + 1], state[b + _HEARD + 2] = spreads, depths, ticks
    return int(found)


@compiled(cache=True)
def woven(out: Any, first: int, width: int, state: Any, known: int, room: Any, rows: int) -> None:
    """Write rows of a larger timeframe into `width` columns of `out` from `first` on, each from its close on.

    The rows are in `room` at `rows`, and `room[i]` says how many had closed with bar i; before the first of them it is
    the row in the state at `known`, and that is the last of them in the end.
    """
    to, size = uint64(first), uint64(width)
    for i in range(uint64(out.shape[0])):
        n = int(room[i])
        if n == 0:
            source = uint64(known)
            for j in range(size):
                out[i, to + j] = state[source + j]
        else:
            source = uint64(rows + (n - 1) * width)
            for j in range(size):
                out[i, to + j] = room[source + j]
    n = int(room[out.shape[0] - 1])
    for j in range(width if n > 0 else 0):
        state[known + j] = room[rows + (n - 1) * width + j]
