"""A small catalog with data of every kind, whose rows are known."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from helios_engine.bodies import Instrument
from helios_engine.catalog.importers import rows
from helios_engine.catalog.importers.contract import Source
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.store import Catalog
from helios_engine.catalog.tables import SCHEMAS
from helios_engine.timeframe import DAY, UNITS

HOUR = UNITS["h"]
BEGIN = 20_000 * DAY
NAME = "BTCUSDT.BINANCE"
BTC = Instrument(
    NAME, "BTC", "USDT", 2, 3, tick=Decimal("0.01"), lot=Decimal("0.001"), min_quantity=Decimal("0.002"),
    min_notional=Decimal(5), maker_fee=Decimal("0.001"), taker_fee=Decimal("0.0015"),
)  # fmt: skip


def bars(count: int, first: int = 0, close: int = 100_25) -> pa.Table:
    """Hourly bars from `BEGIN`, in units of a hundredth and a thousandth."""
    opened = np.arange(first, first + count, dtype=np.int64) * HOUR + BEGIN
    numbers = {"open": 100_00, "high": close + 100, "low": 99_00, "close": close, "volume": 1_500}
    times = {"ts": opened + HOUR, "ts_open": opened, "ts_close": opened + HOUR}
    return pa.table(times | {n: np.full(count, v) for n, v in numbers.items()}, schema=SCHEMAS["bars"])


def trades(count: int = 5) -> pa.Table:
    """Trades a second apart, known a millisecond after they happened."""
    event = np.arange(count, dtype=np.int64) * UNITS["s"] + BEGIN
    return pa.table(
        {
            "ts": event + UNITS["ms"],
            "ts_event": event,
            "price": np.arange(count) + 100_01,
            "quantity": np.arange(count) + 1,
            "side": np.resize([1, -1, 0], count),
            "trade_id": [f"id{n}" if n else "" for n in range(count)],
        },
        schema=SCHEMAS["trades"],
    )


def quotes(count: int = 4) -> pa.Table:
    """Quotes a second apart."""
    event = np.arange(count, dtype=np.int64) * UNITS["s"] + BEGIN
    numbers = {"bid": 100_00, "ask": 100_01, "bid_quantity": 5, "ask_quantity": 0}
    return pa.table(
        {"ts": event + 5, "ts_event": event} | {n: np.arange(count) + v for n, v in numbers.items()},
        schema=SCHEMAS["quotes"],
    )


def definition(name: str, valid_from: int, **terms: Any) -> Instrument:
    """A definition from a day on."""
    given: dict[str, Any] = {"tick": Decimal("0.01"), "lot": Decimal("0.001")} | terms
    return Instrument(name, name.split("USDT")[0], "USDT", 2, 3, valid_from=valid_from, **given)


def filled(root: Path) -> Catalog:
    """Bars over two days of different scales with an issue, trades, quotes, a book, funding, and definitions."""
    catalog = Catalog(root)
    issue = Issue(kind="gap", severity="warn", ts_from=BEGIN, ts_to=BEGIN + HOUR, detail="it's gone", missing=HOUR)
    catalog.write("bars", BTC, bars(3), timeframe="1h", source="one.csv", issues=(issue,))
    with catalog.session() as session:  # another year, with more decimals
        writer = session.writer("bars", NAME, "1h")
        writer.add(bars(2, first=400 * 24, close=100_253), 3, 3)
        writer.commit(msgspec.structs.replace(BTC, price_scale=3), source="two.csv")
    catalog.write("trades", BTC, trades())
    catalog.write("quotes", BTC, quotes())
    level = {
        "sequence": [7, 7],
        "snapshot": [True, True],
        "side": [1, -1],
        "price": [10_000, 10_001],
        "quantity": [1, 2],
    }
    catalog.write("books", BTC, pa.table({"ts": [BEGIN] * 2, "ts_event": [BEGIN] * 2} | level, schema=SCHEMAS["books"]))
    with catalog.session() as session:
        writer = session.writer("funding", NAME)
        writer.add(pa.table({"ts": [BEGIN], "ts_event": [BEGIN], "rate": [-125]}, schema=SCHEMAS["funding"]), 6, 0)
        writer.commit(msgspec.structs.replace(BTC, price_scale=6))
    write_definitions(catalog, root / "definitions.json")
    return catalog


def write_definitions(catalog: Catalog, path: Path) -> None:
    """A universe: one that changes its tick, one that is delisted, one that is listed later."""
    path.write_text("{}")
    found = [
        definition("OLDUSDT.BINANCE", BEGIN, delisted=BEGIN + 5 * DAY),
        definition("BTCUSDT.BINANCE", BEGIN),
        definition("BTCUSDT.BINANCE", BEGIN + 2 * DAY, tick=Decimal("0.1")),
        definition("NEWUSDT.BINANCE", BEGIN, listed=BEGIN + 3 * DAY),
    ]
    made = rows.instruments(Source(path), "BINANCE", found, str)
    with catalog.session() as session:
        writer = session.writer("instruments", "BINANCE")
        writer.add(made.table)
        writer.commit(None)
    path.unlink()
