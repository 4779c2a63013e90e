"""The columns of each kind of data, their scales, and how long a file is."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from helios_engine.errors import DataError
from helios_engine.timeframe import UNITS, timeframe_ns

_I, _B, _S = pa.int64(), pa.int8(), pa.string()


class Layout(NamedTuple):
    """Columns of a kind; `prices` and `sizes` are integers in units of the part's two scales."""

    schema: pa.Schema
    prices: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()


def _schema(*columns: str, **other: pa.DataType) -> pa.Schema:
    return pa.schema([*((name, _I) for name in ("ts", *columns)), *other.items()])


_BOOK = pa.schema(
    [
        *((name, _I) for name in ("ts", "ts_event", "sequence")),
        ("snapshot", pa.bool_()),
        ("side", _B),
        *((name, _I) for name in ("price", "quantity")),
    ]
)
LAYOUTS: dict[str, Layout] = {
    "bars": Layout(
        _schema("ts_open", "ts_close", "open", "high", "low", "close", "volume"),
        ("open", "high", "low", "close"),
        ("volume",),
    ),
    "trades": Layout(_schema("ts_event", "price", "quantity", side=_B, trade_id=_S), ("price",), ("quantity",)),
    "quotes": Layout(
        _schema("ts_event", "bid", "ask", "bid_quantity", "ask_quantity"),
        ("bid", "ask"),
        ("bid_quantity", "ask_quantity"),
    ),
    "books": Layout(
        _BOOK,
        ("price",),
        ("quantity",),
    ),
    "funding": Layout(_schema("ts_event", "rate"), ("rate",)),
    "instruments": Layout(
        pa.schema(
            [("ts", _I), ("instrument", _S), ("base", _S), ("quote", _S), ("price_scale", _I), ("size_scale", _I)]
            + [(name, _S) for name in ("tick", "lot", "min_quantity", "min_notional", "maker_fee", "taker_fee")]
            + [("listed", _I), ("delisted", _I)]
            + [("contract", _S), ("margin_init", _S), ("margin_maint", _S)]
        )
    ),
    "bodies": Layout(pa.schema([("ts", _I), ("body", pa.binary())])),
    "features": Layout(pa.schema([("ts", _I)])),
}
"""`ts` is when a row may be known. In books a row is a level: quantity 0 removes it, the rows of a snapshot share
`ts` and `sequence`, and a snapshot of an empty book is one row of side 0. Features have float64 columns besides."""

SCHEMAS: dict[str, pa.Schema] = {kind: layout.schema for kind, layout in LAYOUTS.items()}

_LONG = {"M": UNITS["m"], "Y": UNITS["h"]}
"""From these lengths on a day of bars would be a file of few rows."""


def layout(kind: str) -> Layout:
    """The layout of a kind; DataError names those there are."""
    if kind not in LAYOUTS:
        raise DataError(f"unknown kind of data {kind!r}; known: {', '.join(LAYOUTS)}")
    return LAYOUTS[kind]


def period(kind: str, timeframe: str) -> str:
    """How much time one file holds: a day (D), or for bars so long that a day has few, a month (M) or a year (Y).

    Definitions, funding and plugins' bodies come seldom: a year.
    """
    if kind in ("instruments", "funding", "bodies"):
        return "Y"
    if kind != "bars":
        return "D"
    length = timeframe_ns(timeframe)
    return "Y" if length >= _LONG["Y"] else "M" if length >= _LONG["M"] else "D"


def periods(ts: NDArray[np.int64], length: str) -> NDArray[np.datetime64]:
    """The period that each time lies in, as datetime64 of that length."""
    found: NDArray[np.datetime64] = ts.astype("datetime64[ns]").astype(f"datetime64[{length}]")
    return found


def scale_of(kind: str, column: str, price_scale: int, size_scale: int) -> int | None:
    """How many decimals a column has; None for one that is no number of units."""
    found = LAYOUTS[kind]
    return price_scale if column in found.prices else size_scale if column in found.sizes else None


def numbers(column: pa.Array) -> NDArray[Any]:
    """A column as numpy, not copied where it need not be.

    pyarrow's own way imports pandas, which takes a third of a second at the start of every process.
    """
    kind = column.type
    if column.null_count or not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return cast("NDArray[Any]", column.to_numpy(zero_copy_only=False))
    return np.from_dlpack(column)
