"""The real files of flattened streams, Tardis, Bybit and Hyperliquid, row for row against an independent reading."""

from __future__ import annotations

import ast
import csv
import gzip
import io
import json
import zipfile
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from helios_engine.errors import DataError
from tests.unit.catalog.importing import imported, issues, real, real_path, rows

pytestmark = real
US, MS = 1000, 1_000_000
TRADES = "test_positive_binance_trade_stream_spot_trxusdt_04-03-2025.csv"
CHANGES = "test_positive_binance_difference_depth_stream_spot_trxusdt_04-03-2025.csv.gz"
SNAPSHOTS = "test_positive_binance_depth_snapshot_spot_btcusdt_14-04-2025.csv.gz"


def table(*parts: str) -> list[dict[str, str]]:
    path = real_path(*parts)
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    return list(csv.DictReader(line for line in io.StringIO(text) if not line.startswith("#")))


def test_flat_trades(tmp_path: Path) -> None:
    imported(tmp_path, real_path("binance_l2_flat", TRADES))

    assert rows(tmp_path, "trades", "TRXUSDT.BINANCE") == [
        (
            int(r["TimestampOfReceive"]) * US, int(r["TransactionTime"]) * US, Decimal(r["Price"]),
            Decimal(r["Quantity"]), 1 - 2 * int(r["IsBuyerMarketMaker"]), r["TradeId"],
        )
        for r in table("binance_l2_flat", TRADES)
    ]  # fmt: skip


def test_flat_snapshots(tmp_path: Path) -> None:
    found = imported(tmp_path, real_path("binance_l2_flat", SNAPSHOTS))["books BTCUSDT.BINANCE"]

    assert rows(tmp_path, "books", "BTCUSDT.BINANCE") == [
        (
            int(r["TimestampOfReceive"]) * MS, int(r["TimestampOfReceive"]) * MS, int(r["LastUpdateId"]), True,
            1 - 2 * int(r["IsAsk"]), Decimal(r["Price"]), Decimal(r["Quantity"]),
        )
        for r in table("binance_l2_flat", SNAPSHOTS)
    ]  # fmt: skip
    assert "says that it has 240,000 rows and has 20,000" in issues(found)["excerpt"].detail
    assert "gap" in {issue.kind for issue in found.issues}


def test_flat_differences_need_their_snapshot(tmp_path: Path) -> None:
    path = real_path("binance_l2_flat", CHANGES)
    with pytest.raises(DataError, match="2,833 depth updates were left out .* import the depth snapshot file of TRX"):
        imported(tmp_path, path)

    found = table("binance_l2_flat", CHANGES)
    at = int(found[0]["TimestampOfReceive"])
    snapshot = tmp_path / "depth_snapshot_spot_trxusdt_.csv"
    header = "TimestampOfReceive,TimestampOfRequest,LastUpdateId,IsAsk,Price,Quantity"
    snapshot.write_text(f"{header}\n{at},{at},{int(found[0]['FirstUpdateId']) - 1},0,0.1000,1\n")
    made = imported(tmp_path, snapshot, path)["books TRXUSDT.BINANCE"]
    expected = [
        (
            int(r["TimestampOfReceive"]) * US, int(r["EventTime"]) * US, int(r["FinalUpdateId"]), False,
            1 - 2 * int(r["IsAsk"]), Decimal(r["Price"]), Decimal(r["Quantity"]),
        )
        for r in found
    ]  # fmt: skip
    assert rows(tmp_path, "books", "TRXUSDT.BINANCE")[1:] == expected
    assert [issue.kind for issue in made.issues if issue.kind == "gap"], "the last row jumps to the end of the day"


def test_futures_depth(tmp_path: Path) -> None:
    snapshot, update = (real_path("nautilus_testdata", "binance", f"btcusdt-depth-{w}.csv") for w in ("snap", "update"))
    name = "BTCUSDT.BINANCE_USDM"
    found = imported(tmp_path, snapshot, update)["books " + name]

    assert rows(tmp_path, "books", name) == [
        (int(r["timestamp"]) * MS, int(r["timestamp"]) * MS, int(r["last_update_id"]), True, 1, *_level(r))
        for r in table("nautilus_testdata", "binance", "btcusdt-depth-snap.csv")
    ]
    assert "pu 2098041693400, expected pu 2098021528332" in issues(found)["book_gap"].detail


def _level(row: dict[str, str]) -> tuple[Decimal, Decimal]:
    return Decimal(row["price"]), Decimal(row["qty"])


