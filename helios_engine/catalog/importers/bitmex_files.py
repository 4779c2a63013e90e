"""BitMEX's JSON and Parquet files as tables of text, with the symbol if the file says it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helios_engine.catalog.importers import reading
from helios_engine.catalog.importers.contract import Source
from helios_engine.catalog.truths import Where
from helios_engine.errors import DataError

PRICES = ("open", "high", "low", "close")
NUMBERS = (*PRICES, "volume")
_COLUMNS = {"timestamp", *NUMBERS, "trades", "vwap"}
_MARKS = (b'"timestamp"', b'"symbol"', b'"vwap"', b'"lastSize"', b'"homeNotional"')
_FIRST = re.compile(rb'"timestamp"\s*:\s*"([^"]*)"')


class Block(NamedTuple):
    """Rows with `timestamp` and the numbers as text, and the symbol if the rows name it."""

    table: pa.Table
    symbol: str
    where: Where


def is_bucketed(source: Source) -> bool:
    """Whether the first record has the fields of `trade/bucketed`."""
    first = source.head[:4096]
    return first.lstrip().startswith(b"[") and all(mark in first for mark in _MARKS)


def has_columns(source: Source) -> bool:
    """Whether a Parquet file has these columns and no others."""
    try:
        return set(pq.read_schema(source.path).names) == _COLUMNS
    except (pa.ArrowInvalid, OSError):
        return False


def first_time(source: Source) -> tuple[str, str]:
    """The key by which files of JSON stand in order of time: their names need not (2015-10-1, 2015-10-10)."""
    found = _FIRST.search(source.head[:4096]) if source.suffix == ".json" else None
    return (found[1].decode("ascii", "replace") if found else "", source.name)


def tables(source: Source) -> Iterator[Block]:
    """The file a block at a time; DataError for a file that is neither."""
    if source.suffix == ".json":
        yield _document(source)
        return
    for table, where in reading.read_parquet(source):
        missing = sorted({"timestamp", *NUMBERS} - set(table.column_names))
        if missing:
            raise DataError(f"{source.name}: no column {missing[0]!r}; it has: {', '.join(table.column_names)}")
        columns = {"timestamp": table["timestamp"], **{name: _text(table[name]) for name in NUMBERS}}
        yield Block(pa.table(columns), "", where)


def _document(source: Source) -> Block:
    found = reading.document(source)
    if not isinstance(found, list) or not found:
        raise DataError(f"{source.name}: expected a JSON list of bars, found {type(found).__name__}")
    for number, row in enumerate(found):
        if not isinstance(row, dict) or not {"timestamp", "symbol", *NUMBERS} <= row.keys():
            raise DataError(f"{source.name}: row {number + 1} has not the fields of a bar of BitMEX's")
        if row["symbol"] != found[0]["symbol"]:
            raise DataError(f"{source.name}: row {number + 1} is of {row['symbol']}, the first of {found[0]['symbol']}")
    columns = {name: _texts([row[name] for row in found]) for name in ("timestamp", *NUMBERS)}
    return Block(pa.table(columns), str(found[0]["symbol"]), lambda row: f"{source.name}: row {row + 1}")


def _texts(cells: list[Any]) -> pa.Array:
    return pa.array([None if cell is None else str(cell) for cell in cells], pa.string())


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as text: binary floats by the shortest decimal that means the same float, NaN as missing."""
    if not pa.types.is_floating(column.type):
        return column.cast(pa.string())
    column = pc.if_else(pc.is_nan(column), None, column)
    text = column.cast(pa.string())
    if pc.any(pc.match_substring_regex(text, "[eE]")).as_py():
        cells = [None if v is None else np.format_float_positional(v, trim="-") for v in column.to_pylist()]
        return pa.chunked_array([pa.array(cells, pa.string())])
    return text
