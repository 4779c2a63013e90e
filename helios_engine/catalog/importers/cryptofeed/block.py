"""Gathered cells of text to rows of a kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from helios_engine.bodies import Instrument
from helios_engine.catalog import decimals
from helios_engine.catalog.decimals import Number
from helios_engine.catalog.importers import rows
from helios_engine.catalog.importers.contract import Rows, Source, Symbol


class Block(NamedTuple):
    """Cells of text of one kind and symbol, column by column."""

    source: Source
    who: Symbol | Instrument
    cells: Sequence[Sequence[Any]]
    places: Sequence[str]
    offset: int
    exponents: bool

    def trades(self) -> Rows:
        ts, event, price, quantity, side, ids = self.cells
        found = {"price": self._number("price", price), "quantity": self._number("quantity", quantity)}
        made = (self.source, _symbol(self.who), _ns(ts), _ns(event), found, pa.array(side, pa.int8()), list(ids))
        return rows.trades(*made, self.where, clock_offset=self.offset)._replace(symbol=self.who)

    def quotes(self) -> Rows:
        ts, event, *cells = self.cells
        names = ("bid", "ask", "bid_quantity", "ask_quantity")
        found = {name: self._number(name, column) for name, column in zip(names, cells, strict=True)}
        made = (self.source, _symbol(self.who), _ns(ts), _ns(event), found)
        return rows.quotes(*made, self.where, clock_offset=self.offset)._replace(symbol=self.who)

    def books(self) -> Rows:
        ts, event, sequence, snapshot, side, price, quantity = self.cells
        columns = {
            "ts": _ns(ts),
            "ts_event": _ns(event),
            "sequence": _ns(sequence),
            "snapshot": pa.array(snapshot, pa.bool_()),
            "side": pa.array(side, pa.int8()),
        }
        found = {"price": self._number("price", price), "quantity": self._number("quantity", quantity)}
        made = rows.books(self.source, _symbol(self.who), columns, found, self.where, clock_offset=self.offset)
        return made._replace(symbol=self.who)

    def where(self, row: int) -> str:
        return self.places[row]

    def _number(self, name: str, column: Sequence[str]) -> Number:
        limit = decimals.WHOLE if name.endswith("quantity") else decimals.EXACT
        return decimals.parse(
            pa.array(column, pa.string()), name, self.where, allow_exponent=self.exponents, limit=limit
        )


def _symbol(who: Symbol | Instrument) -> Symbol:
    return who if isinstance(who, Symbol) else Symbol(*who.instrument.rpartition(".")[::2])


def _ns(values: Sequence[int]) -> Any:
    return np.array(values, np.int64)
