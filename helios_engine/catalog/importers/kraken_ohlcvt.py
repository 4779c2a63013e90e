"""Kraken's bulk history of bars: CSV without header, epoch seconds of the opening, minutes in the file's name.

Two layouts, which may follow each other in one file: `time, open, high, low, close, volume, trades[, empty]`, and
the order of Kraken's REST with eight filled columns, `time, open, high, low, close, VWAP, volume, trades`. Every
row proves its own: the count of trades is whole, and a VWAP lies between low and high.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from helios_engine.catalog import decimals
from helios_engine.catalog.decimals import Number, flat
from helios_engine.catalog.importers import reading, rows
from helios_engine.catalog.importers.contract import Ask, Guess, Rows, Source, Symbol
from helios_engine.catalog.importers.frames import settled
from helios_engine.catalog.importers.plausible import opens_follow_closes
from helios_engine.catalog.importers.times import Times, epoch_unit, epochs
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.truths import Where
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import DAY, UNITS, duration_text, timeframe_ns

_COLUMNS = ("time", "open", "high", "low", "close", "sixth", "seventh", "eighth")
_PRICES = {name: name for name in _COLUMNS[1:5]}
_NAME = re.compile(r"([A-Z0-9.]{5,})_([1-9]\d*)")
_WHOLE = r"^\d+(\.0*)?$"
_TOLERANCE = 1e-6


def recognise(source: Source) -> Guess | None:
    """Seven or eight numbers that begin with epoch seconds, and a name such as XBTUSD_1440."""
    lines = [line.split(",") for line in source.first_lines[:50]]
    if not lines or len(lines[0]) not in (7, 8) or epoch_unit(lines[0][0]) != "s":
        return None
    if any(len(line) != len(lines[0]) or not re.fullmatch(_WHOLE, line[-1] or line[-2]) for line in lines):
        return None
    what = "time in seconds, four prices, and a whole number of trades at the end"
    if _NAME.fullmatch(source.stem):
        return Guess(0.9, f"{what}; the name says the minutes")
    return Guess(0.6, what)


def read(sources: Sequence[Source], ask: Ask) -> Iterator[Rows]:
    """Bars; rows in the REST's order are reported."""
    for source in sources:
        width = len(reading.fields(source))
        if width not in (7, 8):
            raise DataError(f"{source.name}:1: {width} columns, expected the 7 or 8 of Kraken's files")
        symbol, named = _named(source, ask)
        timeframe = ""
        for table, where in reading.blocks(source, _COLUMNS[:width]):
            opened = epochs(table["time"], "s", where)
            if not timeframe:
                timeframe = settled(ask.timeframe, named, opened, where)
            length = timeframe_ns(timeframe)
            found = rows.numbers(table, _PRICES, where, allow_exponent=ask.allow_exponent)
            found["volume"], rest = _volume(table, found, where, ask)
            opens_follow_closes(opened, length, found, where)
            issues = _said(rest, opened, length)
            yield rows.bars(source, symbol, timeframe, opened, length, found, where, issues=issues)


def _volume(table: pa.Table, found: Mapping[str, Number], where: Where, ask: Ask) -> tuple[Number, NDArray[np.bool_]]:
    """The volume of every row, and which rows are in the REST's order; DataError for a row that is in neither."""
    sixth, seventh = flat(table["sixth"]), flat(table["seventh"])
    eighth = flat(table["eighth"]) if "eighth" in table.column_names else pa.array([""] * len(sixth))
    rest = pc.not_equal(eighth, "")
    whole = pc.match_substring_regex(pc.if_else(rest, eighth, seventh), _WHOLE)
    if not pc.all(whole).as_py():
        row = pc.index(whole, False).as_py()
        cells = ", ".join(repr(c[row].as_py()) for c in (sixth, seventh, eighth))
        raise DataError(
            f"{where(row)}: the last columns are {cells}; expected volume, trades and nothing, or VWAP, volume and "
            "trades, with a whole number of trades"
        )
    volume = decimals.parse(
        pc.if_else(rest, seventh, sixth), "volume", where, allow_exponent=ask.allow_exponent, limit=decimals.WHOLE
    )
    in_rest = rest.to_numpy(zero_copy_only=False)
    _vwap_fits(pc.if_else(rest, sixth, "0"), in_rest & (volume.units > 0), found, where)
    return volume, in_rest


def _vwap_fits(text: pa.Array, those: NDArray[np.bool_], found: Mapping[str, Number], where: Where) -> None:
    units, scale = decimals.parse(text, "VWAP", where)
    vwap = units / 10**scale
    low, high = (found[name].units / 10 ** found[name].scale for name in ("low", "high"))
    bad = those & ((vwap < low * (1 - _TOLERANCE)) | (vwap > high * (1 + _TOLERANCE)))
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"{where(row)}: with eight columns the sixth is the VWAP, but {vwap[row]:g} is outside the bar's "
            f"[{low[row]:g}, {high[row]:g}]; is this a file of Kraken's?"
        )


def _said(rest: NDArray[np.bool_], opened: Times, length: int) -> list[Issue]:
    if not rest.any():
        return []
    return [
        Issue(
            kind="layout", severity="info", origin="import",
            ts_from=int(opened[rest].min()), ts_to=int(opened[rest].max()) + length,
            detail=f"{int(rest.sum()):,} rows are in the order VWAP, volume, trades and were read so",
        )
    ]  # fmt: skip


class _Named(NamedTuple):
    symbol: Symbol
    timeframe: str | None


def _named(source: Source, ask: Ask) -> _Named:
    """The instrument and the timeframe that the file's name says."""
    found = _NAME.fullmatch(source.stem)
    if found is None:
        if ask.instrument is None:
            raise ConfigError(
                f"{source.name}: its name does not say what it is of, as XBTUSD_1440.csv does; "
                "add --instrument SYMBOL.KRAKEN"
            )
        return _Named(Symbol(ask.instrument.rpartition(".")[0], "KRAKEN"), None)
    length = int(found[2]) * UNITS["m"]
    if DAY % length and ask.timeframe is None:
        raise DataError(
            f"{source.name}: bars of {int(found[2]):,} minutes do not divide a day and are not kept; "
            "import shorter ones and resample"
        )
    return _Named(Symbol(found[1], "KRAKEN"), duration_text(length))
