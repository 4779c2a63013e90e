"""Bybit order books: the archive's `*_ob500.data` (JSON lines, snapshot then deltas), updates of five levels as CSV.

Archive: `ts` is when Bybit sent a message, `cts` when the book changed; `u` counts messages one by one. CSV: the side
that changed, symbol, receive time (ms, with a fraction), exchange time (ms), and the book's five best levels as Python
writes lists, of which every row has both sides, and so is a snapshot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from helios_engine.catalog.importers import reading, rows
from helios_engine.catalog.importers.binance_capture_book import Update
from helios_engine.catalog.importers.binance_capture_market import Market
from helios_engine.catalog.importers.binance_capture_messages import Count, Levels, Milliseconds, numbered_lines
from helios_engine.catalog.importers.contract import Ask, Guess, Rows, Source, Symbol
from helios_engine.catalog.importers.tick_columns import Clock
from helios_engine.catalog.truths import Where
from helios_engine.errors import DataError

_MS = 1_000_000
_COLUMNS = ("changed", "symbol", "received", "exchange", "levels")
_LEVEL = r"\['[0-9.]{1,40}', '[0-9.]{1,40}'\]"
_SIDE = rf"\[({_LEVEL}(?:, {_LEVEL}){{0,49}})\]"
_BOOK = re.compile(rf"\[{_SIDE}, {_SIDE}\]")
_PAIR = re.compile(r"'([0-9.]+)', '([0-9.]+)'")
_TOPIC = re.compile(r'\s*\{\s*"topic"\s*:\s*"orderbook\.')
_CHANGED = ("both", "bid", "ask")


class _Data(msgspec.Struct, gc=False):
    s: str
    b: Levels
    a: Levels
    u: Count


class _Message(msgspec.Struct, gc=False):
    topic: str
    type: str
    ts: Milliseconds
    data: _Data
    cts: Milliseconds = 0


_decode = msgspec.json.Decoder(_Message).decode


def recognise(source: Source) -> Guess | None:
    """JSON lines of an `orderbook` topic, or rows of five cells with a book in the last."""
    first = source.first_lines[0] if source.first_lines else ""
    if _TOPIC.match(first):
        return Guess(0.95, "lines of Bybit's orderbook topic")
    if first.startswith(tuple(f"{word}," for word in _CHANGED)) and '"[[[' in first:
        return Guess(0.9, "rows of a changed side, a symbol, two times and a book of two sides")
    return None


def read(sources: Sequence[Source], ask: Ask) -> Iterator[Rows]:
    """Books of every symbol in the files; DataError with the line for what cannot be true."""
    for source in sources:
        first = source.first_lines[0] if source.first_lines else ""
        yield from _updates(source, ask) if first.startswith(_CHANGED) else _archive(source)


def _archive(source: Source) -> Iterator[Rows]:
    market: Market | None = None
    for number, line in numbered_lines(source):
        place = f"{source.name}:{number}"
        try:
            message = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DataError(f"{place}: not an orderbook message of Bybit: {error}; is the file whole?") from None
        data, ts = message.data, message.ts * _MS
        market = market or Market(data.s, "BYBIT", 0)
        if data.s != market.symbol.symbol or not message.topic.endswith("." + data.s):
            raise DataError(f"{place}: a message of {data.s} in a file of {market.symbol.symbol}; split the file")
        if message.cts > message.ts or ts < market.received:
            raise DataError(f"{place}: ts {message.ts} is before cts, or before the line above; expected rising times")
        market.received = ts
        event = (message.cts or message.ts) * _MS
        whole = message.type == "snapshot"
        update = Update(ts, event, data.u, data.u, data.u - 1, data.b, data.a, number, source.name, whole)
        if market.is_full:
            yield from market.flush(source)
        if whole:
            market.write(update)
            for later in market.book.snapshot(update):
                market.write(later)
        elif message.type != "delta":
            raise DataError(f"{place}: type is {message.type!r}, expected snapshot or delta")
        elif market.book.update(update):
            market.write(update)
    if market is None:
        raise DataError(f"{source.name}: no rows; expected at least one")
    market.book.pause(source.name, "the file that begins with a snapshot")
    yield from market.flush(source)
    found = list(market.finish([]))
    if not found:
        raise DataError(f"{source.name}: no book can be kept: {market.book.issues[0].detail}")
    yield from found


def _updates(source: Source, ask: Ask) -> Iterator[Rows]:
    """Snapshots by symbol, a block of the file at a time."""
    clock = Clock(ask)
    for table, where in reading.blocks(source, _COLUMNS):
        event = clock.times(table, "exchange", where)
        ts = clock.received(table, "received", event, where)
        cells = {name: table[name].to_pylist() for name in ("changed", "symbol", "levels")}
        groups: dict[str, list[int]] = {}
        for row, (changed, symbol) in enumerate(zip(cells["changed"], cells["symbol"], strict=True)):
            if changed not in _CHANGED or not re.fullmatch("[0-9A-Z]{5,30}", symbol):
                raise DataError(
                    f"{where(row)}: found {changed!r} and {symbol!r}, expected both, bid or ask and a symbol"
                )
            groups.setdefault(symbol, []).append(row)
        for symbol, found in groups.items():
            books = [_book(cells["levels"][row], row, where) for row in found]
            yield _snapshots(source, symbol, np.array(found), books, (ts, event), where, clock)


def _book(text: str, row: int, where: Where) -> tuple[Levels, Levels]:
    """Bids and asks, best first; asks are written with the best last."""
    match = _BOOK.fullmatch(text)
    if match is None:
        raise DataError(f"{where(row)}: the book is {text[:60]!r}, expected [[['price', 'quantity'], ...], [...]]")
    return _PAIR.findall(match[1]), _PAIR.findall(match[2])[::-1]


def _snapshots(
    source: Source, symbol: str, at: Any, books: Sequence[tuple[Levels, Levels]], times: Any, where: Where, clock: Clock
) -> Rows:
    counts = [(len(bids), len(asks)) for bids, asks in books]
    number = np.repeat(np.arange(len(books)), [bids + asks for bids, asks in counts])
    levels = [level for bids, asks in books for level in (*bids, *asks)]
    first_line = int(where(0).rpartition(":")[2])
    columns = {
        "ts": times[0][at][number],
        "ts_event": times[1][at][number],
        "sequence": at[number] + first_line,
        "snapshot": np.ones(len(number), bool),
        "side": np.repeat(np.tile(np.array([1, -1], np.int8), len(books)), np.array(counts).reshape(-1)),
    }
    table = pa.table(dict(zip(("price", "quantity"), map(pa.array, zip(*levels, strict=True)), strict=True)))

    def place(row: int) -> str:
        return where(int(at[number[row]]))

    found = rows.numbers(table, {"price": "price", "quantity": "quantity"}, place)
    return rows.books(source, Symbol(symbol, "BYBIT"), columns, found, place, clock_offset=clock.offset)
