"""Tables that the audit's tests put faults into."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from helios_engine.bodies import Instrument
from helios_engine.catalog.audit import audit
from helios_engine.catalog.manifest import Issue, write_manifest
from helios_engine.catalog.parts import write_part
from helios_engine.catalog.store import Catalog, Dataset
from helios_engine.catalog.tables import SCHEMAS
from helios_engine.timeframe import DAY, UNITS, timeframe_ns

BTC = Instrument("BTCZAR.VALR", "BTC", "ZAR", 1, 2, tick=Decimal("0.1"), lot=Decimal("0.01"))
HOUR, MINUTE, SECOND = UNITS["h"], UNITS["m"], UNITS["s"]
START = 20_000 * DAY
NOW = 30_000 * DAY
Columns = dict[str, Any]


def bars(count: int = 100, timeframe: str = "1h", first: int = 0) -> Columns:
    """Clean bars: closes wander by less than a percent, volumes by a factor of two."""
    length = timeframe_ns(timeframe)
    opened = START + (first + np.arange(count, dtype=np.int64)) * length
    draw = np.random.default_rng(7)
    close = 10_000 + draw.integers(-40, 40, count)
    volume = draw.integers(400, 800, count)
    same = {"open": close.copy(), "high": close + 5, "low": close - 5, "close": close, "volume": volume}
    return {"ts": opened + length, "ts_open": opened, "ts_close": opened + length, **same}


def trades(count: int = 100, wait: int = SECOND) -> Columns:
    """Clean trades with ids in a row, received 20 ms after they were made."""
    event = START + np.arange(count, dtype=np.int64) * wait
    draw = np.random.default_rng(7)
    ids = pa.array([str(1000 + n) for n in range(count)])
    price, quantity = 10_000 + draw.integers(-40, 40, count), draw.integers(400, 800, count)
    side = draw.choice([-1, 1], count).astype(np.int8)
    return {
        "ts": event + 20_000_000, "ts_event": event, "price": price, "quantity": quantity, "side": side, "trade_id": ids
    }  # fmt: skip


def quotes(count: int = 100, wait: int = SECOND) -> Columns:
    """Clean quotes, one unit wide."""
    event = START + np.arange(count, dtype=np.int64) * wait
    bid = 10_000 + np.random.default_rng(7).integers(-40, 40, count)
    sizes = np.full(count, 500)
    return {
        "ts": event + 20_000_000, "ts_event": event, "bid": bid, "ask": bid + 1, "bid_quantity": sizes,
        "ask_quantity": sizes.copy(),
    }  # fmt: skip


def book(*messages: tuple[int, bool, list[tuple[int, int, int]]]) -> Columns:
    """Book rows of messages: seconds after the start, whether it is a snapshot, levels as (side, price, quantity)."""
    rows = [
        (START + second * SECOND, number, snapshot, *level)
        for number, (second, snapshot, levels) in enumerate(messages)
        for level in levels
    ]
    ts, sequence, snapshot, side, price, quantity = (list(column) for column in zip(*rows, strict=True))
    return {
        "ts": ts, "ts_event": ts, "sequence": sequence, "snapshot": snapshot, "side": side, "price": price,
        "quantity": quantity,
    }  # fmt: skip


def without(columns: Columns, *rows: int) -> Columns:
    """The same table with rows left out."""
    keep = np.setdiff1d(np.arange(len(columns["ts"])), rows)
    return {name: pa.array(values).take(pa.array(keep)) for name, values in columns.items()}


def stored(root: Path, kind: str, columns: Columns, timeframe: str = "") -> Dataset:
    """Put rows into a catalog as they are, unchecked."""
    table = pa.table(columns).select(SCHEMAS[kind].names).cast(SCHEMAS[kind])
    catalog = Catalog(root)
    catalog.write(kind, BTC, table.sort_by("ts"), timeframe=timeframe, replace=True)
    dataset = catalog.dataset(kind, BTC.instrument, timeframe)
    if not table.sort_by("ts").equals(table):
        _exchange(dataset, table)
    return dataset


def _exchange(dataset: Dataset, table: pa.Table) -> None:
    """Put rows in no order in the place of the one file, as a tool of somebody else's might."""
    m, folder = dataset.manifest, Path(dataset.folder.url)
    (old,) = m.parts
    part = write_part(folder, m.kind, [(table, old.price_scale, old.size_scale)], "other")
    dataset.manifest = msgspec.structs.replace(m, parts=(part,))
    write_manifest(dataset.folder, dataset.manifest)


def found(root: Path, kind: str, columns: Columns, timeframe: str = "") -> list[Issue]:
    """What the audit finds in rows."""
    return audit(stored(root, kind, columns, timeframe), NOW)
