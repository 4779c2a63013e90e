"""Where everything stands: the memory of one timeframe, and the settings array that says so to compiled code."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from helios_features.kernel.plan import HIGHEST, LOWEST, MEAN, POWERS, SQUARES, Level, Merge, Plan
from helios_features.periods import Periods

TILE = 64
"""Bars worked on at once; what is remembered of them fits into the processor's first caches."""
COUNT, PLACE, VALUE, WEIGHT, WHOLE, SESSION_END = range(6)
"""In memory: bars seen, how many of the tile; the sums of the session, NaN if its start was not seen, and its end."""
AVERAGES = 6
"""From here on in memory the moving averages: those of the close, then these six."""
FAST, SLOW, SIGNAL, GAIN, LOSS, RANGE = range(6)

(EMAS, AVERAGES_AT, COLUMNS_AT, KEPT, KEPT_AT, MERGES_AT, EARLY, MERGES, WARM, ANCHOR, WIDTH, YEAR, ROC) = range(13)
"""In settings: numbers of things, where their tables begin, and settings (`WIDTH` and `YEAR` are floats)."""
(CLOSE, HIGH, LOW, LOG, VOLUME, FAST_K, SLOW_K, SLOW_D, TOP_CLOSE, TOP_K, LOW_K, TOP_R, LOW_R) = range(13, 26)
(BAND, BAND_2, LOG_2, VOLUME_1, VOLUME_2, POWER_2, POWER_3, POWER_4, N_BAND, N_LOG, N_VOLUME, N_POWER) = range(26, 38)
"""In settings: where in memory columns and windows stand, and lengths of windows."""
_HEADER = 38
AVERAGE, COLUMN, MERGE = 4, 2, 23
"""Numbers in a row of each table: of an average the bars before it, its length, alpha and the SMA of that length; of a
column its place in a row of features, and its first bar; of a merge its kind, twelve places, and ten weights."""
FIXED = 22
"""Columns of features before sma_n and ema_n."""


class Layout(NamedTuple):
    """The size of the memory in float64, and the settings as compiled code takes them."""

    memory: int
    settings: NDArray[np.float64]


def layout(p: Periods) -> Layout:
    """Lay out the memory for these periods. All 0 is the memory that has seen nothing."""
    plan = Plan()
    close, high, low = plan.column(max(p.roc, 1)), plan.column(), plan.column()
    log, volume, fast_k, zero = plan.column(), plan.column(), plan.column(), plan.column()
    wanted = dict.fromkeys(p.averages, MEAN) | {p.bollinger: SQUARES}
    closes, volumes = plan.means(close, wanted), plan.means(volume, {p.volume: SQUARES})
    logs = plan.means(log, {p.volatility: SQUARES} | {p.moments: POWERS})
    tops = plan.extremes(close, HIGHEST, (p.highest,))
    highs = plan.extremes(high, HIGHEST, (p.stochastic, p.williams))
    lows = plan.extremes(low, LOWEST, (p.stochastic, p.williams))
    early = len(plan.merges)
    slow_k = plan.means(fast_k, {p.smooth: MEAN})[p.smooth]
    slow_d = plan.means(slow_k, {p.smooth: MEAN})[p.smooth]
    size = plan.placed(AVERAGES + len(p.averages) + 6, TILE)

    def at(level: Level, number: int = 0) -> int:
        return (level.at if number < level.numbers else zero.at * 4)[number]

    count = len(p.averages)
    averages, columns = _averages(p), _columns(p)
    kept = [number for stretch in plan.kept() for number in stretch]
    merges = [_merge(merge, at) for merge in plan.merges]
    starts = np.cumsum([_HEADER, AVERAGE * (count + 6), COLUMN * len(columns), len(kept)]).tolist()
    band, vol, moment = closes[p.bollinger], volumes[p.volume], logs[p.moments]
    tables = np.zeros(starts[-1] + MERGE * len(merges))
    whole = tables.view(np.int64)
    warm = max(max(first for _, first in columns), *(begin + n for begin, n, _ in averages))
    whole[:_HEADER] = [
        count, starts[0], starts[1], len(kept) // 2, starts[2], starts[3], early, len(merges), warm, p.anchor, 0, 0,
        p.roc, *(at(x) for x in (close, high, low, log, volume, fast_k, slow_k, slow_d, tops[p.highest])),
        at(highs[p.stochastic]), at(lows[p.stochastic]), at(highs[p.williams]), at(lows[p.williams]),
        at(band), at(band, 1), at(logs[p.volatility], 1), at(vol), at(vol, 1), *(at(moment, k) for k in (1, 2, 3)),
        p.bollinger, p.volatility, p.volume, p.moments,
    ]  # fmt: skip
    tables[WIDTH], tables[YEAR] = p.width, p.year
    for j, (begin, n, alpha) in enumerate(averages):
        row = starts[0] + AVERAGE * j
        whole[row : row + 2], tables[row + 2] = (begin, n), alpha
        whole[row + 3] = at(closes[n]) if j < count else 0
    whole[starts[1] : starts[2]] = np.ravel(columns)
    whole[starts[2] : starts[3]] = kept
    for number, (places, weights) in enumerate(merges):
        row = starts[3] + MERGE * number
        whole[row : row + 13], tables[row + 13 : row + 13 + len(weights)] = places, weights
    return Layout(size, tables)


