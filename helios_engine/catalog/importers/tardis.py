"""Tardis.dev CSVs: trades, quotes, book snapshots of 5 or 25 levels, and incremental_book_L2.

`local_timestamp` (us) is when Tardis received a message, and is `ts`; `timestamp` is the exchange's, `ts_event`. The
instrument is in the rows. Books have no ids, so that `sequence` counts the messages of a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helios_engine.catalog.decimals import flat
from helios_engine.catalog.importers import reading, rows
from helios_engine.catalog.importers.contract import Ask, Guess, Rows, Source, Symbol
from helios_engine.catalog.importers.tardis_books import Incremental, snapshots
from helios_engine.catalog.importers.tick_columns import Clock, only
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.truths import Where, refuse
from helios_engine.errors import DataError

_BEGINS = "exchange,symbol,timestamp,local_timestamp,"
_TRADES = _BEGINS + "id,side,price,amount"
_QUOTES = _BEGINS + "ask_amount,ask_price,bid_price,bid_amount"
_CHANGES = _BEGINS + "is_snapshot,side,price,amount"
_SNAPSHOT = re.compile(re.escape(_BEGINS) + r"asks\[0\]\.price,asks\[0\]\.amount,bids\[0\]\.price,bids\[0\]\.amount")
_VENUES = {"binance": "BINANCE", "binance-futures": "BINANCE_USDM", "binance-delivery": "BINANCE_COINM"}
_SIDES = {"buy": 1, "sell": -1, "unknown": 0, "": 0}
_NAMES = {"bid": "bid_price", "ask": "ask_price", "bid_quantity": "bid_amount", "ask_quantity": "ask_amount"}


def recognise(source: Source) -> Guess | None:
    """The header of one of the four layouts."""
    header = source.first_lines[0] if source.first_lines else ""
    if header in (_TRADES, _QUOTES, _CHANGES) or _SNAPSHOT.match(header):
        return Guess(0.95, "the header of a Tardis CSV")
    return None


def read(sources: Sequence[Source], ask: Ask) -> Iterator[Rows]:
    """Rows of the kind that a header says; one instrument a file.

    Raises DataError with the line for cells that cannot be true, ConfigError where a clock ran behind.
    """
    for source in sources:
        header = source.first_lines[0] if source.first_lines else ""
        clock = Clock(ask)
        make: Callable[[Source, Symbol, pa.Table, Clock, Where], Iterator[Rows]]
        if header == _TRADES:
            make = _trades
        elif header == _QUOTES:
            make = _quotes
        elif header == _CHANGES:
            make = Incremental().rows
        elif _SNAPSHOT.match(header):
            make = snapshots
        else:
            raise DataError(f"{source.name}:1: the header is {header[:60]!r}, expected that of a Tardis CSV")
        first: tuple[str, str] | None = None
        for table, where in reading.blocks(source, None):
            first = first or (str(table["exchange"][0].as_py()), str(table["symbol"][0].as_py()))
            only(table, "exchange", first[0], where)
            only(table, "symbol", first[1], where)
            yield from make(source, _symbol(*first), table, clock, where)


def _symbol(exchange: str, name: str) -> Symbol:
    venue = _VENUES.get(exchange, exchange.upper().replace("-", "_"))
    if exchange == "deribit" and name.endswith("-PERPETUAL") and "_" not in name:
        return Symbol(name, venue, name.partition("-")[0], "USD")
    return Symbol(name.upper(), venue)


def _trades(source: Source, symbol: Symbol, table: pa.Table, clock: Clock, where: Where) -> Iterator[Rows]:
    event, ts = _times(table, clock, where)
    found = rows.numbers(table, {"price": "price", "quantity": "amount"}, where)
    words = flat(table["side"]).to_pylist()
    side = np.array([_SIDES.get(word, 2) for word in words], np.int8)
    refuse(side == 2, where, lambda row: f"side is {words[row]!r}, expected buy, sell or unknown")
    ids = flat(table["id"])
    yield rows.trades(source, symbol, ts, event, found, pa.array(side), ids, where, clock_offset=clock.offset)


def _quotes(source: Source, symbol: Symbol, table: pa.Table, clock: Clock, where: Where) -> Iterator[Rows]:
    event, ts = _times(table, clock, where)
    full = np.ones(len(ts), bool)
    for name in _NAMES.values():
        full &= pc.not_equal(flat(table[name]), "").to_numpy(zero_copy_only=False)
    if not full.any():
        raise DataError(f"{where(0)}: none of the {len(ts):,} quotes from here on has both sides")
    lines = np.flatnonzero(full)

    def at(row: int) -> str:
        return where(int(lines[row]))

    found = rows.numbers(table.filter(pa.array(full)), _NAMES, at)
    made = rows.quotes(source, symbol, ts[full], event[full], found, at, clock_offset=clock.offset)
    yield made._replace(issues=_one_sided(ts[~full]))


def _one_sided(left_out: Any) -> tuple[Issue, ...]:
    if not len(left_out):
        return ()
    detail = f"{len(left_out):,} quotes with an empty side were left out"
    begin, end = int(left_out[0]), int(left_out[-1]) + 1
    return (Issue(kind="one_sided", severity="info", ts_from=begin, ts_to=end, detail=detail, origin="import"),)


def _times(table: pa.Table, clock: Clock, where: Where) -> Any:
    event = clock.times(table, "timestamp", where)
    return event, clock.received(table, "local_timestamp", event, where)
