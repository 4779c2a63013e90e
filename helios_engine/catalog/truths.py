"""What must hold in every row of each kind; a row that cannot be true is refused, with its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from helios_engine.errors import DataError
from helios_engine.timeframe import iso, timeframe_ns

Column = NDArray[np.int64]
Where = Callable[[int], str]
"""Says where a row stands, for messages: `file:line`."""


def check(
    kind: str, table: pa.Table, timeframe: str, where: Where, *, allow_ohlc: bool = False, after: int | None = None
) -> None:
    """Refuse a table in which a row cannot be true; the first one is named by `where`.

    `allow_ohlc` admits an open or close outside [low, high], as some vendors deliver them. `after` is the time
    of the row before the first one here.
    """
    if table.num_rows == 0:
        raise DataError(f"{where(0)}: no rows; expected at least one")
    columns: dict[str, Any] = {
        name: table[name].to_numpy() for name in table.column_names if pa.types.is_integer(table[name].type)
    }
    ts = columns["ts"]
    refuse(ts <= 0, where, lambda i: f"time {ts[i]} is not after 1970; check --unit")
    before = np.concatenate([[ts[0] if after is None else after], ts[:-1]])
    refuse(
        ts < before,
        where,
        lambda i: f"time {iso(int(ts[i]))} is before that of the row above, {iso(int(before[i]))}; add --sort",
    )
    if kind == "bars":
        _check_bars(columns, timeframe, where, allow_ohlc=allow_ohlc, after=after)
    elif kind == "trades":
        refuse(columns["price"] <= 0, where, lambda i: "the price is not positive")
        refuse(columns["quantity"] <= 0, where, lambda i: "the quantity is not positive")
    elif kind == "quotes":
        refuse((columns["bid"] <= 0) | (columns["ask"] <= 0), where, lambda i: "a price is not positive")
        refuse((columns["bid_quantity"] < 0) | (columns["ask_quantity"] < 0), where, lambda i: "a quantity is negative")
    elif kind == "books":
        refuse((columns["price"] <= 0) & (columns["side"] != 0), where, lambda i: "a price is not positive")
        refuse(columns["quantity"] < 0, where, lambda i: "a quantity is negative")


def _check_bars(c: dict[str, Column], timeframe: str, where: Where, *, allow_ohlc: bool, after: int | None) -> None:
    length = timeframe_ns(timeframe)
    start, close = c["ts_open"], c["ts_close"]
    same = np.concatenate([[after is not None and c["ts"][0] == after], start[1:] == start[:-1]])
    refuse(
        same, where, lambda i: f"a second bar opens at {iso(int(start[i]))}; add --drop-identical if it is the same bar"
    )
    refuse(
        start % length != 0,
        where,
        lambda i: f"{iso(int(start[i]))} is not on a {timeframe} boundary; check --unit, --stamp, --timeframe",
    )
    refuse(close - start != length, where, lambda i: f"the bar is {int(close[i] - start[i])} ns long, not {timeframe}")
    refuse(
        c["ts"] < close,
        where,
        lambda i: (
            f"known at {iso(int(c['ts'][i]))}, before the bar closes at {iso(int(close[i]))}: that would be look-ahead"
        ),
    )
    lowest = np.minimum.reduce([c["open"], c["high"], c["low"], c["close"]])
    refuse(lowest <= 0, where, lambda i: "a price is not positive")
    refuse(c["volume"] < 0, where, lambda i: "the volume is negative")
    refuse(c["low"] > c["high"], where, lambda i: "low is above high; are the columns in another order?")
    if not allow_ohlc:
        refuse(
            outside(c),
            where,
            lambda i: "open or close lies outside [low, high]; add --allow-ohlc if the vendor means it",
        )


def outside(c: dict[str, Column]) -> NDArray[np.bool_]:
    """Rows whose open or close lies outside [low, high]."""
    found: NDArray[np.bool_] = (
        (c["open"] > c["high"]) | (c["open"] < c["low"]) | (c["close"] > c["high"]) | (c["close"] < c["low"])
    )
    return found


def refuse(bad: NDArray[np.bool_], where: Where, say: Callable[[int], str]) -> None:
    """DataError for the first row that is bad, with how many there are."""
    if bad.any():
        row = int(bad.argmax())
        count = int(bad.sum())
        more = f" ({count:,} such rows)" if count > 1 else ""
        raise DataError(f"{where(row)}: {say(row)}{more}")
