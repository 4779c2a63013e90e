"""Files to columns of text, and columns of text to times and integers. Nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from helios_engine.errors import DataError

UNITS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
Where = Callable[[int], str]


def read_text(path: Path, columns: Sequence[str] | None, *, skip: int = 0, delimiter: str = ",") -> pa.Table:
    """A CSV (plain or .gz) as columns of text, named by its header, or by `columns` if it has none.

    DataError for a file that is missing, empty, cut, not UTF-8, or with rows of different length.
    """
    try:
        found = csv.read_csv(
            path,
            read_options=csv.ReadOptions(column_names=columns, skip_rows=skip, use_threads=False),
            parse_options=csv.ParseOptions(delimiter=delimiter),
            convert_options=csv.ConvertOptions(
                column_types=None if columns is None else {name: pa.string() for name in columns},
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except FileNotFoundError:
        raise DataError(f"no file at {path}") from None
    except (pa.ArrowInvalid, OSError, EOFError) as error:
        first = str(error).splitlines()[0]
        raise DataError(f"{path}: not a readable CSV file: {first}; is it whole, UTF-8 and comma-separated?") from None
    if columns is None:
        # Types were inferred from the values, which loses digits: read again as text under the header's names.
        return read_text(path, found.column_names, skip=skip + 1, delimiter=delimiter)
    if found.num_rows == 0:
        raise DataError(f"{path}: no rows; expected at least one")
    return found


def read_parquet(path: Path) -> pa.Table:
    """A Parquet file as it is; DataError if it is cut or no Parquet."""
    try:
        return pq.read_table(path)
    except FileNotFoundError:
        raise DataError(f"no file at {path}") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path}: not a readable Parquet file: {str(error).splitlines()[0]}") from None


def times(column: pa.ChunkedArray, unit: str, where: Where) -> NDArray[np.int64]:
    """Times as ns UTC: whole numbers in `unit`, or with `iso` dates and times (no zone means UTC)."""
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if unit == "iso":
        return _iso(flat, where)
    text = flat.cast(pa.string())
    is_whole = pc.fill_null(pc.match_substring_regex(text, r"^\d{1,19}$"), False)
    if not pc.all(is_whole).as_py():
        row = pc.index(is_whole, False).as_py()
        raise DataError(
            f"{where(row)}: the time is {text[row].as_py()!r}, expected whole {unit} since 1970; check --unit"
        )
    stamps = pc.cast(text, pa.int64()).to_numpy(zero_copy_only=False)
    limit = 4_102_444_800 * 10**9 // UNITS[unit]  # the year 2100
    if (stamps > limit).any() or (stamps < limit // 130).any():
        row = int(((stamps > limit) | (stamps < limit // 130)).argmax())
        raise DataError(
            f"{where(row)}: the time {stamps[row]} read as {unit} is not between 1971 and 2100; check --unit"
        )
    return np.asarray(stamps * UNITS[unit], dtype=np.int64)


def _iso(flat: pa.Array, where: Where) -> NDArray[np.int64]:
    try:
        moments = flat if pa.types.is_timestamp(flat.type) else pc.cast(flat.cast(pa.string()), pa.timestamp("ns"))
        return np.asarray(
            pc.cast(moments, pa.timestamp("ns")).cast(pa.int64()).to_numpy(zero_copy_only=False), np.int64
        )
    except pa.ArrowInvalid as error:
        raise DataError(f"{where(0)}: times are not ISO 8601 without a zone: {str(error).splitlines()[0]}") from None
