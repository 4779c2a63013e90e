"""BitMEX bars, from the JSON of `trade/bucketed` or a Parquet file of its columns.

Stamps are the CLOSE of a bar. The open is the close before, so it may lie outside [low, high]. Volumes are
contracts. Bars without a price and the same bar twice are as the exchange served them, and need the user's word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from helios_engine.catalog.decimals import Number
from helios_engine.catalog.importers import bitmex_files, rows
from helios_engine.catalog.importers.bitmex_files import NUMBERS, PRICES
from helios_engine.catalog.importers.contract import Ask, Guess, Rows, Source, Symbol
from helios_engine.catalog.importers.frames import named_timeframe, settled
from helios_engine.catalog.importers.times import Times, written
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.truths import Where
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import timeframe_ns

_ENOUGH, _MOST = 30, 0.9
_SYMBOL = re.compile(r"[A-Z]{3,}[A-Z0-9]*")


def recognise(source: Source) -> Guess | None:
    """The exchange's own field names, or its columns in Parquet under the name of a symbol."""
    if source.suffix == ".json" and bitmex_files.is_bucketed(source):
        return Guess(0.95, "the fields of BitMEX's trade/bucketed: homeNotional, foreignNotional, lastSize")
    if source.suffix == ".parquet" and bitmex_files.has_columns(source):
        what = "timestamp, open, high, low, close, trades, volume, vwap, as BitMEX has them"
        return Guess(0.8 if _word(source) else 0.6, what)
    return None


def read(sources: Sequence[Source], ask: Ask) -> Iterator[Rows]:
    """Bars from their closing times; a file that does not behave as the exchange's do is refused."""
    for source in sorted(sources, key=bitmex_files.first_time):
        timeframe = ""
        for table, symbol, where in bitmex_files.tables(source):
            issues: list[Issue] = []
            closed = written(table["timestamp"], where)
            if not timeframe:
                timeframe = settled(ask.timeframe, named_timeframe(source.stem), closed, where)
            length = timeframe_ns(timeframe)
            bars = _priced(table, closed, length, where, ask, issues)
            if not len(bars.closed):
                continue
            found = rows.numbers(bars.table, {name: name for name in NUMBERS}, bars.where)
            _opens_are_closes(found, bars.closed, length, bars.where)
            issues.append(_contracts(bars.closed, length))
            newest = bars.closed[0] > bars.closed[-1]
            yield rows.bars(
                source, _symbol(source, symbol, ask), timeframe, bars.closed - length, length, found, bars.where,
                order="newest" if newest else "oldest", issues=issues,
            )._replace(loose_ohlc=True)  # fmt: skip


class _Bars(NamedTuple):
    table: pa.Table
    closed: Times
    where: Where


def _priced(table: pa.Table, closed: Times, length: int, where: Where, ask: Ask, issues: list[Issue]) -> _Bars:
    """The bars that have prices; the others are refused, or left out and reported if the user said so."""
    bad: NDArray[np.bool_] = np.logical_or.reduce(
        [pc.is_null(table[name]).to_numpy(zero_copy_only=False) for name in PRICES]
    )
    if not bad.any():
        return _Bars(table, closed, where)
    if not ask.drop_incomplete:
        raise DataError(
            f"{where(int(bad.argmax()))}: a price is missing ({int(bad.sum()):,} such rows); "
            "add --drop-incomplete to leave them out"
        )
    detail = f"{int(bad.sum()):,} rows without a price were left out"
    issues.append(_issue("left_out", closed[bad], length, detail))
    kept = np.flatnonzero(~bad)
    return _Bars(table.take(pa.array(kept)), closed[kept], lambda row: where(int(kept[row])))


def _opens_are_closes(found: Mapping[str, Number], closed: Times, length: int, where: Where) -> None:
    """The mark of this exchange, and the reason why its stamps are taken for closing times."""
    start = found["open"].units * 10 ** max(0, found["close"].scale - found["open"].scale)
    end = found["close"].units * 10 ** max(0, found["open"].scale - found["close"].scale)
    step = np.diff(closed)
    same = np.where(step > 0, start[1:] == end[:-1], start[:-1] == end[1:])[np.abs(step) == length]
    if len(same) >= _ENOUGH and same.mean() < _MOST:
        raise DataError(
            f"{where(0)}: only {same.mean():.0%} of the opens are the close before, as all of BitMEX's are; its files "
            "are stamped at the close, which others are not: use --format generic with --map and --stamp"
        )


def _contracts(closed: Times, length: int) -> Issue:
    return _issue("volume_unit", closed, length, "the volume is in contracts, not in the base currency")


def _issue(kind: str, closed: Times, length: int, detail: str) -> Issue:
    return Issue(
        kind=kind, severity="info", ts_from=int(closed.min()) - length, ts_to=int(closed.max()), detail=detail,
        origin="import",
    )  # fmt: skip


def _word(source: Source) -> str:
    word = re.split(r"[-_]", source.stem)[0]
    return word if _SYMBOL.fullmatch(word) else ""


def _symbol(source: Source, told: str, ask: Ask) -> Symbol:
    name = told or _word(source)
    if not name and ask.instrument is None:
        raise ConfigError(f"{source.name}: its name does not say what it is of; add --instrument SYMBOL.BITMEX")
    return Symbol(name or str(ask.instrument).rpartition(".")[0], "BITMEX")
