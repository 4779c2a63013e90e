"""Columns of nautilus' Parquet files as ours: fixed point to integers, times, sides, ids."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from helios_engine.catalog import decimals
from helios_engine.catalog.decimals import Number
from helios_engine.catalog.exact import as_decimal, decimal_text
from helios_engine.catalog.importers.contract import Source
from helios_engine.catalog.importers.reading import numbered
from helios_engine.catalog.importers.times import Times
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.truths import Where
from helios_engine.errors import DataError

_WIDE, _NARROW = 16, 9
"""Decimals of nautilus' fixed point: in 128 bits, and in 64."""
_BLOCK = 1 << 17
_FLOAT_NOISE = Decimal(2) ** -50
_FINEST = 12
_EARLIEST, _LATEST = 31_536_000 * 10**9, 4_102_444_800 * 10**9


class Noise:
    """Numbers that floats had blurred on their way into a file, counted by column, with the time they span."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int], list[int]] = {}

    def add(self, column: str, scale: int, ts: Times, blurred: NDArray[np.bool_]) -> None:
        """Some rows of a column were read as the number of `scale` decimals that they are nearest to."""
        if blurred.any():
            seen = self._found.setdefault((column, scale), [0, int(ts[blurred][0]), 0])
            times = ts[blurred]
            seen[:] = [seen[0] + int(blurred.sum()), min(seen[1], int(times.min())), max(seen[2], int(times.max()))]

    def issues(self) -> tuple[Issue, ...]:
        """One a column."""
        return tuple(
            Issue(
                kind="rounded", severity="info", ts_from=first, ts_to=last + 1, origin="import",
                detail=f"{count:,} values of {column} lay within a float's precision of {scale} decimals and were "
                "read as those",
            )
            for (column, scale), (count, first, last) in self._found.items()
        )  # fmt: skip


def schema_of(source: Source) -> pa.Schema:
    """A Parquet file's schema; DataError if it is cut or none."""
    with _opened(source) as file:
        return file.schema_arrow


def blocks(source: Source) -> Iterator[tuple[pa.Table, Where, bool]]:
    """A Parquet file's rows a block at a time, where each stands, and whether it is the last block."""
    with _opened(source) as file:
        total, seen = file.metadata.num_rows, 0
        if not total:
            raise DataError(f"{source.name}: no rows; expected at least one")
        try:
            for batch in file.iter_batches(batch_size=_BLOCK, use_threads=False):
                first, seen = seen + 1, seen + batch.num_rows
                yield pa.Table.from_batches([batch]), numbered(source, first), seen >= total
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(source, error) from None


def _opened(source: Source) -> pq.ParquetFile:
    try:
        if not source.member:
            return pq.ParquetFile(source.path)
        with source.open() as file:
            return pq.ParquetFile(io.BytesIO(file.read()))
    except FileNotFoundError:
        raise DataError(f"no file at {source.path}") from None
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(source, error) from None


def _unreadable(source: Source, error: Exception) -> DataError:
    return DataError(f"{source.name}: not a readable Parquet file: {str(error).splitlines()[0]}; is it whole?")


def fixed(
    column: Any, precision: int | None, name: str, ts: Times, where: Where, noise: Noise, *, whole: bool = False
) -> Number:
    """Fixed point as integers of as few decimals as hold them, at most those that the file promises.

    Values that are off by no more than a float's precision were written through floats: they are rounded and
    counted in `noise`. Raises DataError for any that are further off.
    """
    exact = _decimals(column, name, where)
    scales = range(_WIDE + 1) if precision is None else (min(precision, exact.type.scale),)
    for scale in scales:
        near = pc.round(exact, scale)
        if precision is not None or pc.all(pc.equal(near, exact)).as_py():
            break
    blurred = pc.not_equal(near, exact).to_numpy(zero_copy_only=False)
    for row in np.flatnonzero(blurred).tolist():
        value = exact[row].as_py()
        if abs(value - near[row].as_py()) > abs(value) * _FLOAT_NOISE:
            raise DataError(f"{where(row)}: {name} is {value:f}; the file promises {scale} decimals")
    noise.add(name, scale, ts, blurred)
    halves = np.frombuffer(near.cast(pa.decimal128(38, scale)).buffers()[1], np.int64).reshape(-1, 2)[: len(near)]
    wrong = halves[:, 1] != halves[:, 0] >> 63
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(f"{where(row)}: {name} is {exact[row].as_py():f}, too large for 64 bits in {scale} decimals")
    limit = decimals.WHOLE if whole else decimals.EXACT
    return decimals.parse(decimal_text(halves[:, 0], scale), name, where, limit=limit)


