"""Data sets out of the catalog, exactly: CSV text, Parquet decimals, or a catalog that nautilus reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helios_engine.catalog import tables
from helios_engine.catalog.exact import DIGITS, as_decimal, decimal_text, whole_file
from helios_engine.catalog.store import Dataset
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import iso

Form = Literal["nautilus", "csv", "parquet"]
Progress = Callable[[float, int], None]
FORMS: tuple[Form, ...] = ("nautilus", "csv", "parquet")
_END = 2**63 - 1


def export(
    dataset: Dataset,
    to: Form,
    path: Path,
    start: int = 0,
    stop: int = _END,
    *,
    replace: bool = False,
    progress: Progress | None = None,
) -> int:
    """Write the rows with `start <= ts < stop` (ns UTC) to `path`; returns how many. Nothing half-written stays.

    `csv`: all columns as they are kept, numbers as plain decimal text with the data set's decimals, times as ns,
    and a first column `time`, which is `ts` in ISO 8601. `parquet`: prices and quantities as decimals, times as
    nanosecond timestamps in UTC, and the instrument in the metadata. `nautilus`: into the folder of a
    ParquetDataCatalog, beside what is in it already; bars, trades and quotes only.
    Raises ConfigError, DataError (no such rows, numbers that the form cannot hold, or a file that was changed),
    StorageError.
    """
    if to not in FORMS:
        raise ConfigError(f"--to {to!r}: expected one of {', '.join(FORMS)}")
    dataset.verify()
    blocks = _watched(dataset, start, stop, progress)
    first = next(blocks, None)
    if first is None:
        m = dataset.manifest
        raise DataError(
            f"{dataset.name} has no rows from {iso(start)} on{'' if stop == _END else f' and before {iso(stop)}'}; "
            f"it holds {iso(m.first)} … {iso(m.last)}"
        )
    if to == "nautilus":
        # By name: nothing of the catalog may import nautilus_trader.
        into_nautilus: Any = import_module("helios_engine.nautilus.exporting").export
        return int(into_nautilus(dataset.manifest, _all(first, blocks), path, replace=replace))
    with whole_file(path, replace=replace) as draft:
        if to == "csv":
            return _write_csv(draft, (_as_text(dataset, block) for block in _all(first, blocks)))
        return _write_parquet(dataset, draft, (_as_decimals(dataset, block) for block in _all(first, blocks)))


def _all(first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest


def _watched(dataset: Dataset, start: int, stop: int, progress: Progress | None) -> Iterator[pa.RecordBatch]:
    m = dataset.manifest
    begin, end = max(start, m.first), min(stop, m.last + 1)
    count = 0
    for batch in dataset.blocks(start, stop):
        count += batch.num_rows
        yield batch
        if progress is not None:
            progress((batch["ts"][-1].as_py() - begin) / max(1, end - begin), count)
    if progress is not None:
        progress(1.0, count)


def _write_csv(draft: Path, blocks: Iterator[pa.RecordBatch]) -> int:
    count = 0
    with draft.open("w", encoding="utf-8", newline="") as file:
        for batch in blocks:
            if not count:
                file.write(",".join(batch.schema.names) + "\n")
            lines = pc.binary_join_element_wise(*(_cells(column) for column in batch.columns), ",")
            file.write("\n".join(lines.to_pylist()) + "\n")
            count += batch.num_rows
    return count


def _cells(column: pa.Array) -> pa.Array:
    """Cells as CSV writes them: quoted where they must be, empty where there is nothing."""
    text = pc.fill_null(column.cast(pa.string()), "")
    if not pa.types.is_string(column.type):
        return text
    quoted = pc.binary_join_element_wise('"', pc.replace_substring(text, '"', '""'), '"', "")
    return pc.if_else(pc.match_substring_regex(text, '[",\r\n]'), quoted, text)


def _write_parquet(dataset: Dataset, draft: Path, blocks: Iterator[pa.RecordBatch]) -> int:
    first = next(blocks)
    about = {b"helios": msgspec.json.encode(_about(dataset))}
    count = 0
    with pq.ParquetWriter(str(draft), first.schema.with_metadata(about), compression="zstd") as writer:
        for batch in _all(first, blocks):
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def _about(dataset: Dataset) -> dict[str, Any]:
    m = dataset.manifest
    return {
        "kind": m.kind, "name": m.name, "timeframe": m.timeframe, "instrument": m.instrument, "digest": m.digest,
        "price_scale": m.price_scale, "size_scale": m.size_scale, "source": m.source,
    }  # fmt: skip


def _as_text(dataset: Dataset, batch: pa.RecordBatch) -> pa.RecordBatch:
    m = dataset.manifest
    columns: dict[str, Any] = {"time": _iso(batch["ts"])}
    for name in batch.schema.names:
        scale = tables.scale_of(m.kind, name, m.price_scale, m.size_scale)
        columns[name] = batch[name] if scale is None else decimal_text(batch[name].to_numpy(), scale)
        if pa.types.is_binary(columns[name].type):
            raise ConfigError(f"{dataset.name} is binary, which CSV cannot hold; use --to parquet")
    return pa.RecordBatch.from_pydict(columns)


def _as_decimals(dataset: Dataset, batch: pa.RecordBatch) -> pa.RecordBatch:
    m = dataset.manifest
    columns: dict[str, Any] = {}
    for name in batch.schema.names:
        scale = tables.scale_of(m.kind, name, m.price_scale, m.size_scale)
        if scale is not None:
            columns[name] = as_decimal(batch[name].to_numpy(), scale, max(DIGITS, scale))
        else:
            columns[name] = batch[name].cast(pa.timestamp("ns", "UTC")) if name[:2] == "ts" else batch[name]
    return pa.RecordBatch.from_pydict(columns)


def _iso(ts: pa.Array) -> pa.Array:
    return pc.replace_substring(ts.cast(pa.timestamp("ns", "UTC")).cast(pa.string()), " ", "T")
