"""How far a round trip went against and for its entry before it was over.

J. Sweeney, "Maximum Adverse Excursion", Wiley 1997. Measured on the last prices at the run's ticks between first
entry and last exit, and on the exit price, as a fraction of the average entry price: what lies inside a tick is
not seen, so both are at least as large as told.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from helios_engine.report.round_trips import Trip


def with_excursions(trips: Iterable[Trip], prices: pd.DataFrame) -> list[Trip]:
    """The trips with `mae` (≤ 0) and `mfe` (≥ 0); `prices` has columns `instrument`, `price` and a UTC index."""
    tapes = {
        str(name): (pd.DatetimeIndex(part.index).asi8, part["price"].to_numpy(dtype=np.float64))
        for name, part in prices.groupby("instrument", observed=True)
    }
    return [_with(trip, *tapes.get(trip.instrument, (np.empty(0, np.int64), np.empty(0)))) for trip in trips]


def _with(trip: Trip, times: np.ndarray, values: np.ndarray) -> Trip:
    first = int(np.searchsorted(times, trip.entry_ts, side="left"))
    last = int(np.searchsorted(times, trip.entry_ts + trip.duration, side="right"))
    seen = values[first:last] if trip.exit_price is None else np.append(values[first:last], trip.exit_price)
    sign = 1.0 if trip.side == "LONG" else -1.0
    moves = sign * (seen / trip.entry_price - 1.0)
    return trip._replace(mae=min(0.0, float(moves.min(initial=0.0))), mfe=max(0.0, float(moves.max(initial=0.0))))
