"""The columns of each kind of data, and what must hold in every row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from helios_engine.errors import DataError
from helios_engine.timeframe import iso, timeframe_ns

Column = NDArray[np.int64]
Where = Callable[[int], str]
_I = pa.int64()

SCHEMAS: dict[str, pa.Schema] = {
    "bars": pa.schema([(n, _I) for n in ("ts", "ts_open", "ts_close", "open", "high", "low", "close", "volume")]),
    "trades": pa.schema(
        [*((n, _I) for n in ("ts", "ts_event", "price", "quantity")), ("side", pa.int8()), ("trade_id", pa.string())]
    ),
}
"""Prices and quantities are integers; the manifest has their scales. `ts` is when a row may be known."""


def check(kind: str, table: pa.Table, timeframe: str, where: Where, *, allow_ohlc: bool = False) -> None:
    """Refuse a table in which a row cannot be true; the first one is named by `where`.

    `allow_ohlc` admits an open or close outside [low, high], as some vendors deliver them.
    """
    if table.num_rows == 0:
        raise DataError(f"{where(0)}: no rows; expected at least one")
    columns = {name: table[name].to_numpy() for name in table.column_names if name != "trade_id"}
    _refuse(columns["ts"] <= 0, where, lambda i: f"time {columns['ts'][i]} is not after 1970; check --unit")
    ts = columns["ts"]
    falls = np.concatenate([[False], ts[1:] < ts[:-1]])
    _refuse(
        falls,
        where,
        lambda i: f"time {iso(int(ts[i]))} is before that of the row above, {iso(int(ts[i - 1]))}; add --sort",
    )
    if kind == "bars":
        _check_bars(columns, timeframe, where, allow_ohlc=allow_ohlc)
    else:
        _refuse(columns["price"] <= 0, where, lambda i: "the price is not positive")
        _refuse(columns["quantity"] <= 0, where, lambda i: "the quantity is not positive")


def _check_bars(c: dict[str, Column], timeframe: str, where: Where, *, allow_ohlc: bool) -> None:
    length = timeframe_ns(timeframe)
    start, close = c["ts_open"], c["ts_close"]
    same = np.concatenate([[False], start[1:] == start[:-1]])
    _refuse(
        same, where, lambda i: f"a second bar opens at {iso(int(start[i]))}; add --drop-identical if it is the same bar"
    )
    _refuse(
        start % length != 0,
        where,
        lambda i: f"{iso(int(start[i]))} is not on a {timeframe} boundary; check --unit, --stamp",
    )
    _refuse(close - start != length, where, lambda i: f"the bar is {int(close[i] - start[i])} ns long, not {timeframe}")
    _refuse(
        c["ts"] < close,
        where,
        lambda i: (
            f"known at {iso(int(c['ts'][i]))}, before the bar closes at {iso(int(close[i]))}: that would be look-ahead"
        ),
    )
    lowest = np.minimum.reduce([c["open"], c["high"], c["low"], c["close"]])
    _refuse(lowest <= 0, where, lambda i: "a price is not positive")
    _refuse(c["low"] > c["high"], where, lambda i: "low is above high; are the columns in another order?")
    if not allow_ohlc:
        _refuse(
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


def _refuse(bad: NDArray[np.bool_], where: Where, say: Callable[[int], str]) -> None:
    if bad.any():
        row = int(bad.argmax())
        count = int(bad.sum())
        more = f" ({count:,} such rows)" if count > 1 else ""
        raise DataError(f"{where(row)}: {say(row)}{more}")