def test_tardis_trades_and_quotes(tmp_path: Path) -> None:
    trades, quotes = "bitmex_trades_XBTUSD.csv", "huobi-dm-swap_quotes_BTC-USD.csv"
    imported(tmp_path, *(real_path("nautilus_testdata", "tardis", name) for name in (trades, quotes)))

    assert rows(tmp_path, "trades", "XBTUSD.BITMEX") == [
        (
            int(r["local_timestamp"]) * US, int(r["timestamp"]) * US, Decimal(r["price"]), Decimal(r["amount"]),
            {"buy": 1, "sell": -1}[r["side"]], r["id"],
        )
        for r in table("nautilus_testdata", "tardis", trades)
    ]  # fmt: skip
    names = ("bid_price", "ask_price", "bid_amount", "ask_amount")
    assert rows(tmp_path, "quotes", "BTC-USD.HUOBI_DM_SWAP") == [
        (int(r["local_timestamp"]) * US, int(r["timestamp"]) * US, *(Decimal(r[n]) for n in names))
        for r in table("nautilus_testdata", "tardis", quotes)
    ]


@pytest.mark.parametrize("depth", [5, 25])
def test_tardis_snapshots(tmp_path: Path, depth: int) -> None:
    file = f"binance-futures_book_snapshot_{depth}_BTCUSDT.csv"
    imported(tmp_path, real_path("nautilus_testdata", "tardis", file))

    expected = [
        (
            int(r["local_timestamp"]) * US, int(r["timestamp"]) * US, line, True, side,
            Decimal(r[f"{word}[{n}].price"]), Decimal(r[f"{word}[{n}].amount"]),
        )
        for line, r in enumerate(table("nautilus_testdata", "tardis", file), 2)
        for side, word in ((1, "bids"), (-1, "asks"))
        for n in range(depth)
    ]  # fmt: skip
    assert rows(tmp_path, "books", "BTCUSDT.BINANCE_USDM") == expected


def test_tardis_incremental(tmp_path: Path) -> None:
    file = "deribit_incremental_book_L2_BTC-PERPETUAL.csv"
    imported(tmp_path, real_path("nautilus_testdata", "tardis", file))

    assert rows(tmp_path, "books", "BTC-PERPETUAL.DERIBIT") == [
        (
            int(r["local_timestamp"]) * US,
            int(r["timestamp"]) * US,
            1,
            True,
            -1,
            Decimal(r["price"]),
            Decimal(r["amount"]),
        )
        for r in table("nautilus_testdata", "tardis", file)
    ]


def test_bybit_archive(tmp_path: Path) -> None:
    path = real_path("nautilus_testdata", "bybit", "xrpusdt-ob500.data.zip")
    imported(tmp_path, path)

    with zipfile.ZipFile(path) as bundle:
        messages = [json.loads(line) for line in bundle.read(bundle.namelist()[0]).decode().splitlines()]
    assert rows(tmp_path, "books", "XRPUSDT.BYBIT") == [
        (m["ts"] * MS, m["cts"] * MS, m["data"]["u"], m["type"] == "snapshot", side, Decimal(price), Decimal(quantity))
        for m in messages
        for side, word in ((1, "b"), (-1, "a"))
        for price, quantity in m["data"][word]
    ]


def test_bybit_updates(tmp_path: Path) -> None:
    path = real_path("bybit_l2_updates", "orderbook_updates_task.csv")
    found = imported(tmp_path, path)

    expected: dict[str, list[Any]] = defaultdict(list)
    for line, (_, symbol, received, exchange, text) in enumerate(csv.reader(path.read_text().splitlines()), 1):
        bids, asks = ast.literal_eval(text)
        head = (int(Decimal(received) * MS), int(exchange) * MS, line, True)
        expected[symbol] += [(*head, 1, Decimal(p), Decimal(q)) for p, q in bids]
        expected[symbol] += [(*head, -1, Decimal(p), Decimal(q)) for p, q in reversed(asks)]
    assert len(found) == 78
    for symbol, wanted in expected.items():
        assert rows(tmp_path, "books", f"{symbol}.BYBIT") == wanted
    assert {issue.kind for manifest in found.values() for issue in manifest.issues} == set()


def test_hyperliquid(tmp_path: Path) -> None:
    path = real_path("binance_l2_raw", "hyperliquid", "btcusd_20250126.gz")
    found = imported(tmp_path, path)

    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    messages = [(int(line[:19]), json.loads(line[20:])) for line in lines]
    assert rows(tmp_path, "books", "BTC.HYPERLIQUID") == [
        (ts, m["data"]["time"] * MS, m["data"]["time"], True, side, Decimal(level["px"]), Decimal(level["sz"]))
        for ts, m in messages
        if m["channel"] == "l2Book"
        for side, levels in zip((1, -1), m["data"]["levels"], strict=True)
        for level in levels
    ]
    assert rows(tmp_path, "trades", "BTC.HYPERLIQUID") == [
        (ts, t["time"] * MS, Decimal(t["px"]), Decimal(t["sz"]), {"B": 1, "A": -1}[t["side"]], str(t["tid"]))
        for ts, m in messages
        if m["channel"] == "trades"
        for t in m["data"]
    ]
    assert "backlog" in issues(found["trades BTC.HYPERLIQUID"])
