"""Freqtrade's feather, Parquet and JSON files as blocks of text columns; its HDF5 files are refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from helios_engine.catalog.importers import reading
from helios_engine.catalog.importers.contract import Source
from helios_engine.catalog.truths import Where
from helios_engine.errors import DataError

CANDLES = ("date", "open", "high", "low", "close", "volume")
TRADES = ("timestamp", "id", "type", "side", "price", "amount", "cost")
_ROWS = 1 << 16
_DICTIONARY = tuple(name for name in TRADES if name != "type")
HDF5 = b"\x89HDF"


class Lines(NamedTuple):
    """Rows of a file, and the number of each in it, from 1; `pair` is what the rows themselves say."""

    table: pa.Table
    numbers: NDArray[np.int64]
    source: Source
    pair: str = ""

    @property
    def where(self) -> Where:
        """`file:row` of a row."""
        return lambda row: f"{self.source.name}:{int(self.numbers[row])}"


def lines(source: Source) -> Iterator[Lines]:
    """The rows of a file, a block at a time: columns of text, times as the file has them.

    DataError for a file that is cut, empty, HDF5, or of another layout.
    """
    refuse_hdf5(source)
    empty = True
    for block in _documents(source) if source.suffix == ".json" else _arrow(source):
        empty = False
        yield block
    if empty:
        raise DataError(f"{source.name}: no rows; expected at least one")


def refuse_hdf5(source: Source) -> None:
    """DataError, with the step that helps, for an HDF5 file."""
    if source.suffix == ".h5" or source.head.startswith(HDF5):
        trades = source.stem.endswith("-trades")
        raise DataError(
            f"{source.name}: HDF5 files are not read; convert it with a freqtrade that still reads them: `freqtrade "
            f"{'convert-trade-data' if trades else 'convert-data'} --format-from hdf5 --format-to feather`, "
            "then import the .feather file"
        )


def columns(source: Source) -> list[str]:
    """The names of a feather or Parquet file's columns."""
    if source.suffix == ".parquet":
        with _opened(source) as file:
            return list(pq.read_schema(file).names)
    with _opened(source) as file:
        return list(pa.ipc.open_file(file).schema.names)


def text(column: pa.ChunkedArray, name: str, where: Where) -> pa.Array:
    """A column as text: floats by the shortest decimal that means the same float, without exponents."""
    flat = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if isinstance(flat, pa.ChunkedArray):
        flat = pa.concat_arrays(flat.chunks) if flat.num_chunks else pa.array([], column.type)
    try:
        found = pc.cast(flat, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise DataError(f"{where(0)}: {name} is a column of {flat.type}, expected numbers") from None
    if not pa.types.is_floating(flat.type):
        return found
    exponent = pc.fill_null(pc.match_substring(found, "e"), False)
    if not pc.any(exponent).as_py():
        return found
    values = flat.filter(exponent).to_numpy(zero_copy_only=False)
    plain = pa.array([np.format_float_positional(value, trim="-") for value in values], pa.string())
    return pc.replace_with_mask(found, exponent, plain)


def _opened(source: Source) -> Any:
    if source.member:
        with source.open() as file:
            return pa.BufferReader(file.read())
    return pa.OSFile(str(source.path), "rb")


def _arrow(source: Source) -> Iterator[Lines]:
    """Batches as the file has them; a feather file of a hundred million rows is never held whole."""
    try:
        with _opened(source) as file:
            first = 1
            for batch in _batches(source, file):
                batch.validate(full=True)
                for begin in range(0, batch.num_rows, _ROWS):
                    table = pa.Table.from_batches([batch.slice(begin, _ROWS)])
                    yield _as_text(Lines(table, np.arange(first, first + table.num_rows), source))
                    first += table.num_rows
    except FileNotFoundError:
        raise DataError(f"no file at {source.path}") from None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        said = (str(error).splitlines() or ["cut short"])[0]
        raise DataError(f"{source.name}: not a readable {source.suffix[1:]} file: {said}; is the file whole?") from None


def _batches(source: Source, file: Any) -> Iterator[pa.RecordBatch]:
    if source.suffix == ".parquet":
        yield from pq.ParquetFile(file).iter_batches(batch_size=_ROWS, use_threads=False)
        return
    reader = pa.ipc.open_file(file)
    for number in range(reader.num_record_batches):
        yield reader.get_batch(number)


def _as_text(found: Lines) -> Lines:
    wanted = CANDLES if "date" in found.table.column_names else TRADES
    missing = [name for name in wanted if name not in found.table.column_names and name not in ("type", "cost")]
    if missing:
        raise DataError(
            f"{found.source.name}: no column {missing[0]!r}; it has {', '.join(found.table.column_names)}. Freqtrade's "
            f"candles have {', '.join(CANDLES)}, its trades {', '.join(TRADES)}; for others use --format generic"
        )
    held = {
        name: found.table[name] if name == "date" else text(found.table[name], name, found.where)
        for name in wanted
        if name in found.table.column_names
    }
    return found._replace(table=pa.table(held))


def _documents(source: Source) -> Iterator[Lines]:
    """JSON: rows without names (candles of six fields, trades of seven), or trades as ccxt's dictionaries."""
    found = reading.document(source)
    if not isinstance(found, list):
        raise DataError(f"{source.name}: expected a JSON list of rows, found {type(found).__name__}")
    pair, names = "", _names(found)
    for begin in range(0, len(found), _ROWS):
        block, first = found[begin : begin + _ROWS], begin + 1
        if names is _DICTIONARY:
            pair, block = _pair(source, found[0], 1), _listed(source, block, first, found[0])
        for number, row in enumerate(block, first):
            if not isinstance(row, list) or len(row) != len(names) or any(isinstance(c, list | dict) for c in row):
                raise DataError(f"{source.name}:{number}: expected a row of {len(names)} fields: {', '.join(names)}")
        held = {name: reading.texts(block, place) for place, name in enumerate(names)}
        yield Lines(pa.table(held), np.arange(first, first + len(block)), source, pair)


def _names(found: Sequence[Any]) -> Sequence[str]:
    if found and isinstance(found[0], dict):
        return _DICTIONARY
    return CANDLES if found and isinstance(found[0], list) and len(found[0]) == len(CANDLES) else TRADES


def _listed(source: Source, block: Sequence[Any], first: int, pattern: dict[str, Any]) -> list[list[Any]]:
    rows = []
    for number, row in enumerate(block, first):
        missing = [name for name in _DICTIONARY if not isinstance(row, dict) or name not in row]
        if missing:
            raise DataError(f"{source.name}:{number}: no field {missing[0]!r}; expected a trade as ccxt writes it")
        if _pair(source, row, number) != pattern["symbol"]:
            raise DataError(f"{source.name}:{number}: a trade of {row['symbol']} among those of {pattern['symbol']}")
        rows.append([row[name] for name in _DICTIONARY])
    return rows


def _pair(source: Source, row: dict[str, Any], number: int) -> str:
    pair = row.get("symbol")
    if not isinstance(pair, str) or "/" not in pair:
        raise DataError(f"{source.name}:{number}: symbol is {pair!r}, expected a pair such as XRP/ETH")
    return pair
