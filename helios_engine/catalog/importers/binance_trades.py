"""Trades and aggregate trades as Binance's public archive has them: CSV, plain, gzipped or in a zip.

Trades: id, price, qty, quoteQty, time, isBuyerMaker[, isBestMatch]. Aggregates: id, price, qty, first id, last id,
time, isBuyerMaker[, isBestMatch]. Spot files have no header; files of the futures archive have one, or lack
isBestMatch. Times are ms, us from 2025 on. The exchange's time is all there is, so that a trade is known when it
happened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helios_engine.catalog.decimals import Number, flat
from helios_engine.catalog.importers import reading, rows
from helios_engine.catalog.importers.contract import Ask, Guess, Rows, Source, Symbol
from helios_engine.catalog.importers.times import Times, epoch_unit, epochs
from helios_engine.catalog.truths import Where, refuse
from helios_engine.errors import ConfigError, DataError

_TRADES = ("id", "price", "qty", "quote_qty", "time", "is_buyer_maker", "is_best_match")
_AGGREGATES = ("id", "price", "qty", "first_id", "last_id", "time", "is_buyer_maker", "is_best_match")
_HEADER = re.compile(r"(?i)(agg_?trade_?)?id,price,(qty|quantity),")
_FLAG = re.compile(r"(?i)true|false")
_NAME = re.compile(r"([A-Z0-9]{4,}(?:_[A-Z0-9]+)?)-(trades|aggTrades)-")
_REMEDY = "Add --drop-identical if trades stand twice, --sort if rows were moved"
_ROUNDING = 0.005
"""How far price * quantity may be from the quote quantity: archives round it to eight decimals, or to whole cents."""


class _Layout(NamedTuple):
    """A file's columns, and how many lines stand before its rows."""

    columns: tuple[str, ...]
    skip: int


def recognise(source: Source) -> Guess | None:
    """Columns of the archive: an id, two numbers, a time, and flags at the end."""
    layout = _layout(source)
    if layout is None:
        return None
    if layout.skip or _NAME.match(source.path.name):
        return Guess(0.95, "an id, price, quantity, a time and flags, as the archive's header or name says")
    return Guess(0.8, "an id, price, quantity, a time, and true or false for the buyer being maker")


def read(sources: Sequence[Source], ask: Ask) -> Iterator[Rows]:
    """Trades; the instrument is the first word of the file's name unless it is given.

    Raises ConfigError if the name does not say it, DataError with the line for what cannot be true.
    """
    for source in sources:
        layout = _layout(source)
        if layout is None:
            raise DataError(
                f"{source.name}:1: found {source.first_lines[:1]}, expected the columns of a trades or aggTrades file "
                "of Binance's archive; else use --format generic"
            )
        symbol, unit, last = _symbol(source, layout, ask), "", -1
        for table, where in reading.blocks(source, layout.columns, skip=layout.skip):
            unit = unit or _unit(table["time"][0].as_py(), where)
            ts = epochs(table["time"], unit, where)
            found = rows.numbers(table, {"price": "price", "quantity": "qty"}, where)
            _amounts(table, found, symbol, where)
            last = _in_order(table, last, ask, where)
            side = _sides(table, where)
            yield rows.trades(source, symbol, ts, ts, found, side, flat(table["id"]), where)


def _layout(source: Source) -> _Layout | None:
    skip = int(bool(source.first_lines) and _HEADER.match(source.first_lines[0]) is not None)
    cells = reading.fields(source, skip)
    for columns in (_TRADES, _AGGREGATES):
        place = columns.index("time")
        for known in (columns, columns[:-1]):
            if len(cells) == len(known) and epoch_unit(cells[place]) in ("ms", "us"):
                flags = cells[place + 1 :]
                ids = [cell for name, cell in zip(known, cells, strict=True) if name.endswith("id")]
                if all(cell.isdigit() for cell in ids) and all(_FLAG.fullmatch(flag) for flag in flags):
                    return _Layout(known, skip)
    return None


def _symbol(source: Source, layout: _Layout, ask: Ask) -> Symbol:
    """The name's first word, at the market that the layout shows: spot and futures of a name are not one instrument."""
    match = _NAME.match(source.member) or _NAME.match(source.path.name)
    if match is None and ask.instrument is None:
        raise ConfigError(f"{source.name}: its name does not say what it is of; add --instrument SYMBOL.BINANCE")
    word = match[1] if match else ""
    if layout.skip or layout.columns[-1] == "is_buyer_maker":
        return Symbol(word, "BINANCE_COINM" if "USD_" in word else "BINANCE_USDM")
    return Symbol(word, "BINANCE")


def _unit(first: str, where: Where) -> str:
    unit = epoch_unit(first)
    if unit not in ("ms", "us"):
        raise DataError(f"{where(0)}: the time is {first!r}, expected ms (13 digits) or us (16) since 1970")
    return unit


def _sides(table: pa.Table, where: Where) -> pa.Array:
    """The taker's side: if the buyer was maker, the taker sold."""
    words = pc.utf8_lower(flat(table["is_buyer_maker"]))
    makers, takers = (pc.equal(words, word).to_numpy(zero_copy_only=False) for word in ("true", "false"))
    refuse(~(makers | takers), where, lambda row: f"isBuyerMaker is {words[row].as_py()!r}, expected true or false")
    return pa.array(np.where(makers, -1, 1).astype(np.int8))


def _in_order(table: pa.Table, last: int, ask: Ask, where: Where) -> int:
    """Ids are whole and rise; a trade that stands twice, or rows that were moved, show here. Returns the last."""
    ids = _whole(table, "id", where)
    if "first_id" in table.column_names:
        first, final = _whole(table, "first_id", where), _whole(table, "last_id", where)
        refuse(first > final, where, lambda row: f"the first id {first[row]} is above the last, {final[row]}")
    if not ask.sort:
        before = np.concatenate([[last], ids[:-1]])
        bad = ids < before if ask.drop_identical else ids <= before
        refuse(bad, where, lambda row: f"the id {ids[row]} comes after {before[row]}; expected rising ids. {_REMEDY}")
    return int(ids[-1])


def _whole(table: pa.Table, name: str, where: Where) -> Times:
    text = flat(table[name])
    is_id = pc.match_substring_regex(text, r"^[0-9]{1,18}$").to_numpy(zero_copy_only=False)
    refuse(~is_id, where, lambda row: f"{name} is {text[row].as_py()!r}, expected a whole number")
    return np.asarray(pc.cast(text, pa.int64()).to_numpy(), np.int64)


def _amounts(table: pa.Table, found: dict[str, Number], symbol: Symbol, where: Where) -> None:
    """Price times quantity is the quote quantity, where a file has one, or columns are mixed up.

    Files of COIN-M have the quantity in contracts and the base amount in its place, which says nothing.
    """
    if "quote_qty" not in table.column_names:
        return
    stated = rows.numbers(table, {"quote_volume": "quote_qty"}, where)["quote_volume"]
    if symbol.venue == "BINANCE_COINM":
        return
    price, quantity, quote = (n.units / 10**n.scale for n in (found["price"], found["quantity"], stated))
    bad = np.abs(price * quantity - quote) > _ROUNDING * np.maximum(quote, 1)
    refuse(
        bad,
        where,
        lambda row: (
            f"price {price[row]:g} times quantity {quantity[row]:g} is not the quote quantity {quote[row]:g}: "
            "the columns are not in the order expected"
        ),
    )
