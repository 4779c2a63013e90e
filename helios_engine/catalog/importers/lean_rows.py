"""The rows of LEAN's files of bars, quotes and margin interest: headerless CSV, times by milliseconds or by dates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helios_engine.catalog import decimals, truths
from helios_engine.catalog.importers import float_noise, reading, rows
from helios_engine.catalog.importers.contract import Ask, Rows, Source
from helios_engine.catalog.importers.frames import settled
from helios_engine.catalog.importers.lean_paths import TIMEFRAMES, Layout
from helios_engine.catalog.importers.lean_quotes import QUOTE, quotes
from helios_engine.catalog.importers.notes import Note, Noted, note
from helios_engine.catalog.importers.reading import Block
from helios_engine.catalog.importers.times import Times, written
from helios_engine.catalog.truths import Where
from helios_engine.errors import DataError
from helios_engine.timeframe import DAY, UNITS, timeframe_ns

TRADE = ("time", "open", "high", "low", "close", "volume")
_COLUMNS = {"trade": TRADE, "quote": QUOTE, "funding": ("time", "rate")}
_MINUTES = (r"^\d{8} \d{2}:\d{2}$", "%Y%m%d %H:%M")
_SECONDS = (r"^\d{8} \d{2}:\d{2}:\d{2}$", "%Y%m%d %H:%M:%S")
_LINEAR = ("dydx",)
"""Where a future on a plain USD pair is not coin-margined."""


def blocks(source: Source, found: Layout, ask: Ask) -> Iterator[Noted]:
    """Bars, quotes or funding rates of a file; DataError for a row that cannot be of its layout."""
    timeframe = ""
    for table, where in _tables(source, found):
        times = _times(table["time"], found, where)
        if found.what == "funding":
            rate = decimals.parse(table["rate"], "rate", where, signed=True)
            yield rows.funding(source, found.instrument, times, rate, where), ()
            continue
        timeframe = timeframe or settled(ask.timeframe, TIMEFRAMES[found.resolution], times, where)
        if found.what == "quote":
            block, notes = quotes(source, found.instrument, times, timeframe_ns(timeframe), table, where, ask)
        else:
            block, notes = _bars(source, found, timeframe, times, table, where)
        if block.table.num_rows:
            yield block, [*notes, *_contracts(found, block)]


def stamps(source: Source, found: Layout) -> Iterator[int]:
    """The times in a file, ns UTC."""
    for table, where in _tables(source, found):
        yield from _times(table["time"], found, where).tolist()


def _tables(source: Source, found: Layout) -> Iterator[Block]:
    columns = _COLUMNS[found.what]
    cells = reading.fields(source)
    if len(cells) != len(columns):
        raise DataError(
            f"{source.name}:1: {len(cells)} columns; LEAN's {found.what} files have {len(columns)}: "
            f"{', '.join(columns)}"
        )
    return reading.blocks(source, columns)


def _bars(source: Source, found: Layout, timeframe: str, opened: Times, table: pa.Table, where: Where) -> Noted:
    length = timeframe_ns(timeframe)
    volume, noisy = float_noise.parse(table["volume"], "volume", where, size=True)
    values = {**rows.numbers(table, {name: name for name in rows.PRICES}, where), "volume": volume}
    notes = float_noise.noise(noisy, opened + length, "the volume")
    return rows.bars(source, found.instrument, timeframe, opened, length, values, where), notes


def _times(column: Any, found: Layout, where: Where) -> Times:
    """Milliseconds of the file's day, or written dates; both UTC, which is what LEAN keeps all crypto in."""
    if found.midnight:
        found_ms, scale = decimals.parse(column, "time", where)
        bad = np.full(len(found_ms), scale > 0) | (found_ms >= DAY // UNITS["ms"])
        truths.refuse(
            bad, where, lambda i: f"the time is {column[i].as_py()}, expected whole ms since midnight, below 86400000"
        )
        return found.midnight + found_ms * UNITS["ms"]
    pattern, form = _SECONDS if found.what == "funding" else _MINUTES
    fits = pc.match_substring_regex(decimals.flat(column), pattern).to_numpy(zero_copy_only=False)
    truths.refuse(~fits, where, lambda i: f"the time is {column[i].as_py()!r}, expected the form {form}")
    return written(column, where, None, form)


def _contracts(found: Layout, block: Rows) -> list[Note]:
    """Coin-margined futures count contracts of a fixed worth in USD, not units of the base currency."""
    if not found.is_future or not found.symbol.endswith("usd") or found.venue in _LINEAR:
        return []
    text = (
        f"{found.symbol} of {found.venue} is coin-margined: the sizes of {{}} rows count contracts of a fixed worth in "
        "USD (the contract multiplier of LEAN's symbol properties), not units of the base currency"
    )
    return [note("contracts", text, block.table["ts"].to_numpy(), "warn")]
