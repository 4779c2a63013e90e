"""Columns that check each other, for files whose columns have no names: a mix-up shows where it can show."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from helios_engine.catalog.decimals import Number
from helios_engine.catalog.truths import Where
from helios_engine.errors import DataError

_TOLERANCE = 0.02
_SIGMAS, _CLEAR = 4.5, 1.5
"""How far from an even vote is no chance: real bars of a second, and of markets that hardly trade, reach 3.7."""


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

    Neighbouring bars vote, so that a few wild ones count no more than others. DataError if far more of them vote
    for the exchange than chance would have it; nothing is said where the price hardly moves in a bar.
    """
    start, end = _value(found["open"]), _value(found["close"])
    apart = np.abs(np.diff(opened)) == length
    if len(opened) and opened[0] > opened[-1]:
        start, end, apart = start[::-1], end[::-1], apart[::-1]
    right = np.abs(start[1:] - end[:-1])[apart]
    wrong = np.abs(end[1:] - start[:-1])[apart]
    against, in_favour = int((wrong < right).sum()), int((right < wrong).sum())
    votes = against + in_favour
    if against > _CLEAR * in_favour and against - in_favour > _SIGMAS * votes**0.5:
        raise DataError(
            f"{where(0)}: in {against:,} of {votes:,} bars the close is nearer to the open before than the open to the "
            "close before: open and close look exchanged. Some vendors write open, CLOSE, HIGH, LOW; name the columns "
            "with --map"
        )


def _value(number: Number) -> NDArray[np.float64]:
    return np.asarray(number.units / 10**number.scale, np.float64)
