"""Inputs as rows of the catalog: trades and quotes in units of their instrument, everything else as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa

from helios_engine.bodies import Instrument, Quote, Trade
from helios_engine.catalog.naming import folder_of
from helios_engine.catalog.tables import SCHEMAS
from helios_engine.codec import Codec
from helios_engine.errors import DataError
from helios_engine.events import Body

_SIDES = {"BUY": 1, "SELL": -1, "": 0}


class Target(NamedTuple):
    """A data set of the catalog."""

    kind: str
    name: str
    timeframe: str = ""


def target(body: Body, connection: str, codec: Codec) -> Target:
    """Where a body belongs: by its instrument, or by its connection if it has none."""
    name = getattr(body, "instrument", "") or connection
    if isinstance(body, Trade | Quote):
        return Target("trades" if isinstance(body, Trade) else "quotes", name)
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
    records = [_row(ts, body, instrument) for ts, body in rows]
    return pa.Table.from_pylist(records, schema=schema)


def _row(ts: int, body: Body, about: Instrument) -> dict[str, object]:
    p, s = about.price_scale, about.size_scale
    match body:
        case Trade():
            return {
                "ts": ts, "ts_event": body.ts_event, "price": _units(body.price, p, body),
                "quantity": _units(body.quantity, s, body), "side": _SIDES[body.side], "trade_id": body.trade_id,
            }  # fmt: skip
        case Quote():
            return {
                "ts": ts, "ts_event": body.ts_event, "bid": _units(body.bid, p, body), "ask": _units(body.ask, p, body),
                "bid_quantity": _units(body.bid_quantity, s, body), "ask_quantity": _units(body.ask_quantity, s, body),
            }  # fmt: skip
    raise AssertionError(f"no row is made of {body!r}")


def _units(value: float, scale: int, body: Body) -> int:
    """The integer whose nearest float is the value: exact below 2**53, see helios_engine.bodies.market."""
    factor: int = 10**scale
    units = round(value * factor)
    if units / factor != value or abs(units) >= 2**53:
        raise DataError(f"{value!r} has more than the {scale} decimals of its instrument: {body}")
    return units
