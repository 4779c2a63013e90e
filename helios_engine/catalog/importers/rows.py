"""Parsed columns to rows of a kind; every importer ends here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from helios_engine.bodies import Instrument
from helios_engine.catalog import decimals, tables
from helios_engine.catalog.decimals import Number
from helios_engine.catalog.importers.contract import Rows, Source, Symbol
from helios_engine.catalog.importers.times import Times
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.truths import Where
from helios_engine.errors import DataError

PRICES = ("open", "high", "low", "close")
Order = Literal["oldest", "newest"]


def numbers(
    table: pa.Table, names: Mapping[str, str], where: Where, *, allow_exponent: bool = False
) -> dict[str, Number]:
    """Columns of text by our names; quantities may be as large as 64 bits hold, prices must stay exact as floats."""
    return {
        ours: decimals.parse(
            table[theirs],
            theirs if theirs == ours else f"{theirs} ({ours})",
            where,
            allow_exponent=allow_exponent,
            limit=decimals.WHOLE if ours in ("volume", "quote_volume") else decimals.EXACT,
        )
        for ours, theirs in names.items()
    }


def bars(
    source: Source,
    symbol: Symbol,
    timeframe: str,
    opened: Times,
    length: int,
    found: Mapping[str, Number],
    where: Where,
    *,
    order: Order = "oldest",
    issues: Sequence[Issue] = (),
) -> Rows:
    """Bars known at their close, from their opening times and `open, high, low, close, volume`."""
    columns, price, size = _aligned("bars", found, where)
    times = {"ts": opened + length, "ts_open": opened, "ts_close": opened + length}
    table = pa.table({**times, **columns}, schema=tables.SCHEMAS["bars"])
    return Rows(source.name, "bars", symbol, timeframe, table, price, size, where, order, issues)


def trades(
    source: Source,
    symbol: Symbol,
    ts: Times,
    ts_event: Times,
    found: Mapping[str, Number],
    side: Any,
    ids: Any,
    where: Where,
    *,
    order: Order = "oldest",
    clock_offset: int = 0,
) -> Rows:
    """Trades from `price, quantity`; `side` is 1 (taker bought), -1 or 0 (unknown), an id may be empty."""
    columns, price, size = _aligned("trades", found, where)
    rest = {"ts": ts, "ts_event": ts_event, "side": side, "trade_id": ids}
    table = pa.table({**rest, **columns}).select(tables.SCHEMAS["trades"].names).cast(tables.SCHEMAS["trades"])
    return Rows(source.name, "trades", symbol, "", table, price, size, where, order, (), clock_offset)


def quotes(
    source: Source,
    symbol: Symbol,
    ts: Times,
    ts_event: Times,
    found: Mapping[str, Number],
    where: Where,
    *,
    order: Order = "oldest",
    clock_offset: int = 0,
) -> Rows:
    """Quotes from `bid, ask, bid_quantity, ask_quantity`; a size that nobody stated is 0."""
    nothing = Number(np.zeros(len(ts), np.int64), 0)
    full = {"bid_quantity": nothing, "ask_quantity": nothing, **found}
    columns, price, size = _aligned("quotes", full, where)
    table = pa.table({"ts": ts, "ts_event": ts_event, **columns}, schema=tables.SCHEMAS["quotes"])
    return Rows(source.name, "quotes", symbol, "", table, price, size, where, order, (), clock_offset)


def books(
    source: Source,
    symbol: Symbol,
    columns: Mapping[str, Any],
    found: Mapping[str, Number],
    where: Where,
    *,
    clock_offset: int = 0,
) -> Rows:
    """Levels from `ts, ts_event, sequence, snapshot, side` and the numbers `price, quantity`."""
    aligned, price, size = _aligned("books", found, where)
    schema = tables.SCHEMAS["books"]
    table = pa.table({**columns, **aligned}).select(schema.names).cast(schema)
    return Rows(source.name, "books", symbol, "", table, price, size, where, "oldest", (), clock_offset)


def funding(source: Source, symbol: Symbol, ts: Times, rate: Number, where: Where) -> Rows:
    """Funding rates, known when they are charged."""
    table = pa.table({"ts": ts, "ts_event": ts, "rate": rate.units}, schema=tables.SCHEMAS["funding"])
    return Rows(source.name, "funding", symbol, "", table, rate.scale, 0, where)


def instruments(source: Source, venue: str, found: Sequence[Instrument], where: Where) -> Rows:
    """Definitions of a venue's instruments, each known from its `valid_from` on; put in order of that here."""
    order = sorted(range(len(found)), key=lambda n: (found[n].valid_from, found[n].instrument))
    ordered = [found[n] for n in order]
    columns: dict[str, Any] = {"ts": [d.valid_from for d in ordered]}
    for name in tables.SCHEMAS["instruments"].names[1:]:
        values = [getattr(d, name) for d in ordered]
        columns[name] = [f"{v:f}" if isinstance(v, Decimal) else v for v in values]
    table = pa.table(columns, schema=tables.SCHEMAS["instruments"])
    return Rows(source.name, "instruments", venue, "", table, 0, 0, lambda row: where(order[row]))


def _aligned(kind: str, found: Mapping[str, Number], where: Where) -> tuple[dict[str, Times], int, int]:
    """Columns in one price scale and one size scale; DataError if a value then does not fit."""
    layout = tables.LAYOUTS[kind]
    price = max((found[name].scale for name in layout.prices), default=0)
    size = max((found[name].scale for name in layout.sizes), default=0)
    columns = {}
    for names, wanted in ((layout.prices, price), (layout.sizes, size)):
        for name in names:
            units, scale = found[name]
            factor = 10 ** (wanted - scale)
            limit = decimals.EXACT if name in layout.prices else decimals.WHOLE
            if units.size and int(np.abs(units).max()) * factor > limit:
                row = int(np.abs(units).argmax())
                raise DataError(
                    f"{where(row)}: {name} {units[row] / 10**scale:g} beside values with {wanted} decimals is too "
                    "large to be kept exactly; is a column of another meaning mixed in?"
                )
            columns[name] = units * factor
    return columns, price, size
