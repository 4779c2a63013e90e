"""Files to columns of text, a block at a time. Nothing is guessed."""

from __future__ import annotations

import csv as plain_csv
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.feather as feather
import pyarrow.parquet as pq

from helios_engine.catalog.importers.source import Source
from helios_engine.catalog.truths import Where
from helios_engine.errors import DataError

_BLOCK = 8 << 20


class Block(NamedTuple):
    """Some rows of a file as columns of text, and where each stands."""

    columns: pa.Table
    where: Where


def blocks(source: Source, columns: Sequence[str] | None, *, skip: int = 0, delimiter: str = ",") -> Iterator[Block]:
    """A CSV as blocks of text columns, named by its header, or by `columns` if it has none.

    DataError for a file that is missing, empty, cut, not UTF-8, or with rows of different length.
    """
    names = header(source, skip, delimiter) if columns is None else list(columns)
    line = 1 + skip + (columns is None)
    try:
        with source.open() as file:
            reader = csv.open_csv(
                file,
                read_options=csv.ReadOptions(
                    column_names=names, skip_rows=line - 1, use_threads=False, block_size=_BLOCK
                ),
                parse_options=csv.ParseOptions(delimiter=delimiter),
                convert_options=csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    strings_can_be_null=False,
                    quoted_strings_can_be_null=False,
                ),
            )
            found = 0
            for batch in reader:
                if batch.num_rows:
                    yield Block(pa.Table.from_batches([batch]), numbered(source, line + found))
                    found += batch.num_rows
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            raise DataError(f"{source.name}: no rows; expected at least one") from None
        first = str(error).splitlines()[0]
        raise DataError(f"{source.name}: not a readable CSV file: {first}; is it whole, UTF-8, one layout?") from None
    if not found:
        raise DataError(f"{source.name}: no rows; expected at least one")


def whole(source: Source, columns: Sequence[str] | None, *, skip: int = 0, delimiter: str = ",") -> Block:
    """A CSV in one block, for formats whose rows have to be turned round or looked at together."""
    found = list(blocks(source, columns, skip=skip, delimiter=delimiter))
    return Block(pa.concat_tables([block.columns for block in found]), found[0].where)


def header(source: Source, skip: int = 0, delimiter: str = ",") -> list[str]:
    """The names in a CSV's header; DataError if two are the same or there is none."""
    lines = source.first_lines[skip : skip + 1]
    if not lines:
        raise DataError(f"{source.name}: no rows; expected a header and at least one row")
    names = [name.strip() for name in next(plain_csv.reader(lines, delimiter=delimiter))]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise DataError(f"{source.name}:{skip + 1}: two columns are called {min(twice)!r}; rename one")
    return names


def fields(source: Source, skip: int = 0, delimiter: str = ",") -> list[str]:
    """The cells of the first row after `skip` lines."""
    lines = source.first_lines[skip : skip + 1]
    return next(plain_csv.reader(lines, delimiter=delimiter)) if lines else []


def read_parquet(source: Source) -> Iterator[tuple[pa.Table, Where]]:
    """A Parquet or feather file as it is, a block at a time; DataError if it is cut or neither."""
    try:
        if source.suffix == ".feather":
            table = feather.read_table(source.path)
            source.reached(1.0)
            yield table, numbered(source, 1)
            return
        if source.member:
            with source.open() as packed:
                place: Any = pa.BufferReader(packed.read())
        else:
            place = source.path
        with pq.ParquetFile(place) as file:
            row, rows = 0, max(1, file.metadata.num_rows)
            for batch in file.iter_batches(batch_size=1 << 18, use_threads=False):
                source.reached((row + batch.num_rows) / rows)
                yield pa.Table.from_batches([batch]), numbered(source, row + 1)
                row += batch.num_rows
    except FileNotFoundError:
        raise DataError(f"no file at {source.path}") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(
            f"{source.name}: not a readable {source.suffix[1:]} file: {str(error).splitlines()[0]}"
        ) from None


def document(source: Source) -> Any:
    """A JSON document whose numbers stay text, so that no digit is lost; DataError names line and column."""
    try:
        return json.loads(source.text(), parse_float=str, parse_int=str, parse_constant=_no_constant)
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"{source.name}: not readable JSON: {error}; is the file whole?") from None
    except ValueError as error:
        raise DataError(f"{source.name}: {error}") from None


def texts(rows: Sequence[Sequence[Any]], place: int) -> pa.Array:
    """One field of many rows as a column of text."""
    return pa.array([None if row[place] is None else str(row[place]) for row in rows], pa.string())


def numbered(source: Source, first: int) -> Where:
    """`file:line` for rows counted from a first line."""
    return lambda row: f"{source.name}:{row + first}"


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")
