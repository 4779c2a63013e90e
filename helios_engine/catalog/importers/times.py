"""Columns of written times to int nanoseconds UTC."""

from __future__ import annotations

import re
import zoneinfo
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from helios_engine.catalog import decimals
from helios_engine.catalog.decimals import flat
from helios_engine.catalog.truths import Where
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import UNITS

Times = NDArray[np.int64]
EPOCHS = ("s", "ms", "us", "ns")
_LATEST = 4_102_444_800
"""The year 2100; with the year 1971 as the earliest, a number of any size is a time in one unit at most."""
_FAR = re.compile(r"(0\d{3}|1[0-8]\d\d|2[1-9]\d\d|[3-9]\d{3})-\d\d-\d\d(?!\d)")
"""Years that ns since 1970 in 64 bits may not reach."""
_ZONED = r"(Z|[+-]\d{2}:?\d{2})$"


def epoch_unit(first: str) -> str | None:
    """The one unit in which a number is a time between 1971 and 2100, if there is one."""
    whole = first.partition(".")[0]
    if not whole.isdigit() or len(whole) > 19:
        return None
    return next((unit for unit in EPOCHS if _is_time(int(whole), unit)), None)


def _is_time(value: int, unit: str) -> bool:
    limit = _LATEST * 10**9 // UNITS[unit]
    return limit // 130 <= value <= limit


def epochs(column: pa.ChunkedArray | pa.Array, unit: str, where: Where) -> Times:
    """Numbers of a unit since 1970, whole or with a fraction; DataError for one outside 1971 to 2100."""
    if pa.types.is_integer(column.type) and not column.null_count:
        return _whole(column, unit, where)
    text = flat(column)
    if pc.all(pc.match_substring_regex(text, r"^\d{19}$")).as_py():
        return _whole(text.cast(pa.int64(), safe=True), unit, where)
    try:
        stamps, scale = decimals.parse(text, "time", where, limit=decimals.WHOLE)
    except DataError as error:
        raise DataError(f"{error} {unit} since 1970; check --unit") from None
    limit = _LATEST * 10**9 // UNITS[unit] * 10**scale
    bad = (stamps > limit) | (stamps < limit // 130)
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"{where(row)}: the time {text[row].as_py()} read as {unit} is not between 1971 and 2100; check --unit"
        )
    if UNITS[unit] >= 10**scale:
        return np.asarray(stamps * (UNITS[unit] // 10**scale), np.int64)
    return np.asarray(stamps // (10**scale // UNITS[unit]), np.int64)


def _whole(column: pa.ChunkedArray | pa.Array, unit: str, where: Where) -> Times:
    """Whole numbers that the file holds as such."""
    stamps = np.asarray(column.cast(pa.int64()).to_numpy(), np.int64)
    limit = _LATEST * 10**9 // UNITS[unit]
    bad = (stamps > limit) | (stamps < limit // 130)
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"{where(row)}: the time {stamps[row]} read as {unit} is not between 1971 and 2100; check --unit"
        )
    return stamps * UNITS[unit]


def written(column: Any, where: Where, zone: str | None = None, time_format: str | None = None) -> Times:
    """ISO 8601 text, timestamps, or text in a strptime format; without a zone of their own they are in `zone` (UTC)."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks)
    if pa.types.is_timestamp(array.type):
        moments = array
    elif time_format is not None:
        moments = _formatted(array, time_format, where)
    else:
        moments = _iso(flat(array), where)
    if moments.null_count:
        raise DataError(f"{where(int(pc.index(pc.is_null(moments), True).as_py()))}: the time is missing")
    if moments.type.tz is None and zone not in (None, "UTC"):
        moments = _placed(moments, str(zone), where)
    stamps = np.asarray(moments.cast(pa.timestamp("ns", moments.type.tz)).cast(pa.int64()).to_numpy(False), np.int64)
    bad = (stamps > _LATEST * 10**9) | (stamps < _LATEST * 10**9 // 130)
    if bad.any():
        row = int(bad.argmax())
        raise DataError(f"{where(row)}: the time {array[row].as_py()} is not between 1971 and 2100")
    return stamps


def _iso(text: pa.Array, where: Where) -> pa.Array:
    zoned = pc.match_substring_regex(text, _ZONED)
    is_zoned = bool(len(text)) and zoned[0].as_py() is True
    try:
        return pc.cast(text, pa.timestamp("ns", "UTC" if is_zoned else None))
    except pa.ArrowInvalid:
        row, shown = _first_bad(text, pa.timestamp("ns", "UTC" if is_zoned else None))
        if _FAR.match(str(shown)):
            raise DataError(f"{where(row)}: the time {shown} is not between 1971 and 2100") from None
        raise DataError(
            f"{where(row)}: the time is {shown!r}, expected ISO 8601 such as 2024-01-31T09:00:00; "
            "or say how it is written with --time-format"
        ) from None


def _formatted(text: pa.Array, time_format: str, where: Where) -> pa.Array:
    """Text in a strptime format; where fields touch, as in %Y%m%d, a missing digit would mean another day."""
    try:
        found = pd.to_datetime(pd.Series(flat(text).to_pylist()), format=time_format, errors="coerce")
    except ValueError as error:
        raise ConfigError(f"--time-format {time_format!r}: {error}; expected a form such as %Y-%m-%d %H:%M") from None
    if found.isna().any():
        row = int(found.isna().to_numpy().argmax())
        raise DataError(f"{where(row)}: the time is {text[row].as_py()!r}, expected the form {time_format}")
    if re.search(r"%[A-Za-z]%", time_format):
        other = (found.dt.strftime(time_format) != pd.Series(flat(text).to_pylist())).to_numpy()
        if other.any():
            row = int(other.argmax())
            raise DataError(f"{where(row)}: the time {text[row].as_py()!r} has not the digits that {time_format} needs")
    return pa.array(found.dt.as_unit("ns") if found.dt.tz is None else found.dt.tz_convert("UTC").dt.as_unit("ns"))


def _placed(moments: pa.Array, zone: str, where: Where) -> pa.Array:
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise ConfigError(f"--zone {zone!r} is no time zone; expected one such as Africa/Johannesburg") from None
    try:
        return pc.assume_timezone(moments, zone)
    except pa.ArrowInvalid as error:
        raise DataError(
            f"{where(0)}: a time does not exist or exists twice in {zone}, where the clock is changed: "
            f"{str(error).splitlines()[0]}; export the file in UTC"
        ) from None


def _first_bad(text: pa.Array, kind: pa.DataType) -> tuple[int, Any]:
    for row, cell in enumerate(text):
        try:
            pc.cast(cell, kind)
        except pa.ArrowInvalid:
            return row, cell.as_py()
    return 0, text[0].as_py() if len(text) else None
