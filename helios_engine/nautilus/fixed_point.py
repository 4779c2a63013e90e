"""Rows as nautilus_trader keeps them in Parquet: its schemas, and fixed-point integers of its build's width."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from nautilus_trader.core.datetime import unix_nanos_to_iso8601
from nautilus_trader.model.objects import FIXED_PRECISION

from helios_engine.catalog.exact import as_decimal
from helios_engine.errors import DataError
from helios_engine.timeframe import iso

_THEIRS = {
    "bars": {name: name for name in ("open", "high", "low", "close", "volume")},
    "trades": {"price": "price", "size": "quantity"},
    "quotes": {"bid_price": "bid", "ask_price": "ask", "bid_size": "bid_quantity", "ask_size": "ask_quantity"},
}
_SIZES = ("volume", "size", "bid_size", "ask_size")
_ROW_GROUP, _LONGEST_ID = 5_000, 36


class Target(NamedTuple):
    """What every row of an export shares: our scales of prices and sizes, and the most units nautilus can hold."""

    kind: str
    name: str
    schema: pa.Schema
    have: tuple[int, int]
    limits: tuple[int, int]


def write_rows(target: Target, blocks: Iterator[pa.RecordBatch], folder: Path) -> int:
    """Write all rows into one file, whose name says from when to when; returns how many. Raises DataError."""
    folder.mkdir(parents=True, exist_ok=True)
    draft, count, first, last = folder / "draft", 0, 0, 0
    with pq.ParquetWriter(draft, target.schema) as writer:
        for block in blocks:
            _check(target, block)
            writer.write_table(pa.Table.from_batches([_converted(target, block, count)]), row_group_size=_ROW_GROUP)
            first, last = first or block["ts"][0].as_py(), block["ts"][-1].as_py()
            count += block.num_rows
    stamps = [unix_nanos_to_iso8601(ts).replace(":", "-").replace(".", "-") for ts in (first, last)]
    draft.replace(folder / f"{stamps[0]}_{stamps[1]}.parquet")
    return count


def _converted(target: Target, block: pa.RecordBatch, before: int) -> pa.RecordBatch:
    columns: dict[str, Any] = {
        theirs: _raw(block[ours].to_numpy(), target.have[theirs in _SIZES], target.schema.field(theirs).type)
        for theirs, ours in _THEIRS[target.kind].items()
    }
    event = block["ts_close" if target.kind == "bars" else "ts_event"]
    columns |= {"ts_event": event.cast(pa.uint64()), "ts_init": block["ts"].cast(pa.uint64())}
    if target.kind == "trades":
        side = block["side"].to_numpy()
        columns["aggressor_side"] = pa.array(np.where(side > 0, 1, np.where(side < 0, 2, 0)), pa.uint8())
        ids = block["trade_id"].to_pylist()
        columns["trade_id"] = pa.array([word or str(before + n + 1) for n, word in enumerate(ids)], pa.string())
    return pa.record_batch([columns[name] for name in target.schema.names], schema=target.schema)


def _raw(units: Any, scale: int, form: pa.DataType) -> pa.Array:
    """Our integers as nautilus' fixed-point ones: little-endian, in units of its build's precision."""
    if form.byte_width == 8:
        exact = units.astype(object) * 10 ** (FIXED_PRECISION - scale)
        content = exact.astype(np.int64).tobytes()
    else:
        content = as_decimal(units, scale, 38).cast(pa.decimal128(38, FIXED_PRECISION)).buffers()[1].to_pybytes()
    return pa.Array.from_buffers(form, len(units), [None, pa.py_buffer(content)])


def _check(target: Target, block: pa.RecordBatch) -> None:
    """DataError for what nautilus cannot hold; it would abort the process instead of raising."""
    for theirs, ours in _THEIRS[target.kind].items():
        values, limit = block[ours].to_numpy(), target.limits[theirs in _SIZES]
        if values.size and int(values.max()) > limit:
            row = int(values.argmax())
            raise DataError(f"{_place(target, block, row)}: {ours} is larger than nautilus can hold")
    if target.kind == "bars":
        c = {name: block[name].to_numpy() for name in ("open", "high", "low", "close")}
        bad = (np.maximum(c["open"], c["close"]) > c["high"]) | (np.minimum(c["open"], c["close"]) < c["low"])
        if bad.any():
            where = _place(target, block, int(bad.argmax()))
            raise DataError(f"{where}: open or close lies outside [low, high], which nautilus refuses; use --to csv")
    if target.kind == "trades":
        for row, word in enumerate(block["trade_id"].to_pylist()):
            if len(word.encode()) > _LONGEST_ID or not word.isascii():
                where = _place(target, block, row)
                raise DataError(f"{where}: nautilus takes trade ids of at most 36 ASCII characters, not {word!r}")


def _place(target: Target, block: pa.RecordBatch, row: int) -> str:
    return f"{target.name} at {iso(block['ts'][row].as_py())}"