def _averages(p: Periods) -> list[tuple[int, int, float]]:
    """Of each moving average the bars before its first value, its length, and its alpha."""
    exponential = [(0, n, 2.0 / (n + 1)) for n in p.averages]
    exponential += [(begin, n, 2.0 / (n + 1)) for begin, n in
                    ((p.slow - p.fast, p.fast), (0, p.slow), (p.slow - 1, p.signal))]  # fmt: skip
    return exponential + [(1, n, 1.0 / n) for n in (p.rsi, p.rsi, p.atr)]


def _columns(p: Periods) -> list[tuple[int, int]]:
    """Of each column, in the order of `columns.py`, its place in `Periods.columns` and the first bar that has it."""
    count, full, smooth = len(p.averages), p.stochastic, p.smooth
    momentum, volatility = 3 + 2 * count, 10 + 2 * count
    places = [0, 1, 2, *range(momentum, momentum + 7), *range(volatility, volatility + 12)]
    first = [
        2, 2, p.highest, p.rsi + 1, p.slow, p.slow + p.signal - 1, full + smooth - 1, full + 2 * smooth - 2, p.roc + 1,
        p.williams, p.atr + 1, p.bollinger, p.bollinger, p.volatility + 1, p.volume, p.volume, 1, 1, 1, 1,
        p.moments + 1, p.moments + 1,
    ]  # fmt: skip
    found = list(zip(places, first, strict=True))
    for j, n in enumerate(p.averages):
        found += [(3 + j, n), (3 + count + j, n)]
    return found


def _merge(merge: Merge, at: Callable[..., int]) -> tuple[list[int], list[float]]:
    """A merge as compiled code reads it; weights as Pébay (2008) has them, with a the newer part and b the older."""
    kind = merge.out.kind
    places = [kind]
    places += [at(merge.newer, k) for k in range(4)]
    places += [at(merge.older, k) - (merge.lag if k < merge.older.numbers else 0) for k in range(4)]
    places += [at(merge.out, k) for k in range(4)]
    a, b = merge.new, merge.old
    n = a + b
    weights = [
        b / n, a * b / n, a * b * (a - b) / n**2, 3 * a / n, 3 * b / n,
        a * b * (a * a - a * b + b * b) / n**3, 6 * a * a / n**2, 6 * b * b / n**2, 4 * a / n, 4 * b / n,
    ]  # fmt: skip
    return places, weights
