"""Run folders as the runner leaves them, made from a seeded random walk."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from helios_engine.bodies import Instrument
from helios_engine.report.measure import measure_run
from helios_engine.report.summary import AccountNote, Counts, PluginNote, Span, Summary, write_summary
from helios_engine.results import EQUITY, FILLS, FUNDING, ORDERS, PRICES, VOLUMES
from helios_engine.stage import Pin
from helios_engine.timeframe import DAY, UNITS, parse_time

MINUTE = UNITS["m"]
START = parse_time("2024-01-01T00:00:00Z")
BTC = Instrument("BTCZAR.VALR", "BTC", "ZAR", 0, 8, Decimal(1), Decimal("0.00000001"))
ETH = Instrument("ETHZAR.VALR", "ETH", "ZAR", 0, 8, Decimal(1), Decimal("0.00000001"))


def write_table(path: Path, schema: pa.Schema, rows: Sequence[tuple[object, ...]]) -> None:
    """Rows in the schema's order to Parquet."""
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in schema]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), path)


def write_tables(folder: Path, days: int = 120, every: int = 60 * MINUTE, seed: int = 1) -> None:
    """Equity, fills and prices of an account that flips between long, flat and short at random."""
    rng, draw = np.random.default_rng(seed), np.random.default_rng(seed + 1)
    count = days * DAY // every
    equity, fills, prices, orders = [], [], [], []
    cash, number = 1_000_000.0, 0
    held = {BTC.instrument: 0.0, ETH.instrument: 0.0}
    price = {BTC.instrument: 800_000.0, ETH.instrument: 45_000.0}
    size = {BTC.instrument: 0.5, ETH.instrument: 4.0}
    for step in range(count + 1):
        ts = START + step * every
        for name in price:
            price[name] = round(price[name] * float(np.exp(rng.normal(0.0001, 0.006))))
            prices.append((ts, name, price[name]))
            if step and rng.random() < 0.02:
                target = float(rng.choice([-1.0, 0.0, 0.5, 1.0])) * size[name]
                change = target - held[name]
                if change:
                    fee = round(abs(change) * price[name] * 0.001, 2)
                    side = "BUY" if change > 0 else "SELL"
                    seen = round(price[name] * (1 + float(draw.normal(0, 0.001))))
                    size_, met = abs(change), (seen, ts, price[name], None, None)
                    end = (size_, price[name], size_, ts, "filled", price[name])
                    orders.append((ts - 1, f"o{number}", name, side, "MARKET", size_, *met, *end))
                    fills.append((ts, f"o{number}", name, side, abs(change), price[name], fee, "ZAR", "TAKER"))
                    cash -= change * price[name] + fee
                    held[name], number = target, number + 1
        worth = sum(held[name] * price[name] for name in held)
        gross = sum(abs(held[name]) * price[name] for name in held)
        equity.append((ts, cash + worth, cash, gross))
    write_table(folder / "equity.parquet", EQUITY, equity)
    write_table(folder / "fills.parquet", FILLS, fills)
    write_table(folder / "prices.parquet", PRICES, prices)
    write_table(folder / "orders.parquet", ORDERS, orders)
    market = [(START + day * DAY, name, 100 * size[name]) for day in range(-1, days + 1) for name in price]
    write_table(folder / "volumes.parquet", VOLUMES, market)
    write_table(folder / "funding.parquet", FUNDING, [])


def write_run(folder: Path, *, name: str = "random_walk", days: int = 120, seed: int = 1) -> Summary:
    """A complete run folder, measured, with its summary."""
    write_tables(folder, days=days, seed=seed)
    metrics, parts = measure_run(folder, [BTC, ETH], "ZAR")
    summary = Summary(
        name=name,
        status="complete",
        config_digest="ab" * 16,
        started="2024-06-01T10:00:00Z",
        finished="2024-06-01T10:00:07Z",
        span=Span(start=START, stop=START + days * DAY),
        counts=Counts(
            inputs=12_345,
            turns=23_456,
            outputs={"features.basic": 2_880},
            orders=metrics.fills,
            fills=metrics.fills,
            rejects={"gate: max_position": 3},
            dropped=2,
        ),
        heads={
            "decisions": "0123456789abcdef" * 4,
            "inputs": "fedcba9876543210" * 4,
            "stage.features.basic": "aa" * 32,
        },
        pins={"catalog.trades:BTCZAR.VALR": Pin("cd" * 16, 98_765, START, START + days * DAY - 1, 4)},
        plugins=[PluginNote(name="features", identity="features=helios_features@0123456789ab")],
        versions={"python": "3.11.9", "numpy": "2.1.0"},
        account=AccountNote(currency="ZAR", start_equity=metrics.start_equity, end_equity=metrics.end_equity),
        models={"fill": "next print, no queue", "latency": "250ms", "fees": "maker 0, taker 0.1 %"},
        metrics=metrics,
        breakdown=parts,
        warnings=["4 doubts about the data lie inside the run"],
    )
    write_summary(folder, summary)
    return summary
