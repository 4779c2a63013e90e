"""Files of a data set: one period each, sorted by time, with the fewest decimals that hold their values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from helios_engine.catalog import tables
from helios_engine.catalog.manifest import Part
from helios_engine.catalog.place import Place
from helios_engine.errors import DataError, OvertakenError
from helios_engine.files import sync_path

CHUNK_ROWS = 65_536
Piece = tuple[pa.Table, int, int]
"""A table and its price and size scale."""


def write_part(folder: Path, kind: str, pieces: Sequence[Piece], label: str) -> Part:
    """Write one file into a folder of drafts, named by its period and its content; returns what it is."""
    price = max(p for _, p, _ in pieces)
    size = max(s for _, _, s in pieces)
    rows = pa.concat_tables([rescale(t, kind, (p, s), (price, size)) for t, p, s in pieces])
    rows = rows.replace_schema_metadata({b"price_scale": str(price), b"size_scale": str(size)})
    draft = folder / "draft"
    # Times and prices are close to the ones before: as differences they take half the room and a third of the time.
    units = [field.name for field in rows.schema if pa.types.is_int64(field.type)]
    pq.write_table(
        rows, draft, compression="zstd", row_group_size=CHUNK_ROWS, write_statistics=True,
        column_encoding=dict.fromkeys(units, "DELTA_BINARY_PACKED"),
        use_dictionary=[field.name for field in rows.schema if _repeats(field.type)],
    )  # fmt: skip
    sync_path(draft)
    with draft.open("rb") as file:
        sha = hashlib.file_digest(file, "sha256").hexdigest()
    name = f"{label}-{sha[:8]}.parquet"
    draft.replace(folder / name)
    first, last = rows["ts"][0].as_py(), rows["ts"][-1].as_py()
    return Part(name=name, sha256=sha, rows=rows.num_rows, first=first, last=last, price_scale=price, size_scale=size)


def _repeats(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_boolean(kind) or pa.types.is_int8(kind))


def rescale(rows: pa.Table, kind: str, have: tuple[int, int], want: tuple[int, int]) -> pa.Table:
    """The same values in finer units; DataError if a value no longer fits 64 bits."""
    for name in rows.column_names:
        scale = tables.scale_of(kind, name, *have)
        wanted = tables.scale_of(kind, name, *want)
        if scale is None or wanted is None or scale == wanted:
            continue
        values, factor = rows[name].to_numpy(), 10 ** (wanted - scale)
        if values.size and int(np.abs(values).max()) * factor >= 2**63:
            raise DataError(
                f"column {name} holds {values.max() / 10**scale:g} beside values with {wanted} decimals: both do not "
                "fit 64 bits; is a column of another meaning mixed in?"
            )
        rows = rows.set_column(rows.column_names.index(name), name, pa.array(values * factor, pa.int64()))
    return rows


def read_part(
    folder: Place, part: Part, kind: str, start: int, stop: int, rows: int, columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Rows of a file with `start <= ts < stop`, at most `rows` at a time; whole row groups outside are not read."""
    where = f"{folder.url}/{part.name}"
    wanted = None if columns is None else list(dict.fromkeys(["ts", *columns]))
    try:
        with pq.ParquetFile(folder.source(part.name)) as file:
            expected = tables.SCHEMAS[kind]
            if kind != "features" and not file.schema_arrow.equals(expected):
                raise DataError(f"{where}: its columns are not those of {kind}; import the data again with --replace")
            groups = _groups(file, start, stop)
            if not groups:
                return
            for batch in file.iter_batches(batch_size=rows, row_groups=groups, columns=wanted, use_threads=False):
                yield from _inside(batch, part, start, stop)
    except FileNotFoundError:
        raise OvertakenError(
            f"{where}: the file is gone: the data set was written twice since it was opened, or the file was removed; "
            "open it again, or import the data again with --replace"
        ) from None
    except (pa.ArrowInvalid, OSError) as error:
        first = str(error).splitlines()[0]
        raise DataError(
            f"{where}: not a readable Parquet file: {first}; import the data again with --replace"
        ) from None


def _groups(file: pq.ParquetFile, start: int, stop: int) -> list[int]:
    """Row groups whose times touch the span, by their statistics."""
    found = []
    for number in range(file.metadata.num_row_groups):
        seen: Any = file.metadata.row_group(number).column(0).statistics
        if seen is None or (seen.max >= start and seen.min < stop):
            found.append(number)
    return found


def _inside(batch: pa.RecordBatch, part: Part, start: int, stop: int) -> Iterator[pa.RecordBatch]:
    if start <= part.first and part.last < stop:
        yield batch
        return
    ts = tables.numbers(batch["ts"])
    begin, end = np.searchsorted(ts, [start, stop], side="left").tolist()
    if begin < end:
        yield batch.slice(begin, end - begin)
