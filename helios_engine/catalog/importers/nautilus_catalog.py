"""Catalogs of nautilus_trader: Parquet of bars, trades and quotes in fixed point, and instrument definitions.

Prices are 128-bit integers in units of 1e-16, or in older and in 64-bit builds 64-bit ones in units of 1e-9; the
instrument and its decimals stand in the schema's metadata. Definitions come as Parquet beside them, or as JSON.
Also the plain frames of floats that came before: `timestamp, trade_id, price, quantity, buyer_maker`
and `timestamp, symbol, ask_size, ask, bid_size, bid`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from helios_engine.bodies import Instrument
from helios_engine.catalog.importers import nautilus_catalog_frames as frames
from helios_engine.catalog.importers import rows, symbols
from helios_engine.catalog.importers.contract import Ask, Guess, Rows, Source, Symbol
from helios_engine.catalog.importers.nautilus_catalog_bars import Bars, read_bars
from helios_engine.catalog.importers.nautilus_catalog_definitions import CLASSES, definitions
from helios_engine.catalog.importers.nautilus_catalog_values import (
    Noise,
    blocks,
    fixed,
    schema_of,
    sides,
    stamps,
    words,
)
from helios_engine.errors import ConfigError, DataError

_KINDS: dict[str, frozenset[str]] = {
    "bars": frozenset({"open", "high", "low", "close", "volume", "ts_event", "ts_init"}),
    "trades": frozenset({"price", "size", "aggressor_side", "trade_id", "ts_event", "ts_init"}),
    "quotes": frozenset({"bid_price", "ask_price", "bid_size", "ask_size", "ts_event", "ts_init"}),
    "old quotes": frozenset({"bid", "ask", "bid_size", "ask_size", "ts_event", "ts_init"}),
    "definitions": frozenset({"id", "raw_symbol", "price_precision", "size_precision", "price_increment"}),
}
_FOLDERS = {"bar", "trade_tick", "quote_tick", "currency_pair", "crypto_perpetual", "crypto_future"}
_JSON = re.compile(rf'"type"\s*:\s*"({"|".join(CLASSES)})"')


def recognise(source: Source) -> Guess | None:
    """The columns of nautilus' schemas, with its metadata or without; or its definitions as JSON."""
    if source.suffix == ".json":
        text = source.head.decode("utf-8", "replace")
        marks = _JSON.search(text) and '"raw_symbol"' in text and '"price_precision"' in text
        return Guess(0.95, "definitions with nautilus' class names") if marks else None
    kind = _kind(source)
    if kind is None:
        return None
    schema = schema_of(source)
    if kind in frames.COLUMNS:
        return Guess(0.9, "a frame with exactly the columns of nautilus' early test data")
    told = {b"instrument_id", b"bar_type", b"class"} & set(schema.metadata or {})
    return Guess(0.97 if told else 0.8, f"nautilus' columns of {kind}{' and its metadata' if told else ''}")


def read(sources: Sequence[Source], ask: Ask) -> Iterator[Rows]:
    """Definitions first, then data with the definitions that came with it; bars may need --stamp."""
    # By source and not by name: nautilus calls files of all kinds by their times.
    kinds = {source: _kind(source) or "" for source in sources if source.suffix != ".json"}
    data = [source for source in sources if kinds.get(source, "definitions") != "definitions"]
    for source in data:
        if not kinds[source]:
            raise DataError(
                f"{source.name}: its columns are {', '.join(schema_of(source).names[:12])}; expected those of "
                "nautilus' bars, trades or quotes. Order books and custom data are not read"
            )
    names = {source: _named(source, ask) for source in data if kinds[source] not in frames.COLUMNS}
    if ask.instrument is not None and len(set(names.values())) > 1:
        raise ConfigError(
            f"--instrument {ask.instrument}: the files hold {', '.join(sorted(set(names.values())))}; "
            "import them one at a time"
        )
    known: dict[str, Instrument] = {}
    for source in sources:
        if source not in data:
            found = definitions(source, ask, wanted=set(names.values()))
            known |= found.known
            yield from found.rows
    for source in data:
        if kinds[source] in frames.COLUMNS:
            yield from frames.read(source, kinds[source], ask)
        else:
            yield from _data(source, kinds[source], names[source], known, ask)


