"""Returns of UTC days and months from marks of the equity.

A day runs from after midnight through the next midnight, so that the mark of 00:00 closes the day
before; a month likewise. The first return starts at the first mark, so the product over all is the
total return. A day or month without a mark has a return of 0; one that starts at or below 0 has NaN.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def daily_returns(equity: pd.Series[float]) -> pd.Series[float]:
    """Fractions by UTC day (its midnight); empty below two marks. `equity` has a UTC index."""
    return _returns(equity, "D")


def monthly_returns(equity: pd.Series[float]) -> pd.Series[float]:
    """Fractions by UTC month (its first midnight); empty below two marks. `equity` has a UTC index."""
    return _returns(equity, "MS")


def _returns(equity: pd.Series[float], period: str) -> pd.Series[float]:
    if len(equity) < 2:
        return pd.Series(dtype=np.float64, index=pd.DatetimeIndex([], tz="UTC"))
    # One nanosecond back puts midnight into the day that it ends.
    starts = pd.DatetimeIndex(pd.DatetimeIndex(equity.index).asi8 - 1, tz="UTC").floor("D")
    if period == "MS":
        starts = starts - pd.to_timedelta(starts.day - 1, unit="D")
    last = equity.groupby(starts).last()
    last = last.reindex(pd.date_range(last.index[0], last.index[-1], freq=period)).ffill()
    before = last.shift(1)
    before.iloc[0] = equity.iloc[0]
    returns = last / before.where(before > 0) - 1.0
    # A first mark on its own, such as the one of the opening midnight, has no return.
    return returns.iloc[1:] if starts[0] != starts[1] else returns
