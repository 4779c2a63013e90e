"""Binance spot klines: headerless CSV of twelve columns, plain or gzip, as the exchange's archive has them.

Columns: open time, open, high, low, close, base volume, close time, quote volume, trades, taker base, taker
quote, ignore. Times are milliseconds, and microseconds in files from 2025 on; which one is told by size.
The interval is the user's word, not the close time's: a halted bar carries a shortened one.
"""

from __future__ import annotations

from pathlib import Path

from helios_engine.catalog import decimals
from helios_engine.catalog.importers import reading, rows
from helios_engine.catalog.importers.generic import Imported, bars_table
from helios_engine.errors import DataError
from helios_engine.timeframe import timeframe_ns

COLUMNS = (
    "open_time", "open", "high", "low", "close", "volume",
    "close_time", "quote", "trades", "taker_base", "taker_quote", "ignore",
)  # fmt: skip


def import_klines(
    path: Path, terms: rows.Terms, timeframe: str, *, sort: bool = False, drop_identical: bool = False
) -> Imported:
    """Read a klines file into a checked table of bars."""
    text = reading.read_text(path, COLUMNS)

    def where(row: int) -> str:
        return f"{path.name}:{row + 1}"

    unit = _unit(text["open_time"][0].as_py(), where(0))
    opened = reading.times(text["open_time"], unit, where)
    numbers = {name: decimals.parse(text[name], name, where) for name in ("open", "high", "low", "close", "volume")}
    return bars_table(
        terms,
        timeframe,
        opened,
        opened + timeframe_ns(timeframe),
        numbers,
        where,
        sort=sort,
        drop_identical=drop_identical,
    )


def _unit(first: str, where: str) -> str:
    """Milliseconds have 13 digits from 2001 to 2286, microseconds 16."""
    unit = {13: "ms", 16: "us"}.get(len(first))
    if unit is None or not first.isdigit():
        raise DataError(
            f"{where}: the first column is {first!r}; expected an open time in ms (13 digits) or us (16). "
            "Is this a klines file without a header? Else use --format generic"
        )
    return unit


__all__ = ["COLUMNS", "import_klines"]
