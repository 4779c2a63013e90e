"""Binance streams flattened to CSV: trades, depth differences, depth snapshots, one trade or level a row.

Two families are read: `TimestampOfReceive,...` of spot (ms or us, snapshots below `#` lines), and
`symbol,timestamp,first_update_id,...` of USD-M futures (ms, snapshots and differences with `pu`). Snapshot and
difference files of one command that are of one instrument are merged by time, since neither makes a book alone.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from helios_engine.catalog.decimals import flat
from helios_engine.catalog.importers import reading, rows
from helios_engine.catalog.importers.binance_capture_book import Update
from helios_engine.catalog.importers.binance_capture_market import Market
from helios_engine.catalog.importers.binance_capture_messages import SPOT, USDM
from helios_engine.catalog.importers.binance_flat_depth import DIFFERENCES, FUTURES, SNAPSHOTS, Depth, updates
from helios_engine.catalog.importers.contract import Ask, Guess, Rows, Source, Symbol
from helios_engine.catalog.importers.tick_columns import Clock, flags, only, sides, whole
from helios_engine.catalog.manifest import Issue
from helios_engine.errors import ConfigError, DataError

_STREAM = "TimestampOfReceive,Stream,EventType,EventTime,"
_TRADES = _STREAM + "TransactionTime,Symbol,TradeId,Price,Quantity,IsBuyerMarketMaker"
_DEPTHS = {
    _STREAM + "Symbol,FirstUpdateId,FinalUpdateId,IsAsk,Price,Quantity": DIFFERENCES,
    "TimestampOfReceive,TimestampOfRequest,LastUpdateId,IsAsk,Price,Quantity": SNAPSHOTS,
    "symbol,timestamp,first_update_id,last_update_id,side,update_type,price,qty,pu": FUTURES,
}
_TITLE = re.compile(r"# DEPTH_SNAPSHOT (\w+) ([A-Z0-9]+) ")
_SHAPE = re.compile(r"# DataFrame shape: (\d+) x")
_NAME = re.compile(r"depth_snapshot_spot_([a-z0-9]+)_")


class _File(NamedTuple):
    """A depth file, what it is of, and the number of rows that it says it has (0: it does not say)."""

    source: Source
    depth: Depth
    skip: int
    symbol: str
    stated: int = 0


def recognise(source: Source) -> Guess | None:
    """The exact header of one of the layouts, below any lines that begin with `#`."""
    header = _header(source)[1]
    if header.startswith(_TRADES) or header in _DEPTHS:
        return Guess(0.95, "the header of a flattened Binance stream")
    return None


def read(sources: Sequence[Source], ask: Ask) -> Iterator[Rows]:
    """Trades and books; the instrument is the file's unless it is given.

    Raises ConfigError if a snapshot file does not say of what it is, DataError for differences without a snapshot
    and, with the line, for what cannot be true.
    """
    books: dict[tuple[str, str], list[_File]] = {}
    for source in sources:
        skip, header = _header(source)
        if header in _DEPTHS:
            file = _depth_file(source, _DEPTHS[header], skip, ask)
            books.setdefault((file.symbol, USDM if file.depth is FUTURES else SPOT), []).append(file)
        elif header.startswith(_TRADES):
            yield from _trades(source, skip, ask)
        else:
            raise DataError(
                f"{source.name}:{skip + 1}: the header is {header[:60]!r}, expected that of a flattened Binance "
                "stream; else use --format generic"
            )
    for (symbol, venue), files in books.items():
        yield from _book(symbol, venue, files, ask)


def _header(source: Source) -> tuple[int, str]:
    """How many `#` lines a file begins with, and the line below them."""
    for number, line in enumerate(source.first_lines):
        if not line.startswith("#"):
            return number, line
    return 0, ""


def _depth_file(source: Source, depth: Depth, skip: int, ask: Ask) -> _File:
    if depth is not SNAPSHOTS:
        cells = dict(zip(source.first_lines[skip].split(","), reading.fields(source, skip + 1), strict=False))
        return _File(source, depth, skip, cells.get(depth.columns["symbol"], ""))
    comments = "\n".join(source.first_lines[:skip])
    title, named, shape = _TITLE.search(comments), _NAME.search(source.path.name), _SHAPE.search(comments)
    if title is not None and title[1] != "SPOT":
        raise DataError(f"{source.name}: a snapshot of {title[1]} {title[2]}; only SPOT snapshots are read")
    symbol = title[2] if title else named[1].upper() if named else (ask.instrument or "").rpartition(".")[0]
    if not symbol:
        raise ConfigError(f"{source.name}: neither its name nor its rows say what it is of; add --instrument")
    return _File(source, depth, skip, symbol, int(shape[1]) if shape else 0)


def _book(symbol: str, venue: str, files: Sequence[_File], ask: Ask) -> Iterator[Rows]:
    """Snapshots and differences of an instrument, merged by time and checked as one sequence."""
    market, lead, issues = Market(symbol, venue, ask.clock_offset or 0), files[0].source, list[Issue]()
    streams = [_counted(file, ask, issues) for file in files]
    for update in heapq.merge(*streams, key=lambda update: update.ts):
        if market.is_full:
            yield from market.flush(lead)
        if update.snapshot:
            market.write(update)
            for later in market.book.snapshot(update):
                market.write(later)
        elif market.book.update(update):
            market.write(update)
    names = ", ".join(file.source.name for file in files)
    market.book.pause(names, f"the depth snapshot file of {symbol}")
    yield from market.flush(lead)
    found = list(market.finish(issues))
    if not found:
        reason = "; ".join(issue.detail for issue in market.book.issues) or "no rows"
        raise DataError(f"{names}: no book of {symbol}: {reason}")
    yield from found


def _counted(file: _File, ask: Ask, issues: list[Issue]) -> Iterator[Update]:
    """A file's messages; notes when there are fewer rows than it says, as in an excerpt."""
    count, begin, end = 0, 0, 0
    for update in updates(file.source, file.depth, file.symbol, file.skip, ask):
        begin, end = begin or update.ts, update.ts + 1
        count += len(update.bids) + len(update.asks)
        yield update
    if file.stated > count:
        detail = f"{file.source.name} says that it has {file.stated:,} rows and has {count:,}: it is an excerpt"
        issues.append(Issue(kind="excerpt", severity="warn", ts_from=begin, ts_to=end, detail=detail, origin="import"))


def _trades(source: Source, skip: int, ask: Ask) -> Iterator[Rows]:
    clock, symbol = Clock(ask), ""
    for table, where in reading.blocks(source, None, skip=skip):
        symbol = symbol or str(table["Symbol"][0].as_py())
        only(table, "Symbol", symbol, where)
        only(table, "EventType", "trade", where)
        event = clock.times(table, "TransactionTime", where)
        ts = clock.received(table, "TimestampOfReceive", event, where)
        found = rows.numbers(table, {"price": "Price", "quantity": "Quantity"}, where)
        bought = flags(table, "IsBuyerMarketMaker", "0", "1", where)
        whole(table, "TradeId", where)
        yield rows.trades(
            source, Symbol(symbol, SPOT), ts, event, found, sides(bought), flat(table["TradeId"]), where,
            clock_offset=clock.offset,
        )  # fmt: skip
