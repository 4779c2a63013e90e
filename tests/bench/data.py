"""Fixed work for the benchmarks: seeded bars and trades in the catalog's own format."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa

from helios_engine.bodies import Instrument
from helios_engine.catalog.store import Catalog
from helios_engine.catalog.tables import SCHEMAS

MINUTE = 60 * 10**9
START = 19_000 * 1440 * MINUTE
BTC = Instrument(
    "BTCUSDT.BENCH", "BTC", "USDT", 2, 6, tick=Decimal("0.01"), lot=Decimal("0.000001"),
    maker_fee=Decimal("0.001"), taker_fee=Decimal("0.001"),
)  # fmt: skip


def write_bars(root: Path, count: int) -> None:
    """One-minute bars of a random walk."""
    draw = np.random.Generator(np.random.PCG64(1))
    close = np.round(3_000_000 * np.exp(np.cumsum(draw.standard_normal(count) * 5e-4))).astype(np.int64)
    first = np.concatenate([[3_000_000], close[:-1]])
    opened = START + np.arange(count, dtype=np.int64) * MINUTE
    columns = {
        "ts": opened + MINUTE,
        "ts_open": opened,
        "ts_close": opened + MINUTE,
        "open": first,
        "high": np.maximum(first, close) + draw.integers(0, 900, count),
        "low": np.minimum(first, close) - draw.integers(0, 900, count),
        "close": close,
        "volume": draw.integers(4_000_000_000, 9_000_000_000, count),
    }
    Catalog(root).write("bars", BTC, pa.table(columns, schema=SCHEMAS["bars"]), timeframe="1m", replace=True)


def write_trades(root: Path, count: int) -> None:
    """Trades of a random walk, one each quarter of a second on average, with two sides."""
    draw = np.random.Generator(np.random.PCG64(2))
    ts = START + np.cumsum(draw.integers(1, 500, count, dtype=np.int64) * 1_000_000)
    price = np.round(3_000_000 * np.exp(np.cumsum(draw.standard_normal(count) * 3e-5))).astype(np.int64)
    columns = {
        "ts": ts,
        "ts_event": ts,
        "price": price,
        "quantity": draw.integers(1_000_000_000, 9_000_000_000, count),
        "side": draw.choice(np.array([1, -1], np.int8), count),
        "trade_id": pa.array([str(n) for n in range(count)]),
    }
    Catalog(root).write("trades", BTC, pa.table(columns, schema=SCHEMAS["trades"]), replace=True)