def _kind(source: Source) -> str | None:
    if source.suffix != ".parquet":
        return None
    try:
        names = frozenset(schema_of(source).names)
    except DataError:
        if source.path.parent.parent.name in _FOLDERS:
            raise
        return None
    for kind, wanted in _KINDS.items():
        if names == wanted or (kind == "definitions" and wanted < names):
            return kind
    return next((kind for kind, wanted in frames.COLUMNS.items() if names == wanted), None)


def _named(source: Source, ask: Ask) -> str:
    """The instrument in a file's metadata, or the user's."""
    metadata = schema_of(source).metadata or {}
    name = metadata.get(b"instrument_id", b"").decode("utf-8", "replace")
    if not name and ask.instrument is None:
        raise ConfigError(f"{source.name}: no instrument in its metadata; add --instrument SYMBOL.VENUE")
    return name or str(ask.instrument)


def _precision(source: Source, metadata: Mapping[bytes, bytes], key: bytes) -> int | None:
    text = metadata.get(key)
    if text is not None and not (text.isdigit() and int(text) <= 18):
        raise DataError(f"{source.name}: {key.decode()} in its metadata is {text!r}, expected a number of decimals")
    return None if text is None else int(text)


def _data(source: Source, kind: str, name: str, known: Mapping[str, Instrument], ask: Ask) -> Iterator[Rows]:
    metadata = schema_of(source).metadata or {}
    price = _precision(source, metadata, b"price_precision")
    size = _precision(source, metadata, b"size_precision")
    symbol = _symbol(source, name, known, ask, price, size)
    noise = Noise()
    bars = Bars(source, metadata.get(b"bar_type", b"").decode("utf-8", "replace"), ask) if kind == "bars" else None
    for table, where, last in blocks(source):
        ts, event = stamps(table["ts_init"], where), stamps(table["ts_event"], where)
        ts = ts + (ask.clock_offset or 0)

        def number(column: str, *, whole: bool = False) -> Any:
            is_size = column in ("volume", "size") or column.endswith("_size")
            return fixed(table[column], size if is_size else price, column, ts, where, noise, whole=whole)  # noqa: B023

        if bars is not None:
            found = {n: number(n) for n in ("open", "high", "low", "close")} | {"volume": number("volume", whole=True)}
            made = read_bars(bars, symbol, ts, event, found, where)
        elif kind == "trades":
            found = {"price": number("price"), "quantity": number("size")}
            side, ids = sides(table["aggressor_side"], where), words(table["trade_id"], where)
            made = rows.trades(source, _as_symbol(symbol), ts, event, found, side, ids, where)
        else:
            end = "" if kind == "old quotes" else "_price"
            found = {"bid": number(f"bid{end}"), "ask": number(f"ask{end}")}
            found |= {"bid_quantity": number("bid_size"), "ask_quantity": number("ask_size")}
            made = rows.quotes(source, _as_symbol(symbol), ts, event, found, where)
        issues = noise.issues() if last else ()
        yield made._replace(symbol=symbol, issues=issues, clock_offset=ask.clock_offset or 0)


def _as_symbol(symbol: Instrument | Symbol) -> Symbol:
    return symbol if isinstance(symbol, Symbol) else Symbol(*symbol.instrument.rsplit(".", 1))


def _symbol(
    source: Source, name: str, known: Mapping[str, Instrument], ask: Ask, price: int | None, size: int | None
) -> Instrument | Symbol:
    """The definition that came with the data, or one of the decimals in the metadata; the user's word goes first."""
    plain, dot, venue = name.rpartition(".")
    if not dot or not plain:
        raise DataError(f"{source.name}: its instrument is {name!r}, expected SYMBOL.VENUE")
    symbol = Symbol(plain, venue)
    if name not in known:
        return symbol if price is None or size is None else symbols.definition(symbol, ask, price, size)
    said: dict[str, Any] = {n: symbols.number(v) for n in ("tick", "lot") if (v := getattr(ask, n)) is not None}
    for field in ("min_quantity", "min_notional", "maker_fee", "taker_fee"):
        if getattr(ask, field) != "0":
            said[field] = symbols.number(getattr(ask, field))
    if ask.instrument is not None:
        said["instrument"] = ask.instrument
    return msgspec.structs.replace(known[name], **said)
