"""Measured latencies from a file: one column `latency_ns`, Parquet or CSV, pinned by its digest."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from helios_engine.errors import ConfigError, DataError
from helios_engine.files import storage_error

COLUMN = "latency_ns"


class Measured(NamedTuple):
    """Latencies in ns, in the file's order, and blake2b of the file's bytes."""

    values: tuple[int, ...]
    digest: str


def read_latencies(path: Path) -> Measured:
    """Read a file of latencies; ConfigError if it is not there, DataError for what cannot be a latency."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"nautilus.sim latency_file: no file {path}; name one with a column {COLUMN}") from None
    except OSError as error:
        raise storage_error(path, error) from error
    try:
        table = pq.read_table(pa.BufferReader(raw)) if raw[:4] == b"PAR1" else pa.csv.read_csv(pa.BufferReader(raw))
    except pa.ArrowInvalid as error:
        raise DataError(f"{path} is neither Parquet nor CSV: {error}; export it again") from error
    if COLUMN not in table.column_names or not pa.types.is_integer(table.column(COLUMN).type):
        found = ", ".join(f"{field.name} ({field.type})" for field in table.schema)
        raise DataError(f"{path}: expected whole nanoseconds in a column {COLUMN}, found {found or 'no column'}")
    values = table.column(COLUMN).to_pylist()
    for row, value in enumerate(values, 1):
        if value is None or value < 1:
            raise DataError(f"{path}: row {row} has {COLUMN} = {value}; a latency is at least 1 ns, remove the row")
    if not values:
        raise DataError(f"{path} has no rows; expected at least one measured latency")
    return Measured(tuple(values), hashlib.blake2b(raw, digest_size=16).hexdigest())
