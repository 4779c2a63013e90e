"""Inputs as rows of the catalog: market data in units of its instrument, everything else as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pyarrow as pa

from helios_engine.block_making import CODES
from helios_engine.bodies import Bar, BookDelta, BookSnapshot, Instrument, Quote, Trade
from helios_engine.catalog.naming import folder_of
from helios_engine.catalog.tables import SCHEMAS
from helios_engine.codec import Codec
from helios_engine.errors import DataError
from helios_engine.events import Body

_KINDS: dict[type[Body], str] = {Trade: "trades", Quote: "quotes", BookSnapshot: "books", BookDelta: "books"}


class Target(NamedTuple):
    """A data set of the catalog."""

    kind: str
    name: str
    timeframe: str = ""


def target(body: Body, connection: str, codec: Codec) -> Target:
    """Where a body belongs: by its instrument, or by its connection if it has none."""
    name = getattr(body, "instrument", "") or connection
    if isinstance(body, Bar):
        return Target("bars", name, body.timeframe)
    kind = _KINDS.get(type(body))
    if kind is not None:
        return Target(kind, name)
    return Target("bodies", name, folder_of(codec.tag(type(body)) or ""))


def table(place: Target, rows: list[tuple[int, Body]], instrument: Instrument | None, codec: Codec) -> pa.Table:
    """Rows of one data set in its columns. DataError for a value that its instrument's decimals cannot hold."""
    schema = SCHEMAS[place.kind]
    if place.kind == "bodies":
        columns: Mapping[str, list[object]] = {
            "ts": [ts for ts, _ in rows],
            "body": [codec.encode(body) for _, body in rows],
        }
        return pa.table(columns, schema=schema)
    if instrument is None:
        raise DataError(
            f"{place.kind} of {place.name} were recorded without its definition: have the parser yield its Instrument "
            "first, or import the definition into the catalog"
        )
    records = [record for ts, body in rows for record in _records(ts, body, instrument)]
    return pa.Table.from_pylist(records, schema=schema)


def _records(ts: int, body: Body, about: Instrument) -> Iterator[dict[str, object]]:
    """The rows of one body; a snapshot of a book has one for each level."""
    p, s = about.price_scale, about.size_scale
    match body:
        case Trade():
            yield {
                "ts": ts, "ts_event": body.ts_event, "price": _units(body.price, p, body),
                "quantity": _units(body.quantity, s, body), "side": CODES[body.side], "trade_id": body.trade_id,
            }  # fmt: skip
        case Quote():
            yield {
                "ts": ts, "ts_event": body.ts_event, "bid": _units(body.bid, p, body), "ask": _units(body.ask, p, body),
                "bid_quantity": _units(body.bid_quantity, s, body), "ask_quantity": _units(body.ask_quantity, s, body),
            }  # fmt: skip
        case Bar():
            prices = {name: _units(getattr(body, name), p, body) for name in ("open", "high", "low", "close")}
            yield {
                "ts": ts, "ts_open": body.ts_open, "ts_close": body.ts_close, **prices,
                "volume": _units(body.volume, s, body),
            }  # fmt: skip
        case BookDelta():
            yield _level(ts, body, False, CODES[body.side], body.price, body.quantity, about)
        case BookSnapshot():
            if not body.bids and not body.asks:
                yield _level(ts, body, True, 0, 0.0, 0.0, about)
            for side, levels in ((1, body.bids), (-1, body.asks)):
                for price, quantity in levels:
                    yield _level(ts, body, True, side, price, quantity, about)


def _level(
    ts: int, body: BookSnapshot | BookDelta, snapshot: bool, side: int, price: float, quantity: float, about: Instrument
) -> dict[str, object]:
    return {
        "ts": ts, "ts_event": body.ts_event, "sequence": body.sequence, "snapshot": snapshot, "side": side,
        "price": _units(price, about.price_scale, body), "quantity": _units(quantity, about.size_scale, body),
    }  # fmt: skip


def _units(value: float, scale: int, body: Body) -> int:
    """The integer whose nearest float is the value: exact below 2**53, see helios_engine.bodies.market."""
    factor: int = 10**scale
    units = round(value * factor)
    if units / factor != value or abs(units) >= 2**53:
        raise DataError(f"{value!r} has more than the {scale} decimals of its instrument: {body}")
    return units
