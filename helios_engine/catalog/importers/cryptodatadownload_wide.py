"""Files of several instruments side by side: `,BTC:open,BTC:high,…,ETH:volume`, oldest first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helios_engine.catalog.importers import reading, rows, tails
from helios_engine.catalog.importers.contract import Ask, Rows, Source, Symbol
from helios_engine.catalog.importers.cryptodatadownload_layouts import VENUES
from helios_engine.catalog.importers.frames import named_timeframe, settled
from helios_engine.catalog.importers.rows import PRICES
from helios_engine.catalog.importers.symbols import QUOTES
from helios_engine.catalog.importers.times import Times, written
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.truths import Where
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import timeframe_ns

_FIELDS = (*PRICES, "volume")


def wide_names(names: Sequence[str]) -> list[str]:
    """The instruments of a wide header in order; empty if it is none."""
    pairs = [name.split(":") for name in names[1:]]
    if names[:1] not in (("",), ("date",), [""], ["date"]) or not pairs or any(len(pair) != 2 for pair in pairs):
        return []
    found = list(dict.fromkeys(pair[0] for pair in pairs))
    whole = all([name, field] in pairs for name in found for field in _FIELDS)
    return found if whole and len(pairs) == len(found) * len(_FIELDS) else []


def read_wide(source: Source, ask: Ask) -> Iterator[Rows]:
    """Bars of every instrument in the file; what precedes a listing is left out and said."""
    table, where = reading.whole(source, None)
    names = wide_names(table.column_names)
    opened = written(table.column(0), where)
    timeframe = settled(ask.timeframe, named_timeframe(source.stem), opened, where)
    length = timeframe_ns(timeframe)
    venue, quote = _market(source, names, ask)
    for name in names:
        symbol = Symbol(f"{name}{quote}".upper(), venue, name.upper(), quote)
        columns = {field: f"{name}:{field}" for field in _FIELDS}
        kept, issues = _kept(table, columns, opened, length, where, ask)
        moved, bars = _moved(where, kept), table.take(kept)
        found = rows.numbers(bars, {field: columns[field] for field in PRICES}, moved)
        volume = tails.amounts(bars[columns["volume"]], columns["volume"], moved)
        found["volume"] = volume.number
        if volume.rounded.any():
            issues.append(_issue("rounded", opened[kept][volume.rounded], length, tails.said(volume.rounded)))
        yield rows.bars(source, symbol, timeframe, opened[kept], length, found, moved, issues=issues)


def _kept(
    table: pa.Table, columns: dict[str, str], opened: Times, length: int, where: Where, ask: Ask
) -> tuple[Times, list[Issue]]:
    """The rows with anything in them, and what is said of the others; DataError for holes after the listing."""
    blank = np.logical_and.reduce(
        [pc.equal(pc.fill_null(table[name], ""), "").to_numpy(zero_copy_only=False) for name in columns.values()]
    )
    name = columns["open"].split(":")[0]
    if blank.all():
        raise DataError(f"{where(0)}: {name} has no rows; remove its columns")
    listed = int(np.argmin(blank))
    holes = blank.copy()
    holes[:listed] = False
    if holes.any() and not ask.drop_incomplete:
        row = int(holes.argmax())
        raise DataError(
            f"{where(row)}: {name} is empty after its first bar ({int(holes.sum()):,} such rows); "
            "add --drop-incomplete to leave them out"
        )
    issues = []
    for what, those in (("before its first bar", blank & ~holes), ("among its bars", holes)):
        if those.any():
            detail = f"{int(those.sum()):,} rows {what}, in which {name} is empty, were left out"
            issues.append(_issue("left_out", opened[those], length, detail))
    return np.flatnonzero(~blank), issues


def _issue(kind: str, opened: Times, length: int, detail: str) -> Issue:
    return Issue(
        kind=kind, severity="info", ts_from=int(opened.min()), ts_to=int(opened.max()) + length, detail=detail,
        origin="import",
    )  # fmt: skip


def _market(source: Source, names: Sequence[str], ask: Ask) -> tuple[str, str]:
    """The exchange and the quote currency, by the file's name."""
    words = re.split(r"[-_]", source.stem.upper())
    venue = next((word for word in words if word in VENUES), "")
    if ask.instrument is not None:
        venue = venue or ask.instrument.rpartition(".")[2]
    quotes = [ask.quote] if ask.quote else [w for w in words if w in QUOTES and w not in {n.upper() for n in names}]
    if not venue or len(quotes) != 1:
        raise ConfigError(
            f"{source.name}: its name does not say of which exchange and in which currency {', '.join(names)} are; "
            "rename it to the like of bitfinex_BTC_ETH_USD_d.csv"
        )
    return venue, quotes[0]


def _moved(where: Where, kept: Times) -> Where:
    return lambda row: where(int(kept[row]))
