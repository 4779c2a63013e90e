"""Any CSV, Parquet or feather file of bars, trades, quotes or funding, by a map of its columns.

What the file does not say, the user must: `--map`, `--stamp` for bars, and how times are written unless they are
numbers, whose unit their size tells, or ISO 8601.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helios_engine.catalog import decimals
from helios_engine.catalog.decimals import Number, flat
from helios_engine.catalog.importers import reading, rows, tails
from helios_engine.catalog.importers.contract import Ask, Guess, Rows, Source
from helios_engine.catalog.importers.frames import named_timeframe, settled
from helios_engine.catalog.importers.generic_incomplete import complete
from helios_engine.catalog.importers.plausible import opens_follow_closes
from helios_engine.catalog.importers.symbols import told
from helios_engine.catalog.importers.times import EPOCHS, Times, epoch_unit, epochs, written
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.truths import Where
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import timeframe_ns
from helios_engine.toml_place import nearest

NEEDED = {
    "bars": ("ts", "open", "high", "low", "close", "volume"),
    "trades": ("ts", "price", "quantity"),
    "quotes": ("ts", "bid", "ask"),
    "funding": ("ts", "rate"),
}
OPTIONAL = {
    "bars": (),
    "trades": ("side", "trade_id", "ts_event"),
    "quotes": ("bid_quantity", "ask_quantity", "ts_event"),
    "funding": (),
}
_BUY = {"buy", "b", "1", "bid", "true"}
_SELL = {"sell", "s", "-1", "ask", "false"}


def recognise(source: Source) -> Guess | None:
    """Never by itself: what the columns mean is the user's to say."""
    del source
    return None


def read(sources: Sequence[Source], ask: Ask) -> Iterator[Rows]:
    """Rows of the kind that the map's names are of."""
    kind = _kind(ask)
    if ask.instrument is None:
        raise ConfigError("--format generic needs --instrument SYMBOL.VENUE")
    for source in sources:
        timeframe, issues = "", list[Issue]()
        for columns, place in _columns(source, ask):
            found, where, left_out = complete(columns, kind, place, ask, partial(times, ask=ask, where=place))
            issues += left_out
            if not len(found["ts"]):
                continue
            ts = times(found["ts"], ask, where)
            if kind == "bars" and not timeframe:
                timeframe = settled(ask.timeframe, named_timeframe(source.stem), ts, where)
            block = _rows(source, ask, kind, timeframe, ts, found, where)
            yield block._replace(issues=(*block.issues, *issues))
            issues = []


def times(column: Any, ask: Ask, where: Where) -> Times:
    """Times as they are written: in the unit that was named, or the only one that makes sense."""
    if ask.unit in EPOCHS:
        return epochs(column, str(ask.unit), where)
    if ask.unit is None and ask.time_format is None and not pa.types.is_timestamp(column.type):
        unit = epoch_unit(str(column[0].as_py()))
        if unit is not None:
            return epochs(column, unit, where)
    return written(column, where, ask.zone, ask.time_format)


def _kind(ask: Ask) -> str:
    """The kind that was named, or the one that the mapped names can only be of."""
    if not ask.columns:
        raise ConfigError("--format generic needs --map ts=COLUMN,open=COLUMN,…: say which column is what")
    fits = [k for k in NEEDED if all(n in (*NEEDED[k], *OPTIONAL[k]) for n in ask.columns)]
    kind = ask.kind or (fits[0] if len(fits) == 1 else "bars")
    if kind not in NEEDED:
        raise ConfigError(f"--kind {kind}: --format generic reads {', '.join(NEEDED)}")
    known = (*NEEDED[kind], *OPTIONAL[kind])
    for name in ask.columns:
        if name not in known:
            raise ConfigError(f"--map: unknown column {name!r} of {kind}; {nearest(name, known)}")
    missing = [name for name in NEEDED[kind] if name not in ask.columns]
    if missing:
        raise ConfigError(f"--map must name {', '.join(missing)}, e.g. --map {missing[0]}=COLUMN")
    if kind == "bars" and ask.stamp is None:
        raise ConfigError("bars need --stamp open or --stamp close: is a bar labelled with its beginning or its end?")
    return kind


