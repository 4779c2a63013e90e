"""Measures that look at the past alone: jumps, silences and outliers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helios_engine.catalog.audit.scan import Block, Flags, Times, before
from helios_engine.timeframe import DAY

JUMP = 0.20
"""A move by more than this from one row to the next is quarantined until somebody confirms it."""
WINDOW, FAR, STEP = 200, 8.0, 50
"""A volume is far out when its logarithm lies eight robust deviations above the median of 200 rows before; what is
usual is measured anew every fifty rows."""
MEMORY = 2 * WINDOW + 1
"""Rows before a block that its measures look at."""
_LEAST = 25
_MAD = 1.4826
"""Scales the median absolute deviation to a normal standard deviation."""
_COUNTED = 0.9
"""Ids are numbers in a row when this share of the last rows went up by one."""


def moves(values: NDArray[Any], start: NDArray[Any]) -> NDArray[np.float64]:
    """The relative change from `start`, signed, as a fraction; 0 where there is no price to start from."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: NDArray[np.float64] = np.asarray(values, np.float64) / start - 1.0
    return np.where(np.isfinite(found), found, 0.0)


def returns(price: NDArray[Any]) -> tuple[NDArray[np.float64], Flags, Flags]:
    """Each row's move from the one before, whether it is a jump, and whether it is one straight back.

    Straight back: the row before jumped, and this one is within a quarter of a jump of where that began, so that
    the row before stands alone as a spike.
    """
    move = moves(price, before(price))
    jumps = np.abs(move) > JUMP
    back = before(jumps) & (np.abs(moves(price, before(price, 2))) <= JUMP / 4) & (np.arange(len(price)) >= 2)
    return move, jumps | back, back


def far_above(volume: NDArray[Any], start: int) -> Flags:
    """Rows whose volume is far above those before them; the first fifty rows and rows without volume never are.

    Robust z-score of the logarithm against median and median absolute deviation of 200 rows: those up to the last
    row before it whose number, counted from `start` of the block, is a multiple of 50. The deviation counts as 0.5 at
    least, so that quiet data does not cry wolf: less than 55 times the median is never far.
    """
    logs = np.where(volume > 0, np.log(np.maximum(volume, 1)), np.nan)
    first = -(-start // STEP)
    ends = np.arange(first * STEP, start + len(logs), STEP) - start
    if ends.size == 0:
        return np.zeros(len(logs), np.bool_)
    padded = np.concatenate([np.full(WINDOW, np.nan), logs])
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[ends]
    median = _medians(windows)
    spread = np.maximum(_medians(np.abs(windows - median[:, None])) * _MAD, 0.5)
    reference = (start + np.arange(len(logs))) // STEP - first
    with np.errstate(invalid="ignore"):
        found: Flags = logs - median[reference] > FAR * spread[reference]
    return found & (reference >= 0)


def _medians(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """The median of each row without its NaNs; NaN where fewer than 25 are left."""
    ordered = np.sort(windows, axis=1)
    count = np.count_nonzero(~np.isnan(ordered), axis=1)
    row, last = np.arange(len(ordered)), np.maximum(count, 1)
    middle = (ordered[row, (last - 1) // 2] + ordered[row, last // 2]) / 2
    return np.where(count >= _LEAST, middle, np.nan)


def highest(ids: Times) -> Times:
    """The highest of the 200 ids before each row; 0 for the first."""
    found = pd.Series(ids).rolling(WINDOW, min_periods=1).max().shift(1, fill_value=0)
    return found.to_numpy().astype(np.int64)


def counted(ids: Times) -> Flags:
    """Rows before which ids went up by one nearly always; those of a venue that counts its markets together do not."""
    steps = np.concatenate([[0], np.cumsum(ids[1:] - ids[:-1] == 1)])
    at = np.arange(len(ids))
    first = np.maximum(at - WINDOW, 1) - 1
    rows = at - 1 - first
    ones = steps[np.maximum(at - 1, 0)] - steps[first]
    found: Flags = (rows >= _LEAST) & (ones >= _COUNTED * rows)
    return found


class Silence:
    """Rows that come later than `least` (ns) and `factor` times the median of up to 200 waits before.

    Only waits between different times count. Before there are three of them to compare with, six hours are too
    long, or twelve times `least` where that is more.
    """

    def __init__(self, least: int, factor: float) -> None:
        self._least, self._factor = least, factor
        self._unknown = max(12 * least, DAY // 4)
        self._waits = np.zeros(0, np.int64)

    def feed(self, block: Block) -> NDArray[np.intp]:
        """New rows of a block before which nothing came for too long."""
        wait = block.columns["ts"] - before(block.columns["ts"])
        moved = block.pairs(wait > 0)
        waits = np.concatenate([self._waits, wait[moved]])
        found = []
        for number in np.flatnonzero(wait[moved] > self._least).tolist():
            at = self._waits.size + number
            past = waits[max(0, at - WINDOW) : at]
            if waits[at] > (self._factor * float(np.median(past)) if past.size >= 3 else self._unknown):
                found.append(moved[number])
        self._waits = waits[-WINDOW:]
        return np.array(found, np.intp)
