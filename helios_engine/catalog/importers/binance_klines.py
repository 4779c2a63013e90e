"""Binance klines: headerless CSV of twelve columns as the exchange's archive has them, and its REST's JSON rows.

Columns: open time, open, high, low, close, base volume, close time, quote volume, trades, taker base, taker
quote, ignore. Times are milliseconds, and microseconds in files from 2025 on; which one is told by size.
The timeframe is never taken from the close time: a halted bar carries a shortened one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pyarrow as pa

from helios_engine.catalog.importers import reading, rows
from helios_engine.catalog.importers.contract import Ask, Guess, Rows, Source, Symbol
from helios_engine.catalog.importers.frames import named_timeframe, settled
from helios_engine.catalog.importers.plausible import amounts_fit
from helios_engine.catalog.importers.symbols import told
from helios_engine.catalog.importers.times import epoch_unit, epochs
from helios_engine.catalog.truths import Where
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import timeframe_ns

COLUMNS = (
    "open_time", "open", "high", "low", "close", "volume",
    "close_time", "quote_volume", "trades", "taker_base", "taker_quote", "ignore",
)  # fmt: skip
_ROW = re.compile(r"\s*\[\s*\[([^\]]*)\]")
"""The first row of a list of rows."""
_NUMBERS = ("open", "high", "low", "close", "volume", "quote_volume")


def recognise(source: Source) -> Guess | None:
    """Twelve columns that begin and go on as a kline does: two times, one interval apart."""
    first = _first_row(source)
    if first is None or len(first) != len(COLUMNS):
        return None
    if epoch_unit(first[0]) not in ("ms", "us") or epoch_unit(first[6]) != epoch_unit(first[0]):
        return None
    return Guess(0.95, "twelve columns, an open time and a close time in the first and seventh")


def read(sources: Sequence[Source], ask: Ask) -> Iterator[Rows]:
    """Bars; the instrument is the first word of the file's name unless it is given."""
    for source in sources:
        timeframe = ""
        for table, where in _tables(source):
            unit = _unit(table["open_time"][0].as_py(), where)
            opened = epochs(table["open_time"], unit, where)
            if not timeframe:
                timeframe = settled(ask.timeframe, named_timeframe(source.stem), opened, where)
            epochs(table["close_time"], unit, where)
            found = rows.numbers(table, {name: name for name in _NUMBERS}, where)
            amounts_fit(found, where)
            yield rows.bars(source, _symbol(source, ask), timeframe, opened, timeframe_ns(timeframe), found, where)


def _tables(source: Source) -> Iterator[tuple[pa.Table, Where]]:
    if source.suffix != ".json":
        yield from reading.blocks(source, COLUMNS, skip=_has_header(source))
        return
    found = reading.document(source)
    if not isinstance(found, list) or not found:
        raise DataError(f"{source.name}: expected a JSON list of rows, found {type(found).__name__}")
    for number, row in enumerate(found):
        if not isinstance(row, list) or len(row) != len(COLUMNS):
            raise DataError(f"{source.name}: row {number + 1} has not the twelve fields of a kline")
    columns = {name: reading.texts(found, place) for place, name in enumerate(COLUMNS)}
    yield pa.table(columns), lambda row: f"{source.name}: row {row + 1}"


def _first_row(source: Source) -> list[str] | None:
    if source.suffix == ".json":
        found = _ROW.match(source.head[:2048].decode("utf-8", "replace"))
        return found and [cell.strip().strip('"') for cell in found[1].split(",")]
    return reading.fields(source, _has_header(source))


def _has_header(source: Source) -> int:
    """Files of the futures archive have a header line."""
    return int(bool(source.first_lines) and source.first_lines[0].startswith("open_time,"))


def _unit(first: str, where: Where) -> str:
    unit = epoch_unit(first)
    if unit not in ("ms", "us"):
        raise DataError(
            f"{where(0)}: the first column is {first!r}; expected an open time in ms (13 digits) or us (16). "
            "Is this a klines file? Else use --format generic"
        )
    return unit


def _symbol(source: Source, ask: Ask) -> Symbol:
    """From the user's word or else the file's name."""
    if ask.instrument is not None:
        return told(ask.instrument)
    word = source.stem.split("-")[0]
    if not (word.isalnum() and word.isupper() and len(word) > 4):
        raise ConfigError(f"{source.name}: its name does not say what it is of; add --instrument SYMBOL.BINANCE")
    return Symbol(word, "BINANCE")
