"""Freqtrade's candles, mark prices, funding rates and trades: feather, Parquet, JSON, and JSON of old versions.

Candles are open-stamped; the pair and the timeframe stand in the file's name, the venue at most in its folder's.
Funding is kept in candle frames, the rate in `open`, stamped when it was charged, up to some 20 ms after the hour.
Mark and index prices become bars of an instrument of their own. Trades of one millisecond follow their ids.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helios_engine.catalog.decimals import flat
from helios_engine.catalog.importers import float_noise, freqtrade_tables, rows
from helios_engine.catalog.importers.contract import Ask, Guess, Rows, Source, Symbol
from helios_engine.catalog.importers.frames import settled
from helios_engine.catalog.importers.freqtrade_names import REFERENCES, Name, check_candle, named, symbol_of
from helios_engine.catalog.importers.freqtrade_tables import CANDLES, HDF5, TRADES, Lines, lines
from helios_engine.catalog.importers.freqtrade_trades import trades
from helios_engine.catalog.importers.notes import Note, Noted, note, told
from helios_engine.catalog.importers.plausible import opens_follow_closes
from helios_engine.catalog.importers.times import Times, epochs, written
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import timeframe_ns

_CANDLE_ROW = re.compile(r"\s*\[\s*\[\s*\d{12,13}(\s*,\s*([-+.\deE]+|null)){5}\s*\]")
_TRADE_ROW = re.compile(r'\s*\[\s*\[\s*\d{12,13}\s*,\s*("[^"]*"|null)\s*,[^,]*,\s*("(buy|sell)"|null)\s*,')
_CCXT_KEYS = ('"info"', '"takerOrMaker"', '"timestamp"', '"symbol"', '"amount"')


def recognise(source: Source) -> Guess | None:
    """A name as freqtrade gives it, and content that agrees; DataError for HDF5 files, with the step that helps."""
    name = named(source)
    if source.suffix in (".feather", ".parquet"):
        return _recognised_frame(source, name)
    if name is not None and source.head.startswith(HDF5):
        freqtrade_tables.refuse_hdf5(source)
    if name is None or source.suffix != ".json":
        return None
    head = source.head[:4096].decode("utf-8", "replace")
    if name.timeframe:
        fits = _CANDLE_ROW.match(head)
        return Guess(0.9, "named PAIR-TIMEFRAME, rows of a time in ms and five numbers") if fits else None
    if all(key in head for key in _CCXT_KEYS):
        return Guess(0.9, "named PAIR-trades, trades as ccxt writes them")
    fits = _TRADE_ROW.match(head)
    return Guess(0.9, "named PAIR-trades, rows of seven fields with an id and a side") if fits else None


def read(sources: Sequence[Source], ask: Ask) -> Iterator[Rows]:
    """Bars, funding rates or trades; ConfigError if nobody says the venue, or how long a bar is."""
    return told(_read(sources, ask))


def _read(sources: Sequence[Source], ask: Ask) -> Iterator[Noted]:
    for source in sources:
        name = named(source)
        check_candle(source, name)
        blocks = lines(source)
        first = next(blocks)
        found = itertools.chain([first], blocks)
        if "timestamp" in first.table.column_names:
            yield from trades(source, found, _of_trades(source, name, first, ask), name, first.pair)
        elif name is not None and name.candle == "funding_rate":
            yield from _funding(source, found, symbol_of(source, name, ask), ask)
        else:
            yield from _bars(source, found, symbol_of(source, name, ask), name, ask)


def _recognised_frame(source: Source, name: Name | None) -> Guess | None:
    try:
        found = freqtrade_tables.columns(source)
    except (pa.ArrowInvalid, OSError):
        return Guess(0.75, "named as freqtrade names its files, though it cannot be read") if name else None
    if set(TRADES) <= set(found):
        return Guess(0.92 if name else 0.75, "the seven columns of freqtrade's trades")
    if set(found) != set(CANDLES):
        return None
    return Guess(0.92, "columns and name of freqtrade's candles") if name else Guess(0.5, "columns of candles")


def _of_trades(source: Source, name: Name | None, first: Lines, ask: Ask) -> Symbol:
    """The pair that the rows themselves say counts for more than the one in the name."""
    if first.pair:
        pair, _, settle = first.pair.partition(":")
        base, _, quote = pair.partition("/")
        name = Name(base, quote, settle)
    return symbol_of(source, name, ask)


def _bars(source: Source, found: Iterator[Lines], symbol: Symbol, name: Name | None, ask: Ask) -> Iterator[Noted]:
    timeframe = ""
    for block in found:
        table, where = block.table, block.where
        opened = _times(block, ask)
        timeframe = timeframe or settled(ask.timeframe, _named_timeframe(source, name, ask), opened, where)
        length = timeframe_ns(timeframe)
        parsed = {price: float_noise.parse(table[price], price, where) for price in rows.PRICES}
        prices = {price: number for price, (number, _) in parsed.items()}
        column, notes = flat(table["volume"]), list[Note]()
        if name is not None and name.candle in REFERENCES:
            column, notes = _no_volume(column, opened + length)
        volume, moved = float_noise.parse(column, "volume", where, size=True)
        if source.suffix == ".json":
            opens_follow_closes(opened, length, prices, where)
        notes += float_noise.noise(np.logical_or.reduce([m for _, m in parsed.values()]), opened + length, "a price")
        notes += float_noise.noise(moved, opened + length, "the volume")
        values = {**prices, "volume": volume}
        yield rows.bars(source, symbol, timeframe, opened, length, values, where), notes


def _funding(source: Source, found: Iterator[Lines], symbol: Symbol, ask: Ask) -> Iterator[Noted]:
    for block in found:
        table, where = block.table, block.where
        for other in ("high", "low", "close", "volume"):
            nothing = pc.match_substring_regex(pc.fill_null(table[other], "nan"), r"^(-?0(\.0*)?|nan)$")
            if not pc.all(nothing).as_py():
                row = pc.index(nothing, False).as_py()
                raise DataError(
                    f"{where(row)}: {other} is {table[other][row].as_py()}; expected a funding rate in `open` and 0 "
                    "elsewhere. If these are candles, rename the file without -funding_rate"
                )
        rate, moved = float_noise.parse(table["open"], "open (the funding rate)", where, signed=True)
        ts = _times(block, ask)
        yield rows.funding(source, symbol, ts, rate, where), float_noise.noise(moved, ts, "the rate")


def _times(block: Lines, ask: Ask) -> Times:
    """Timestamps in feather and Parquet, ms in JSON."""
    column = block.table["date"]
    if pa.types.is_string(column.type):
        return epochs(column, "ms", block.where)
    if not pa.types.is_timestamp(column.type):
        raise DataError(f"{block.where(0)}: date is a column of {column.type}, expected timestamps")
    if column.type.tz is None and ask.zone is None:
        raise ConfigError(f"{block.source.name}: its dates have no time zone, as freqtrade's have; add --zone UTC")
    return written(column, block.where, ask.zone)


def _named_timeframe(source: Source, name: Name | None, ask: Ask) -> str | None:
    if name is None or not name.timeframe or ask.timeframe is not None:
        return None
    try:
        timeframe_ns(name.timeframe)
    except ValueError:
        raise DataError(
            f"{source.name}: bars of {name.timeframe} are not kept, since they do not divide a day; import shorter "
            "ones and resample, or add --timeframe if the name is wrong"
        ) from None
    return name.timeframe


def _no_volume(column: pa.Array, ts: Times) -> tuple[pa.Array, list[Note]]:
    """Mark and index candles have no volume, since nobody trades at them: 0, and said so."""
    missing = pc.fill_null(pc.equal(column, "nan"), True)
    if not pc.any(missing).as_py():
        return column, []
    at = ts[missing.to_numpy(zero_copy_only=False)]
    said = note("no_volume", "{} bars of a computed price have no volume; it is kept as 0", at)
    return pc.if_else(missing, "0", column), [said]
