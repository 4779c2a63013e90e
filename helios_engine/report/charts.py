"""The series of a report's charts, thinned so that no extreme is lost."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helios_engine.report.ratios import Floats, drawdowns

POINTS = 4_000
MARKERS = 2_000
INSTRUMENTS = 6
_MS = 1_000_000


def thin(values: Floats, limit: int = POINTS) -> NDArray[np.int64]:
    """Indices of at most `limit` values, ascending: the first, the last, and each bin's low and high."""
    size = values.size
    if size <= limit:
        return np.arange(size, dtype=np.int64)
    edges = np.linspace(0, size, (limit - 2) // 2 + 1).astype(np.int64)
    kept = {0, size - 1}
    for begin, end in itertools.pairwise(edges):
        part = values[begin:end]
        kept.update((int(begin + np.argmin(part)), int(begin + np.argmax(part))))
    return np.array(sorted(kept), dtype=np.int64)


def equity_series(equity: pd.DataFrame, legs: pd.DataFrame) -> dict[str, Any]:
    """Net equity, equity with the fees added back, and drawdown; `gross` is absent if a fee is unpriced.

    Each series has `x` in ms UTC and `y`; money in the report currency, drawdown as a fraction.
    """
    ts = pd.DatetimeIndex(equity.index).asi8
    net = equity["equity"].to_numpy(dtype=np.float64)
    found = {"net": _series(ts, net), "drawdown": _series(ts, np.nan_to_num(drawdowns(net), nan=-1.0))}
    fees = np.concatenate([[0.0], np.cumsum(legs["fee"].to_numpy(dtype=np.float64))])
    if np.isfinite(fees).all():
        paid = fees[np.searchsorted(pd.DatetimeIndex(legs.index).asi8, ts, side="right")]
        found["gross"] = _series(ts, net + paid)
    return found


def price_series(prices: pd.DataFrame, legs: pd.DataFrame) -> dict[str, Any]:
    """Price and the last fills of the most traded instruments, six at most, by name."""
    traded = legs["instrument"].astype(str).value_counts()
    names = [*traded.index, *(n for n in sorted(prices["instrument"].astype(str).unique()) if n not in traded.index)]
    found = {}
    for name in names[:INSTRUMENTS]:
        rows = prices[prices["instrument"] == name]
        mine = legs[legs["instrument"] == name].iloc[-MARKERS:]
        found[str(name)] = {
            "price": _series(pd.DatetimeIndex(rows.index).asi8, rows["price"].to_numpy(dtype=np.float64)),
            "buys": _markers(mine[mine["side"] == "BUY"]),
            "sells": _markers(mine[mine["side"] == "SELL"]),
            "hidden": int(traded.get(name, 0)) - len(mine),
        }
    return found


def _markers(legs: pd.DataFrame) -> dict[str, Any]:
    return {
        "x": (pd.DatetimeIndex(legs.index).asi8 // _MS).tolist(),
        "y": legs["price"].tolist(),
        "quantity": legs["quantity"].tolist(),
        "role": legs["role"].astype(str).tolist(),
    }


def _series(ts: NDArray[np.int64], values: Floats) -> dict[str, list[Any]]:
    kept = thin(values)
    return {"x": (ts[kept] // _MS).tolist(), "y": values[kept].tolist()}
