"""What a capture holds of one instrument: messages in, blocks of rows out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from helios_engine.catalog.importers import rows
from helios_engine.catalog.importers.binance_capture_book import Book, Update
from helios_engine.catalog.importers.binance_capture_messages import SPOT, Message
from helios_engine.catalog.importers.contract import Rows, Source, Symbol
from helios_engine.catalog.importers.rows import numbers
from helios_engine.catalog.manifest import Issue

_BLOCK = 65_536
_EMPTY = [("0", "0")]
_TRADE = ("ts", "ts_event", "line", "price", "quantity", "side", "trade_id")
_QUOTE = ("ts", "ts_event", "line", "bid", "ask", "bid_quantity", "ask_quantity")
_KINDS = ("books", "trades", "quotes")
_MS = 1_000_000
LATE = 1_000_000_000
"""A clock offset that makes even the fastest message a second late is most likely too large (ns)."""


class Market:
    """One instrument's trades, quotes and book. A block of each kind is held back so that issues can go with it."""

    def __init__(self, symbol: str, venue: str, clock_offset: int) -> None:
        """On spot a book's sequence is by `U`, elsewhere by `pu`."""
        self.symbol, self.venue = Symbol(symbol, venue), venue
        self.received, self.place = 0, ""
        self._offset = clock_offset
        self.book = Book(chained=venue != SPOT)
        self._trades: list[tuple[Any, ...]] = []
        self._quotes: list[tuple[Any, ...]] = []
        self._updates: list[Update] = []
        self._levels = 0
        self._other: list[int] = []
        self._held: dict[str, Rows] = {}
        self._fastest = 1 << 62

    def trade(self, ts: int, line: int, m: Message) -> None:
        """A trade; one that the exchange made to itself (insurance fund, deleveraging) is left out and counted."""
        if m.type in ("", "MARKET"):
            side = -1 if m.buyer_is_maker else 1
            self._trades.append((ts, m.happened * _MS, line, m.price, m.quantity, side, str(m.trade)))
        else:
            self._other.append(ts)

    def quote(self, ts: int, line: int, m: Message) -> None:
        """The best bid and ask; on spot it has no time of its own."""
        event = (m.happened or m.sent) * _MS or ts
        self._quotes.append((ts, event, line, m.bids, m.asks, m.bid_quantity, m.ask_quantity))

    def write(self, update: Update) -> None:
        """The rows of a snapshot or depth update."""
        self._updates.append(update)
        self._levels += len(update.bids) + len(update.asks)

    def full(self, source: Source) -> Iterator[Rows]:
        """Blocks that are full, called before more is added, so that none is empty at the end."""
        if self._levels >= _BLOCK or len(self._trades) >= _BLOCK or len(self._quotes) >= _BLOCK:
            yield from self.flush(source)

    def flush(self, source: Source) -> Iterator[Rows]:
        """Everything that has been taken so far; the newest block of each kind stays back."""
        if self._updates:
            yield from self._hold(self._book_rows(source))
        if self._trades:
            yield from self._hold(self._trade_rows(source))
        if self._quotes:
            yield from self._hold(self._quote_rows(source))
        self._updates, self._trades, self._quotes, self._levels = [], [], [], 0

    def finish(self, issues: list[Issue]) -> Iterator[Rows]:
        """The blocks that were held back, with the issues of the kind; those of a kind without rows go with the first.

        `issues` are about trades, or about the whole capture.
        """
        there = [kind for kind in _KINDS if kind in self._held]
        found = {"books": self.book.issues, "trades": [*issues, *self._own_issues()], "quotes": list[Issue]()}
        for kind in _KINDS:
            if there and kind not in there:
                found[there[0]] = [*found[there[0]], *found[kind]]
        for kind in there:
            yield self._held.pop(kind)._replace(issues=tuple(found[kind]))

    def _hold(self, block: Rows) -> Iterator[Rows]:
        before = self._held.get(block.kind)
        if before is not None:
            yield before
        self._held[block.kind] = block
        late = block.table["ts"].to_numpy() - block.table["ts_event"].to_numpy()
        late = late[late != 0]
        if late.size:
            self._fastest = min(self._fastest, int(late.min()))

    def _trade_rows(self, source: Source) -> Rows:
        c = dict(zip(_TRADE, zip(*self._trades, strict=True), strict=True))
        where = _where(source, c["line"])
        found = numbers(_text(c, "price", "quantity"), {"price": "price", "quantity": "quantity"}, where)
        return rows.trades(
            source, self.symbol, _ints(c["ts"]), _ints(c["ts_event"]), found,
            pa.array(c["side"], pa.int8()), pa.array(c["trade_id"]), where, clock_offset=self._offset,
        )  # fmt: skip

    def _quote_rows(self, source: Source) -> Rows:
        c = dict(zip(_QUOTE, zip(*self._quotes, strict=True), strict=True))
        where = _where(source, c["line"])
        found = numbers(_text(c, *_QUOTE[3:]), {name: name for name in _QUOTE[3:]}, where)
        return rows.quotes(
            source, self.symbol, _ints(c["ts"]), _ints(c["ts_event"]), found, where, clock_offset=self._offset
        )

    def _book_rows(self, source: Source) -> Rows:
        levels: list[tuple[str, str]] = []
        counts, sides = [], []
        for update in self._updates:
            levels += update.bids
            levels += update.asks
            found = [len(update.bids), len(update.asks), int(update.snapshot and not update.bids and not update.asks)]
            if found[2]:
                levels += _EMPTY
            sides += found
            counts.append(found[0] + found[1] + found[2])
        prices, quantities = zip(*levels, strict=True)
        places, place = [(u.file, u.line) for u in self._updates], np.repeat(np.arange(len(counts)), counts)
        columns = {
            name: np.repeat(np.array([getattr(u, field) for u in self._updates]), counts)
            for name, field in (("ts", "ts"), ("ts_event", "ts_event"), ("sequence", "last"), ("snapshot", "snapshot"))
        }
        columns["side"] = np.repeat(np.tile(np.array([1, -1, 0], np.int8), len(self._updates)), sides)
        table = pa.table({"price": pa.array(prices), "quantity": pa.array(quantities)})

        def where(row: int) -> str:
            return "{}:{}".format(*places[place[row]])

        found_numbers = numbers(table, {"price": "price", "quantity": "quantity"}, where)
        return rows.books(source, self.symbol, columns, found_numbers, where, clock_offset=self._offset)

    def _own_issues(self) -> Iterator[Issue]:
        spans = [block.table["ts"].to_numpy() for block in self._held.values()]
        if self._other:
            detail = f"{len(self._other):,} trades that were not on the market (X is not MARKET) were left out"
            begin, end = self._other[0], self._other[-1] + 1
            yield Issue(
                kind="not_market", severity="info", ts_from=begin, ts_to=end, detail=detail, origin="import"
            )  # fmt: skip
        if self._offset and LATE < self._fastest < 1 << 62 and spans:
            offset, fastest = self._offset / 1e9, self._fastest / 1e9
            detail = f"the fastest message took {fastest:.3f} s with a clock offset of {offset:g} s: is it too large?"
            begin, end = min(int(s[0]) for s in spans), max(int(s[-1]) for s in spans) + 1
            yield Issue(
                kind="clock_offset", severity="warn", ts_from=begin, ts_to=end, detail=detail, origin="import"
            )  # fmt: skip


def _ints(values: Any) -> Any:
    return np.array(values, np.int64)


def _text(columns: dict[str, Any], *names: str) -> pa.Table:
    return pa.table({name: pa.array(columns[name], pa.string()) for name in names})


def _where(source: Source, lines: Any) -> Any:
    return lambda row: f"{source.name}:{lines[row]}"
