"""Any CSV or Parquet of bars or trades, by a map of columns. What the file does not say, the user must."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from helios_engine.bodies import Instrument
from helios_engine.catalog import decimals, tables
from helios_engine.catalog.decimals import Where
from helios_engine.catalog.importers import reading, rows
from helios_engine.catalog.manifest import Issue
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import timeframe_ns
from helios_engine.toml_place import nearest

BARS = ("ts", "open", "high", "low", "close", "volume")
TRADES = ("ts", "price", "quantity")
OPTIONAL = ("side", "trade_id")
_BUY = {"buy", "b", "1", "bid", "true"}
_SELL = {"sell", "s", "-1", "ask", "false"}


class Imported(NamedTuple):
    """A checked table, ready for the catalog."""

    kind: str
    instrument: Instrument
    timeframe: str
    table: pa.Table
    issues: tuple[Issue, ...]


class Reading(NamedTuple):
    """How to read a file: `columns` maps our names to the file's, by name or by number from 0."""

    columns: Mapping[str, str]
    unit: str
    stamp: str | None = None
    header: bool = True
    skip: int = 0
    delimiter: str = ","
    sort: bool = False
    drop_identical: bool = False
    allow_ohlc: bool = False
    allow_exponent: bool = False


def import_bars(path: Path, terms: rows.Terms, timeframe: str, how: Reading) -> Imported:
    """Bars, stamped at their open or close as `how.stamp` says."""
    found, where = _columns(path, how, BARS)
    if how.stamp not in ("open", "close"):
        raise ConfigError("bars need --stamp open or --stamp close: is a bar labelled with its beginning or its end?")
    stamps = reading.times(found["ts"], how.unit, where)
    length = timeframe_ns(timeframe)
    opened = stamps if how.stamp == "open" else stamps - length
    numbers = {n: decimals.parse(found[n], n, where, allow_exponent=how.allow_exponent) for n in BARS[1:]}
    return bars_table(
        terms, timeframe, opened, opened + length, numbers, where,
        sort=how.sort, drop_identical=how.drop_identical, allow_ohlc=how.allow_ohlc,
    )  # fmt: skip


def import_trades(path: Path, terms: rows.Terms, how: Reading) -> Imported:
    """Trades; without a side column the side is unknown, without an id it is empty."""
    found, where = _columns(path, how, TRADES)
    ts = reading.times(found["ts"], how.unit, where)
    price, price_scale = decimals.parse(found["price"], "price", where, allow_exponent=how.allow_exponent)
    quantity, size_scale = decimals.parse(found["quantity"], "quantity", where, allow_exponent=how.allow_exponent)
    instrument = rows.definition(terms, price_scale, size_scale)
    table = pa.table(
        {
            "ts": ts,
            "ts_event": ts,
            "price": rows.scaled(price, price_scale, instrument.price_scale),
            "quantity": rows.scaled(quantity, size_scale, instrument.size_scale),
            "side": _sides(found, len(ts), where),
            "trade_id": found["trade_id"].cast(pa.string()) if "trade_id" in found else pa.array([""] * len(ts)),
        },
        schema=tables.SCHEMAS["trades"],
    )
    table, issues = rows.ordered(table, where, sort=how.sort, drop_identical=how.drop_identical)
    tables.check("trades", table, "", where)
    return Imported("trades", instrument, "", table, tuple(issues))


def bars_table(
    terms: rows.Terms,
    timeframe: str,
    opened: NDArray[np.int64],
    closed: NDArray[np.int64],
    numbers: Mapping[str, tuple[pa.Array, int]],
    where: Where,
    *,
    sort: bool = False,
    drop_identical: bool = False,
    allow_ohlc: bool = False,
) -> Imported:
    """A checked table of bars from times and integers; shared by every importer of bars."""
    price_scale = max(scale for name, (_, scale) in numbers.items() if name != "volume")
    instrument = rows.definition(terms, price_scale, numbers["volume"][1])
    scales = {name: instrument.size_scale if name == "volume" else instrument.price_scale for name in numbers}
    columns = {name: rows.scaled(values, scale, scales[name]) for name, (values, scale) in numbers.items()}
    table = pa.table({"ts": closed, "ts_open": opened, "ts_close": closed, **columns}, schema=tables.SCHEMAS["bars"])
    table, issues = rows.ordered(table, where, sort=sort, drop_identical=drop_identical)
    tables.check("bars", table, timeframe, where, allow_ohlc=allow_ohlc)
    issues += rows.bar_issues(table, timeframe_ns(timeframe))
    return Imported("bars", instrument, timeframe, table, tuple(sorted(issues, key=lambda i: i.ts_from)))


def _columns(path: Path, how: Reading, needed: Sequence[str]) -> tuple[dict[str, Any], Where]:
    """Our columns of a file as text, and how to say where a row stands."""
    for name in how.columns:
        if name not in (*needed, *OPTIONAL):
            raise ConfigError(f"--map: unknown column {name!r}; {nearest(name, (*needed, *OPTIONAL))}")
    missing = [name for name in needed if name not in how.columns]
    if missing:
        raise ConfigError(f"--map must name {', '.join(missing)}, e.g. --map {missing[0]}=COLUMN")
    is_parquet = path.suffix == ".parquet"
    first_line = 1 if is_parquet else 1 + how.skip + how.header
    if is_parquet:
        table = reading.read_parquet(path)
    elif how.header:
        table = reading.read_text(path, None, skip=how.skip, delimiter=how.delimiter)
    else:
        table = reading.read_text(path, _numbered(path, how), skip=how.skip, delimiter=how.delimiter)
    names = table.column_names
    found = {}
    for ours, theirs in how.columns.items():
        column = table[_place(path, ours, theirs, names)]
        found[ours] = column if pa.types.is_timestamp(column.type) else _text(column)
    return found, lambda row: f"{path.name}:{row + first_line}"


def _place(path: Path, ours: str, theirs: str, names: Sequence[str]) -> str:
    """The file's column that is meant: by its name, or by its number from 0."""
    if theirs in names:
        return theirs
    if theirs.isdigit() and int(theirs) < len(names):
        return names[int(theirs)]
    raise DataError(f"{path.name}: no column {theirs!r} for {ours}; it has: {', '.join(names)}")


def _numbered(path: Path, how: Reading) -> list[str]:
    """Names `0`, `1`, … for a file without a header, as many as its first row has fields."""
    import gzip

    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            for _ in range(how.skip):
                file.readline()
            first = file.readline()
    except FileNotFoundError:
        raise DataError(f"no file at {path}") from None
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}; is it whole and UTF-8?") from None
    if not first.strip():
        raise DataError(f"{path}: no rows; expected at least one")
    return [str(n) for n in range(first.count(how.delimiter) + 1)]


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as text; floats by their shortest form that means the same number."""
    if pa.types.is_floating(column.type):
        shortest = [None if v is None else np.format_float_positional(v, trim="-") for v in column.to_pylist()]
        return pa.chunked_array([pa.array(shortest, pa.string())])
    return column.cast(pa.string())


def _sides(found: Mapping[str, Any], count: int, where: Where) -> pa.Array:
    if "side" not in found:
        return pa.array(np.zeros(count, np.int8))
    words = pc.utf8_lower(found["side"].combine_chunks()).to_pylist()
    sides = [1 if w in _BUY else -1 if w in _SELL else 0 if not w else None for w in words]
    if None in sides:
        row = sides.index(None)
        raise DataError(f"{where(row)}: side is {words[row]!r}, expected buy or sell")
    return pa.array(sides, pa.int8())
