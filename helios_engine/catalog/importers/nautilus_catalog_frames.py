"""Frames of floats from before nautilus had a catalog: trades with `buyer_maker`, quotes with `symbol`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from helios_engine.catalog.importers import rows
from helios_engine.catalog.importers.contract import Ask, Rows, Source, Symbol
from helios_engine.catalog.importers.nautilus_catalog_values import Noise, blocks, floats, words
from helios_engine.catalog.importers.times import written
from helios_engine.catalog.truths import Where
from helios_engine.errors import ConfigError, DataError

COLUMNS = {
    "plain trades": frozenset({"timestamp", "trade_id", "price", "quantity", "buyer_maker"}),
    "plain quotes": frozenset({"timestamp", "symbol", "ask_size", "ask", "bid_size", "bid"}),
}


def read(source: Source, kind: str, ask: Ask) -> Iterator[Rows]:
    """Trades or quotes; the venue does not stand in the file, so --instrument must say it."""
    if ask.instrument is None:
        raise ConfigError(f"{source.name}: it does not say of which venue it is; add --instrument SYMBOL.VENUE")
    plain, _, venue = ask.instrument.rpartition(".")
    symbol, noise = Symbol(plain, venue), Noise()
    for table, where, last in blocks(source):
        if not pa.types.is_timestamp(table.schema.field("timestamp").type):
            raise DataError(f"{source.name}: timestamp is {table.schema.field('timestamp').type}, expected a timestamp")
        event = written(table["timestamp"], where, ask.zone)
        ts = event + (ask.clock_offset or 0)
        names = {"price": "price", "quantity": "quantity"}
        if kind == "plain quotes":
            _one_symbol(table["symbol"], plain, where)
            names = {"bid": "bid", "ask": "ask", "bid_quantity": "bid_size", "ask_quantity": "ask_size"}
        found = {
            ours: floats(_floating(table, theirs, where), theirs, ts, where, noise) for ours, theirs in names.items()
        }
        if kind == "plain quotes":
            made = rows.quotes(source, symbol, ts, event, found, where)
        else:
            side, ids = _sides(table["buyer_maker"], where), words(table["trade_id"], where)
            made = rows.trades(source, symbol, ts, event, found, side, ids, where)
        yield made._replace(issues=noise.issues() if last else (), clock_offset=ask.clock_offset or 0)


def _floating(table: pa.Table, name: str, where: Where) -> Any:
    kind = table.schema.field(name).type
    if not pa.types.is_float64(kind):
        raise DataError(f"{where(0)}: {name} is of type {kind}, expected double")
    return table[name]


def _one_symbol(column: Any, plain: str, where: Where) -> None:
    for row, word in enumerate(column.to_pylist()):
        if word is None or word.replace("/", "").upper() != plain.replace("-", "").upper():
            raise DataError(f"{where(row)}: the symbol is {word!r}, but --instrument says {plain}")


def _sides(column: Any, where: Where) -> pa.Array:
    """Where the buyer was the maker, the taker sold."""
    found = [{"true": -1, "false": 1}.get(str(word).lower()) for word in column.to_pylist()]
    if None in found:
        row = found.index(None)
        raise DataError(f"{where(row)}: buyer_maker is {column[row].as_py()!r}, expected True or False")
    return pa.array(np.array(found, np.int8))
