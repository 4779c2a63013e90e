"""Rows of features as columns: one float64 column a feature, NaN where masked, and the mask as bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from helios_engine.bodies import Features
from helios_engine.errors import DataError
from helios_engine.timeframe import iso

TS, MASK = "ts", "mask"
"""Columns beside the features. Masked values are kept as they are, no nulls: what is read back has the same bits."""


def check_columns(schema: str, columns: Sequence[str]) -> None:
    """DataError unless the columns' names can be a table's."""
    taken = [name for name in columns if name in (TS, MASK)]
    if taken or len(set(columns)) < len(columns):
        raise DataError(
            f"{schema}: expected columns with a name each, none of them {TS!r} or {MASK!r}, found {list(columns)}; "
            "rename them in the stage's schema"
        )


def packed(columns: Sequence[str], rows: Sequence[tuple[int, Features]]) -> pa.Table:
    """`(ts, Features)` rows of one schema as a table of `ts`, the columns and `mask`; DataError for another width."""
    width = len(columns)
    for ts, body in rows:
        if len(body.values) != 8 * width or len(body.mask) != width:
            raise DataError(
                f"{body.schema} of {body.instrument} at {iso(ts)}: expected {width} columns, found "
                f"{len(body.values) // 8} values and {len(body.mask)} masks; a schema's name stands for its columns"
            )
    values = np.frombuffer(b"".join(body.values for _, body in rows), dtype="<f8").reshape(len(rows), width)
    arrays = [
        pa.array([ts for ts, _ in rows], pa.int64()),
        # From numpy, a NaN stays a NaN with its bits; as a Python float it would too, one by one.
        *(pa.array(np.ascontiguousarray(values[:, n]), from_pandas=False) for n in range(width)),
        pa.array([body.mask for _, body in rows], pa.binary()),
    ]
    return pa.Table.from_arrays(arrays, names=[TS, *columns, MASK])


def unpacked(
    batch: pa.RecordBatch, columns: Sequence[str], instrument: str, timeframe: str, schema: str
) -> Iterator[tuple[int, Features]]:
    """The rows that `packed` took, bit for bit. Each has bytes of its own, nothing of the rows after it."""
    width = 8 * len(columns)
    arrays = [batch[name].to_numpy(zero_copy_only=False) for name in columns]
    values = np.column_stack(arrays).astype("<f8", copy=False).tobytes() if arrays else b""
    for n, (ts, mask) in enumerate(zip(batch[TS].to_pylist(), batch[MASK].to_pylist(), strict=True)):
        yield ts, Features(instrument, timeframe, schema, values[width * n : width * (n + 1)], mask)