def _rows(
    source: Source, ask: Ask, kind: str, timeframe: str, ts: Times, found: Mapping[str, Any], where: Where
) -> Rows:
    symbol = told(str(ask.instrument))
    names = [n for n in found if n not in ("ts", "ts_event", "side", "trade_id", "volume")]
    values = {name: _number(found[name], name, ask, where) for name in names}
    event = times(found["ts_event"], ask, where) if "ts_event" in found else ts
    ts = ts + (ask.clock_offset or 0)
    if kind == "trades":
        ids = flat(found["trade_id"]) if "trade_id" in found else pa.array([""] * len(ts))
        return rows.trades(source, symbol, ts, event, values, _sides(found, len(ts), where), ids, where)
    if kind == "quotes":
        return rows.quotes(source, symbol, ts, event, values, where)
    if kind == "funding":
        return rows.funding(source, symbol, ts, values["rate"], where)
    length = timeframe_ns(timeframe)
    opened = ts if ask.stamp == "open" else ts - length
    opens_follow_closes(opened, length, values, where)
    volume = tails.amounts(_text_of(found["volume"], ask), "volume", where, allow_exponent=ask.allow_exponent)
    values["volume"], issues = volume.number, []
    if volume.rounded.any():
        span = opened[volume.rounded]
        issues = [
            Issue(
                kind="rounded", severity="info", ts_from=int(span.min()), ts_to=int(span.max()) + length,
                detail=tails.said(volume.rounded), origin="import",
            )
        ]  # fmt: skip
    return rows.bars(source, symbol, timeframe, opened, length, values, where, issues=issues)


def _number(column: Any, name: str, ask: Ask, where: Where) -> Number:
    if pa.types.is_float64(column.type) and not column.null_count:
        found = decimals.of_floats(column.to_numpy())
        if found is not None and (name == "rate" or not (found.units < 0).any()):
            return found
    text = _text_of(column, ask)
    return decimals.parse(text, name, where, allow_exponent=ask.allow_exponent, signed=name == "rate")


def _text_of(column: Any, ask: Ask) -> pa.Array:
    """Numbers as text with a point, whatever the file writes."""
    text = flat(_text(column))
    if ask.decimal_comma:
        text = pc.replace_substring(pc.replace_substring(text, ".", "\0"), ",", ".")
    return text


def _columns(source: Source, ask: Ask) -> Iterator[tuple[dict[str, Any], Where]]:
    """Our columns of a file as text or timestamps, a block at a time."""
    for table, where in _tables(source, ask):
        found = {}
        for ours, theirs in ask.columns.items():
            column = table[_place(source, ours, theirs, table.column_names)]
            is_time = pa.types.is_timestamp(column.type) or (ours == "ts" and pa.types.is_integer(column.type))
            found[ours] = column if is_time or pa.types.is_floating(column.type) else _text(column)
        yield found, where


def _tables(source: Source, ask: Ask) -> Iterator[tuple[pa.Table, Where]]:
    if source.suffix in (".parquet", ".feather"):
        yield from reading.read_parquet(source)
        return
    delimiter = ask.delimiter or (";" if ask.decimal_comma else ",")
    columns = None
    if not ask.header:
        columns = [str(n) for n in range(len(reading.fields(source, ask.skip, delimiter)))]
    yield from reading.blocks(source, columns, skip=ask.skip, delimiter=delimiter)


def _place(source: Source, ours: str, theirs: str, names: Sequence[str]) -> str:
    """The file's column that is meant: by its name, or by its number from 0."""
    if theirs in names:
        return theirs
    if theirs.isdigit() and int(theirs) < len(names):
        return names[int(theirs)]
    raise DataError(f"{source.name}: no column {theirs!r} for {ours}; it has: {', '.join(names)}")


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as text; floats by their shortest form that means the same number."""
    text = column.cast(pa.string())
    if pa.types.is_floating(column.type) and pc.any(pc.match_substring(text, "e")).as_py():
        # Arrow writes the shortest form too, but with an exponent for what is very large or small.
        cells = [f"{Decimal(cell):f}" if cell and "e" in cell else cell for cell in text.to_pylist()]
        return pa.chunked_array([pa.array(cells, pa.string())])
    return text


def _sides(found: Mapping[str, Any], count: int, where: Where) -> pa.Array:
    if "side" not in found:
        return pa.array(np.zeros(count, np.int8))
    coded = pc.dictionary_encode(pc.fill_null(pc.utf8_lower(flat(found["side"])), ""))
    words = coded.dictionary.to_pylist()
    sides = np.array([1 if w in _BUY else -1 if w in _SELL else 0 if not w else 2 for w in words], np.int8)
    meant = sides[coded.indices.to_numpy(zero_copy_only=False)]
    if (meant == 2).any():
        row = int((meant == 2).argmax())
        raise DataError(f"{where(row)}: side is {found['side'][row].as_py()!r}, expected buy or sell")
    return pa.array(meant)
