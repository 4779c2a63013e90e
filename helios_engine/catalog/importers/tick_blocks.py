"""Messages put together to blocks of columns: trades, quotes and books as they are read one by one.

Cells go straight into a list for each column. A tuple a row, or a level, would be work for the garbage collector.
"""

from __future__ import annotations

from itertools import repeat
from typing import Any

import numpy as np
import pyarrow as pa

from helios_engine.catalog.importers import rows
from helios_engine.catalog.importers.binance_capture_book import Update
from helios_engine.catalog.importers.contract import Rows, Source, Symbol
from helios_engine.catalog.truths import Where


class Cells:
    """Rows of trades or quotes, whose columns of text are `names`."""

    def __init__(self, *names: str) -> None:
        self._names = names
        self.ts: list[int] = []
        self._event: list[int] = []
        self._line: list[int] = []
        self._text: list[list[str]] = [[] for _ in names]

    def __len__(self) -> int:
        return len(self.ts)

    def add(self, ts: int, event: int, line: int, *text: str) -> None:
        """One row; `text` are its cells in the order of the names."""
        self.ts.append(ts)
        self._event.append(event)
        self._line.append(line)
        for column, cell in zip(self._text, text, strict=True):
            column.append(cell)

    def trades(self, source: Source, symbol: Symbol, clock_offset: int) -> Rows:
        """The rows as trades, from `price, quantity, side` (`1` or `-1`) and `trade_id`."""
        table, where = self._table(), self._where(source)
        found = rows.numbers(table, {"price": "price", "quantity": "quantity"}, where)
        side = table["side"].cast(pa.int8())
        ts, event = _ints(self.ts), _ints(self._event)
        return rows.trades(
            source, symbol, ts, event, found, side, table["trade_id"], where, clock_offset=clock_offset
        )  # fmt: skip

    def quotes(self, source: Source, symbol: Symbol, clock_offset: int) -> Rows:
        """The rows as quotes, from `bid, ask, bid_quantity, ask_quantity`."""
        where = self._where(source)
        found = rows.numbers(self._table(), {name: name for name in self._names}, where)
        return rows.quotes(
            source, symbol, _ints(self.ts), _ints(self._event), found, where, clock_offset=clock_offset
        )  # fmt: skip

    def _table(self) -> pa.Table:
        columns = zip(self._names, self._text, strict=True)
        return pa.table({name: pa.array(column, pa.string()) for name, column in columns})

    def _where(self, source: Source) -> Where:
        lines = _ints(self._line)
        return lambda row: f"{source.name}:{lines[row]}"


class Levels:
    """Rows of books: the levels of snapshots and updates."""

    def __init__(self) -> None:
        self._price: list[str] = []
        self._quantity: list[str] = []
        self._side: list[int] = []
        self._heads: tuple[list[int], ...] = ([], [], [], [], [])
        self._counts: list[int] = []
        self._files: list[str] = []

    def __len__(self) -> int:
        return len(self._price)

    def add(self, update: Update) -> None:
        """The rows of a message, bids before asks; an empty snapshot is one row of side 0."""
        bids, asks = update.bids, update.asks
        self._price += [price for price, _ in bids]
        self._quantity += [quantity for _, quantity in bids]
        self._price += [price for price, _ in asks]
        self._quantity += [quantity for _, quantity in asks]
        self._side += repeat(1, len(bids))
        self._side += repeat(-1, len(asks))
        count = len(bids) + len(asks)
        if update.snapshot and not count:
            self._price.append("0")
            self._quantity.append("0")
            self._side.append(0)
            count = 1
        self._counts.append(count)
        self._files.append(update.file)
        head = (update.ts, update.ts_event, update.last, update.snapshot, update.line)
        for column, cell in zip(self._heads, head, strict=True):
            column.append(cell)

    def books(self, source: Source, symbol: Symbol, clock_offset: int) -> Rows:
        """The rows as books."""
        ts, event, sequence, snapshot, line = (np.repeat(_ints(column), self._counts) for column in self._heads)
        number = np.repeat(np.arange(len(self._counts)), self._counts)
        files = self._files

        def where(row: int) -> str:
            return f"{files[number[row]]}:{line[row]}"

        table = pa.table(
            {"price": pa.array(self._price, pa.string()), "quantity": pa.array(self._quantity, pa.string())}
        )
        found = rows.numbers(table, {"price": "price", "quantity": "quantity"}, where)
        columns: dict[str, Any] = {
            "ts": ts, "ts_event": event, "sequence": sequence, "snapshot": snapshot.astype(bool),
            "side": np.array(self._side, np.int8),
        }  # fmt: skip
        return rows.books(source, symbol, columns, found, where, clock_offset=clock_offset)


def _ints(values: Any) -> Any:
    return np.array(values, np.int64)
