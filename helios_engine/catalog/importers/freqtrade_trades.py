"""Freqtrade's trades: checked against their own costs, and in the order of their ids within a millisecond."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from helios_engine.catalog import decimals
from helios_engine.catalog.decimals import Number
from helios_engine.catalog.importers import float_noise, rows
from helios_engine.catalog.importers.contract import Source, Symbol
from helios_engine.catalog.importers.freqtrade_names import Name
from helios_engine.catalog.importers.freqtrade_tables import Lines
from helios_engine.catalog.importers.notes import Noted, note
from helios_engine.catalog.importers.times import Times, epochs
from helios_engine.catalog.truths import Where
from helios_engine.errors import DataError

_SIDES = {"buy": 1, "sell": -1, "": 0}
_TOLERANCE = 0.02


def trades(source: Source, found: Iterator[Lines], symbol: Symbol, name: Name | None, pair: str) -> Iterator[Noted]:
    """Trades, known when they happened; `pair` is what the rows say, and is told if the name says another."""
    for block in _whole_milliseconds(found):
        ts = epochs(block.table["timestamp"], "ms", block.where)
        order = _by_id(ts, block.table["id"])
        moved = order != np.arange(len(ts))
        if moved.any():
            block = block._replace(table=block.table.take(pa.array(order)), numbers=block.numbers[order])
        table, where = block.table, block.where
        price, rounded = float_noise.parse(table["price"], "price", where)
        quantity, noisy = float_noise.parse(table["amount"], "amount", where, size=True)
        _costs_fit(table, price, quantity, where)
        values = {"price": price, "quantity": quantity}
        ids = pc.fill_null(table["id"], "")
        notes = [*float_noise.noise(rounded, ts, "the price"), *float_noise.noise(noisy, ts, "the amount")]
        if moved.any():
            text = "{} rows stood out of the order of their ids within a millisecond; put in that order"
            notes.append(note("reordered", text, ts[moved]))
        if pair and name is not None and pair.partition(":")[0] != f"{name.base}/{name.quote}":
            text = f"{source.name} is named {name.base}/{name.quote}; its rows say {pair}, and that counts"
            notes.append(note("name", text, ts))
        yield rows.trades(source, symbol, ts, ts, values, _sides(table["side"], where), ids, where), notes


def _whole_milliseconds(found: Iterator[Lines]) -> Iterator[Lines]:
    """The same rows in blocks that end where a millisecond ends."""
    rest: Lines | None = None
    for block in found:
        if rest is not None:
            table = pa.concat_tables([rest.table, block.table]).combine_chunks()
            block = block._replace(table=table, numbers=np.concatenate([rest.numbers, block.numbers]))
        stamps = block.table["timestamp"]
        other = np.flatnonzero(pc.fill_null(pc.not_equal(stamps, stamps[-1]), True).to_numpy())
        end = int(other[-1]) + 1 if other.size else 0
        rest = block._replace(table=block.table.slice(end), numbers=block.numbers[end:])
        if end:
            yield block._replace(table=block.table.slice(0, end), numbers=block.numbers[:end])
    if rest is not None:
        yield rest


def _by_id(ts: Times, ids: pa.ChunkedArray) -> NDArray[np.int64]:
    """Rows in order of time and number; as they are where ids are no numbers, or times fall."""
    unchanged = np.arange(len(ts))
    if ids.null_count or (ts[1:] < ts[:-1]).any():
        return unchanged
    try:
        numbers = pc.cast(ids, pa.int64()).to_numpy()
    except pa.ArrowInvalid:
        return unchanged
    return np.lexsort((numbers, ts))


def _costs_fit(table: pa.Table, price: Number, quantity: Number, where: Where) -> None:
    """Cost is price times amount; DataError if more than a fiftieth of the rows say otherwise."""
    if "cost" not in table.column_names or table["cost"].null_count == table.num_rows:
        return
    try:
        cost = pc.cast(table["cost"], pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        cost = decimals.parse(table["cost"], "cost", where, allow_exponent=True).units.astype(np.float64)
    values = (price.units / 10**price.scale) * (quantity.units / 10**quantity.scale)
    bad = np.abs(cost - values) > _TOLERANCE * np.abs(values)
    if bad.mean() > 1 / 50:
        row = int(bad.argmax())
        raise DataError(
            f"{where(row)}: cost is {cost[row]:g}, price times amount {values[row]:g} ({int(bad.sum()):,} such rows): "
            "the columns are not in the order expected; name them with --format generic --map"
        )


def _sides(column: pa.ChunkedArray, where: Where) -> pa.Array:
    words = pc.fill_null(column, "").to_pylist()
    sides = [_SIDES.get(word) for word in words]
    if None in sides:
        row = sides.index(None)
        raise DataError(f"{where(row)}: side is {words[row]!r}, expected buy or sell")
    return pa.array(sides, pa.int8())
