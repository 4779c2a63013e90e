"""Measures that look at the past alone: jumps and outliers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

JUMP = 0.20
"""A move by more than this from one row to the next is quarantined until somebody confirms it."""
WINDOW, FAR = 200, 8.0
"""A volume is far out when its logarithm lies eight robust deviations above the median of the 200 rows before."""
_MAD = 1.4826
"""Scales the median absolute deviation to a normal standard deviation."""


def moves(values: NDArray[Any], before: NDArray[Any]) -> NDArray[np.float64]:
    """The relative change of each value from the one before it, as a fraction."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: NDArray[np.float64] = np.abs(values / before - 1.0)
    return np.nan_to_num(found, nan=0.0, posinf=0.0)


def far_above(volume: NDArray[Any]) -> NDArray[np.bool_]:
    """Rows whose volume is far above those before them; the first fifty rows and rows without volume never are.

    Robust z-score of the logarithm against median and median absolute deviation of the rows before; the deviation is
    taken from medians of their own rows and counts as 0.5 at least, so that quiet data does not cry wolf.
    """
    logs: pd.Series[float] = pd.Series(np.where(volume > 0, np.log(np.maximum(volume, 1)), np.nan))
    rolling = logs.rolling(WINDOW, min_periods=50)
    median = rolling.median()
    deviation = (logs - median).abs().rolling(WINDOW, min_periods=50).median() * _MAD
    score: pd.Series[float] = (logs - median.shift(1)) / np.maximum(deviation.shift(1), 0.5)
    found: NDArray[np.bool_] = np.asarray(score > FAR)
    return found
