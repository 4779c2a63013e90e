"""Bitfinex bars as its candles endpoint orders them: `epoch ms, open, CLOSE, HIGH, LOW, volume`, without header.

The order is proved by the rows: the fourth column is the largest and the fifth the smallest of every bar, and read
in the usual order some bar would be impossible. Minutes without a trade are not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from helios_engine.catalog.decimals import Number
from helios_engine.catalog.importers import reading, rows
from helios_engine.catalog.importers.contract import Ask, Guess, Rows, Source, Symbol
from helios_engine.catalog.importers.frames import named_timeframe, settled
from helios_engine.catalog.importers.plausible import opens_follow_closes
from helios_engine.catalog.importers.symbols import currencies
from helios_engine.catalog.importers.times import epoch_unit, epochs
from helios_engine.catalog.truths import Where
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import timeframe_ns

COLUMNS = ("time", "open", "close", "high", "low", "volume")
_NUMBERS = {name: name for name in COLUMNS[1:]}


def recognise(source: Source) -> Guess | None:
    """Six numbers that begin with epoch milliseconds, in an order that only this exchange has."""
    lines = [line.split(",") for line in source.first_lines]
    if not lines or len(lines[0]) != len(COLUMNS) or epoch_unit(lines[0][0]) != "ms":
        return None
    try:
        cells = np.array([[float(cell) for cell in line[1:5]] for line in lines])
    except ValueError:
        return None
    if not _possible(cells).all() or _possible(cells[:, [0, 2, 3, 1]]).all():
        return None
    what = "time in ms, then open, close, high, low: in the usual order bars would be impossible"
    return Guess(0.9 if _symbol_word(source) else 0.8, what)


def read(sources: Sequence[Source], ask: Ask) -> Iterator[Rows]:
    """Bars; ConfigError if the rows do not show in which order their columns are."""
    for source in sources:
        timeframe = ""
        if len(reading.fields(source)) != len(COLUMNS):
            raise DataError(f"{source.name}:1: {len(reading.fields(source))} columns, expected {', '.join(COLUMNS)}")
        symbol = _symbol(source, ask)
        for table, where in reading.blocks(source, COLUMNS):
            opened = epochs(table["time"], "ms", where)
            found = rows.numbers(table, _NUMBERS, where, allow_exponent=ask.allow_exponent)
            if not timeframe:
                timeframe = settled(ask.timeframe, named_timeframe(source.stem), opened, where)
                _order_shows(found, where)
            _order_holds(found, where)
            length = timeframe_ns(timeframe)
            opens_follow_closes(opened, length, found, where)
            yield rows.bars(source, symbol, timeframe, opened, length, found, where)


def _possible(cells: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows of `open, close, high, low` can be."""
    found: NDArray[np.bool_] = (cells[:, 2] == cells.max(axis=1)) & (cells[:, 3] == cells.min(axis=1))
    return found


def _cells(found: Mapping[str, Number], names: Sequence[str]) -> NDArray[np.float64]:
    return np.column_stack([found[name].units / 10 ** found[name].scale for name in names])


def _order_shows(found: Mapping[str, Number], where: Where) -> None:
    """In the usual order, `open, high, low, close`, a bar at least must be impossible."""
    if _possible(_cells(found, ("open", "low", "close", "high"))).all():
        raise ConfigError(
            f"{where(0).rpartition(':')[0]}: the rows fit open, close, high, low as well as open, high, low, close; "
            "say which: --format generic --no-header --stamp open --map ts=0,open=1,close=2,high=3,low=4,volume=5"
        )


def _order_holds(found: Mapping[str, Number], where: Where) -> None:
    bad = ~_possible(_cells(found, COLUMNS[1:5]))
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"{where(row)}: the fourth column is not the highest or the fifth not the lowest of the bar "
            f"({int(bad.sum()):,} such rows), expected open, CLOSE, HIGH, LOW as Bitfinex writes; "
            "is it another vendor's? Use --format generic with --map"
        )


def _symbol_word(source: Source) -> str:
    word = re.split(r"[-_]", source.stem)[0].removeprefix("t")
    return word if currencies(word) and word.isupper() else ""


def _symbol(source: Source, ask: Ask) -> Symbol:
    word = _symbol_word(source)
    if not word and ask.instrument is None:
        raise ConfigError(f"{source.name}: its name does not say what it is of; add --instrument SYMBOL.BITFINEX")
    return Symbol(word or str(ask.instrument).rpartition(".")[0], "BITFINEX")