def _decimals(column: Any, name: str, where: Where) -> pa.Array:
    """The column as exact decimals; DataError for nulls, numbers without bounds, and other types."""
    array = pc.take(column, np.arange(len(column))).combine_chunks()  # an own, dense buffer
    array = array.chunk(0) if isinstance(array, pa.ChunkedArray) else array
    if array.null_count:
        raise DataError(f"{where(pc.index(pc.is_null(array), True).as_py())}: {name} is missing")
    kind = array.type
    if pa.types.is_fixed_size_binary(kind) and kind.byte_width == 16:
        halves = np.frombuffer(array.buffers()[1], np.int64).reshape(-1, 2)[: len(array)]
        _bounded(np.abs(halves[:, 1]) >= 10**17, name, where)
        return pa.Array.from_buffers(pa.decimal128(38, _WIDE), len(array), [None, array.buffers()[1]])
    if pa.types.is_fixed_size_binary(kind) and kind.byte_width == 8:
        units = np.frombuffer(array.buffers()[1], np.int64)[: len(array)]
    elif kind in (pa.int64(), pa.uint64()):
        units = array.to_numpy().view(np.int64)
    else:
        raise DataError(f"{where(0)}: {name} is of type {kind}, expected nautilus' fixed point in 8 or 16 bytes")
    _bounded((units == 2**63 - 1) | (units < 0), name, where)
    return as_decimal(units, _NARROW, 38)


def _bounded(bad: NDArray[np.bool_], name: str, where: Where) -> None:
    if bad.any():
        raise DataError(f"{where(int(bad.argmax()))}: {name} is nautilus' mark for no value, or negative; expected one")


def floats(column: Any, name: str, ts: Times, where: Where, noise: Noise) -> Number:
    """Floats as the shortest decimals that mean the same, or nearly the same where arithmetic had blurred them."""
    values = np.asarray(column.to_numpy(), np.float64)
    bad = ~np.isfinite(values) | (np.abs(values) >= 2**53)
    if bad.any():
        row = int(bad.argmax())
        raise DataError(f"{where(row)}: {name} is {values[row]:g}, expected a number")
    for off in (0.0, 2 * np.spacing(np.abs(values))):
        for scale in range(_FINEST + 1):
            units = np.round(values * 10.0**scale)
            back = units / 10.0**scale
            if np.all(np.abs(back - values) <= off) and np.all(np.abs(units) <= decimals.EXACT):
                noise.add(name, scale, ts, back != values)
                return Number(units.astype(np.int64), scale)
    row = int((np.abs(back - values) > off).argmax())
    raise DataError(f"{where(row)}: {name} is {values[row]!r}, expected at most {_FINEST} decimals")


def stamps(column: Any, where: Where) -> Times:
    """Nanoseconds since 1970; DataError outside 1971 to 2100."""
    if not pa.types.is_integer(column.type) or column.null_count:
        raise DataError(f"{where(0)}: times are {column.type}, {column.null_count} missing; expected integers")
    found = pc.cast(column, pa.int64(), safe=False).to_numpy()
    bad = (found < _EARLIEST) | (found > _LATEST)
    if bad.any():
        row = int(bad.argmax())
        raise DataError(f"{where(row)}: the time {column[row].as_py()} in ns is not between 1971 and 2100")
    return np.asarray(found, np.int64)


def sides(column: Any, where: Where) -> pa.Array:
    """nautilus' 0, 1, 2 (nobody, buyer, seller) as 0, 1, -1."""
    found = [{0: 0, 1: 1, 2: -1}.get(value) for value in column.to_pylist()]
    if None in found:
        row = found.index(None)
        raise DataError(f"{where(row)}: aggressor_side is {column[row].as_py()}, expected 0, 1 or 2")
    return pa.array(found, pa.int8())


def words(column: Any, where: Where) -> pa.Array:
    """Ids as text."""
    if column.null_count:
        raise DataError(f"{where(pc.index(pc.is_null(column), True).as_py())}: the trade_id is missing")
    return decimals.flat(column)
