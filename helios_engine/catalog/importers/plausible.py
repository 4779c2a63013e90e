"""Columns that check each other, for files whose columns have no names: a mix-up shows where it can show."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from helios_engine.catalog.decimals import Number
from helios_engine.catalog.truths import Where
from helios_engine.errors import DataError

_TOLERANCE = 0.02
_ENOUGH = 30


def amounts_fit(found: Mapping[str, Number], where: Where) -> None:
    """Quote volume over base volume is a mean price: it lies between low and high, or the columns are mixed up.

    A few rows may disagree, as vendors round; DataError when more than a fiftieth of those with volume do.
    """
    base, quote = _value(found["volume"]), _value(found["quote_volume"])
    low, high = _value(found["low"]), _value(found["high"])
    traded = base > 0
    if not traded.any():
        return
    mean = quote[traded] / base[traded]
    bad = (mean < low[traded] * (1 - _TOLERANCE)) | (mean > high[traded] * (1 + _TOLERANCE))
    if bad.mean() > 1 / 50:
        row = int(np.flatnonzero(traded)[bad.argmax()])
        raise DataError(
            f"{where(row)}: quote volume / volume is {quote[row] / base[row]:g}, outside the bar's "
            f"[{low[row]:g}, {high[row]:g}] ({int(bad.sum()):,} such rows): the columns are not in the order expected"
        )


def opens_follow_closes(opened: NDArray[np.int64], length: int, found: Mapping[str, Number], where: Where) -> None:
    """Each open is near the close before it; where closes lie nearer to the opens before, the two are exchanged.

    Raises DataError; says nothing on fewer than thirty neighbouring bars, or where both are as near.
    """
    start, end = _value(found["open"]), _value(found["close"])
    apart = np.abs(np.diff(opened)) == length
    if int(apart.sum()) < _ENOUGH:
        return
    if opened[0] > opened[-1]:
        start, end = start[::-1], end[::-1]
        apart = apart[::-1]
    right = float(np.median(np.abs(start[1:] - end[:-1])[apart]))
    wrong = float(np.median(np.abs(end[1:] - start[:-1])[apart]))
    if right > 2 * wrong and right > 0:
        raise DataError(
            f"{where(0)}: opens lie {right:g} from the close before, closes {wrong:g} from the open before: open and "
            "close look exchanged. Some vendors write open, CLOSE, HIGH, LOW; name the columns with --map"
        )


def _value(number: Number) -> NDArray[np.float64]:
    return np.asarray(number.units / 10**number.scale, np.float64)
