"""Trades, quotes and books of flattened Binance streams, Tardis, Bybit and Hyperliquid."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helios_engine.errors import ConfigError, DataError, HeliosError
from tests.unit.catalog.importing import imported, issues, rows

T0 = 1_741_046_400_000_000
"""Microseconds."""
US, MS = 1000, 1_000_000
TRX = "TRXUSDT.BINANCE"
FLAT_TRADES = (
    "TimestampOfReceive,Stream,EventType,EventTime,TransactionTime,Symbol,TradeId,Price,Quantity,"
    "IsBuyerMarketMaker,MUnknownParameter"
)
FLAT_DEPTH = "TimestampOfReceive,Stream,EventType,EventTime,Symbol,FirstUpdateId,FinalUpdateId,IsAsk,Price,Quantity"
FLAT_SNAPSHOT = "TimestampOfReceive,TimestampOfRequest,LastUpdateId,IsAsk,Price,Quantity"
FUTURES = "symbol,timestamp,first_update_id,last_update_id,side,update_type,price,qty,pu"
TARDIS = "exchange,symbol,timestamp,local_timestamp,"


def put(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


def flat_trade(n: int, maker: int = 1, price: str = "0.2312") -> str:
    at = T0 + n * 1000
    return f"{at},trxusdt@trade,trade,{at - 300},{at - 800},TRXUSDT,{100 + n},{price},2619.4,{maker},True"


def change(n: int, first: int, last: int, is_ask: int = 0, price: str = "0.2311") -> str:
    at = T0 + n * 1000
    return f"{at},trxusdt@depth@100ms,depthUpdate,{at - 400},TRXUSDT,{first},{last},{is_ask},{price},10.5"


def flat_snapshot(folder: Path, n: int, last: int, stated: int = 2) -> Path:
    at = T0 // 1000 + n
    comments = ["####", "# DEPTH_SNAPSHOT SPOT TRXUSDT 04-03-2025", f"# DataFrame shape: {stated} x 6"]
    comments += ["#" for _ in range(27)]
    levels = [f"{at},{at - 80},{last},0,0.2310,5", f"{at},{at - 80},{last},1,0.2313,6"]
    return put(folder, "snapshot.csv", *comments, FLAT_SNAPSHOT, *levels)


def test_flat_trades(tmp_path: Path) -> None:
    imported(tmp_path, put(tmp_path, "t.csv", FLAT_TRADES, flat_trade(0), flat_trade(1, maker=0)))

    assert rows(tmp_path, "trades", TRX) == [
        (T0 * US, (T0 - 800) * US, Decimal("0.2312"), Decimal("2619.4"), -1, "100"),
        ((T0 + 1000) * US, (T0 + 200) * US, Decimal("0.2312"), Decimal("2619.4"), 1, "101"),
    ]


def test_flat_snapshots_and_differences_are_merged_by_time_in_two_units(tmp_path: Path) -> None:
    lines = [change(0, 1, 5), change(2, 6, 9), change(2, 6, 9, is_ask=1), change(3, 10, 10)]
    differences = put(tmp_path, "d.csv", FLAT_DEPTH, *lines)

    imported(tmp_path, differences, flat_snapshot(tmp_path, 1, 7))

    found = [(row[0] // MS - T0 // 1000, *row[2:]) for row in rows(tmp_path, "books", TRX)]
    assert found == [
        (1, 7, True, 1, Decimal("0.2310"), Decimal(5)),
        (1, 7, True, -1, Decimal("0.2313"), Decimal(6)),
        (2, 9, False, 1, Decimal("0.2311"), Decimal("10.5")),
        (2, 9, False, -1, Decimal("0.2311"), Decimal("10.5")),
        (3, 10, False, 1, Decimal("0.2311"), Decimal("10.5")),
    ]


def test_flat_differences_without_a_snapshot_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no book of TRXUSDT: 1 depth updates .* import the depth snapshot file of TRX"):
        imported(tmp_path, put(tmp_path, "d.csv", FLAT_DEPTH, change(0, 1, 5)))


def test_an_excerpt_of_a_flat_snapshot_file_is_known_by_its_comments(tmp_path: Path) -> None:
    found = imported(tmp_path, flat_snapshot(tmp_path, 1, 7, stated=240_000))["books " + TRX]

    assert "says that it has 240,000 rows and has 2" in issues(found)["excerpt"].detail


def test_a_flat_file_that_jumps_to_the_end_of_its_day_is_a_gap(tmp_path: Path) -> None:
    late = change(86_396_000, 10, 10)
    differences = put(tmp_path, "d.csv", FLAT_DEPTH, change(2, 6, 9), late)
    found = imported(tmp_path, differences, flat_snapshot(tmp_path, 1, 7))["books " + TRX]

    assert [issue.kind for issue in found.issues] == ["gap"]


def test_futures_depth_has_pu_of_minus_one_in_its_snapshot(tmp_path: Path) -> None:
    at = T0 // 1000
    snapshot = [
        f"BTCUSDT,{at},20,20,{side},snap,{price},1.77,-1" for side, price in (("b", "20377.00"), ("a", "20378"))
    ]
    updates = [f"BTCUSDT,{at + n},{u - 1},{u},b,set,20377.00,0.000,{pu}" for n, u, pu in ((1, 25, 19), (2, 30, 25))]
    paths = [put(tmp_path, "s.csv", FUTURES, *snapshot), put(tmp_path, "u.csv", FUTURES, *updates)]
    imported(tmp_path, *paths)

    found = [row[2:5] for row in rows(tmp_path, "books", "BTCUSDT.BINANCE_USDM")]
    assert found == [(20, True, 1), (20, True, -1), (25, False, 1), (30, False, 1)]
    apart = put(tmp_path, "v.csv", FUTURES, f"BTCUSDT,{at + 9},99,100,b,set,20377.00,0.000,98")
    gap = issues(imported(tmp_path / "gap", paths[0], apart)["books BTCUSDT.BINANCE_USDM"])["book_gap"]
    assert "v.csv:2: pu 98, expected pu 20" in gap.detail


def test_tardis_trades_are_known_when_they_were_received(tmp_path: Path) -> None:
    lines = [f"bitmex,XBTUSD,{T0},{T0 + 5},id-{side},{side},8531.5,2152" for side in ("buy", "sell", "unknown")]
    imported(tmp_path, put(tmp_path, "t.csv", TARDIS + "id,side,price,amount", *lines))

    found = rows(tmp_path, "trades", "XBTUSD.BITMEX")
    assert found[0] == ((T0 + 5) * US, T0 * US, Decimal("8531.5"), Decimal(2152), 1, "id-buy")
    assert [row[4] for row in found] == [1, -1, 0]


def test_tardis_quotes_with_an_empty_side_are_left_out_and_counted(tmp_path: Path) -> None:
    lines = [f"huobi-dm-swap,BTC-USD,{T0},{T0 + n},{cells}" for n, cells in enumerate(("5,8.3,8.2,6", ",,8.2,6"))]
    path = put(tmp_path, "q.csv", TARDIS + "ask_amount,ask_price,bid_price,bid_amount", *lines)
    name = "BTC-USD.HUOBI_DM_SWAP"
    found = imported(tmp_path, path)["quotes " + name]

    assert rows(tmp_path, "quotes", name) == [
        (T0 * US, T0 * US, Decimal("8.2"), Decimal("8.3"), Decimal(6), Decimal(5))
    ]
    assert issues(found)["one_sided"].ts_from == (T0 + 1) * US


def test_tardis_snapshots_and_their_empty_levels(tmp_path: Path) -> None:
    names = ",".join(f"asks[{n}].price,asks[{n}].amount,bids[{n}].price,bids[{n}].amount" for n in range(2))
    line = f"binance-futures,BTCUSDT,{T0},{T0 + 7},11657.08,1.714,11657.07,10.896,11657.54,5.4,,"
    imported(tmp_path, put(tmp_path, "b.csv", TARDIS + names, line))

    assert [row[3:] for row in rows(tmp_path, "books", "BTCUSDT.BINANCE_USDM")] == [
        (True, 1, Decimal("11657.07"), Decimal("10.896")),
        (True, -1, Decimal("11657.08"), Decimal("1.714")),
        (True, -1, Decimal("11657.54"), Decimal("5.4")),
    ]


def test_tardis_changes_before_the_first_snapshot_are_left_out(tmp_path: Path) -> None:
    cells = [(0, "false", "bid,1,1"), (1, "true", "bid,2,3"), (1, "true", "ask,3,3"), (2, "false", "ask,3,0")]
    lines = [f"deribit,BTC-PERPETUAL,{T0},{T0 + n},{full},{rest}" for n, full, rest in cells]
    path = put(tmp_path, "i.csv", TARDIS + "is_snapshot,side,price,amount", *lines)
    name = "BTC-PERPETUAL.DERIBIT"
    found = imported(tmp_path, path)["books " + name]

    assert [row[2:] for row in rows(tmp_path, "books", name)] == [
        (2, True, 1, Decimal(2), Decimal(3)),
        (2, True, -1, Decimal(3), Decimal(3)),
        (3, False, -1, Decimal(3), Decimal(0)),
    ]
    assert issues(found)["no_snapshot"].detail.startswith("1 levels")
    split = [*lines[:2], lines[2].replace(f"{T0 + 1},", f"{T0 + 2},")]
    with pytest.raises(DataError, match="i.csv:4: the rows of a snapshot have two receive times"):
        imported(tmp_path / "split", put(tmp_path, "i.csv", TARDIS + "is_snapshot,side,price,amount", *split))


def test_a_receiver_whose_clock_ran_behind_needs_an_offset(tmp_path: Path) -> None:
    line = f"bitmex,XBTUSD,{T0},{T0 - 1500},x,buy,8531.5,2152"
    path = put(tmp_path, "t.csv", TARDIS + "id,side,price,amount", line)
    with pytest.raises(ConfigError, match=r"t.csv:2: received 1.5 ms before .* Add --clock-offset 2ms"):
        imported(tmp_path, path)
    with pytest.raises(DataError, match=r"even with the clock offset; so far --clock-offset 2ms is needed"):
        imported(tmp_path, path, clock_offset=MS)
    assert imported(tmp_path, path, clock_offset=2 * MS)["trades XBTUSD.BITMEX"].clock_offset == 2 * MS


def bybit(kind: str, n: int, u: int, **more: Any) -> str:
    data = {"s": "XRPUSDT", "b": [["1.9531", "6203"]], "a": [["1.9532", str(n)]], "u": u, "seq": u}
    ts = T0 // 1000 + n
    return json.dumps({"topic": "orderbook.500.XRPUSDT", "type": kind, "ts": ts, "data": data, "cts": ts - 2, **more})


def test_bybit_archive_lines_are_one_sequence(tmp_path: Path) -> None:
    path = tmp_path / "x.data.zip"
    lines = [bybit("snapshot", 1, 7), bybit("delta", 2, 8), bybit("delta", 3, 10), bybit("snapshot", 4, 1)]
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("2024-12-01_XRPUSDT_ob500.data", "\n".join(lines))
    found = imported(tmp_path, path)["books XRPUSDT.BYBIT"]

    made = rows(tmp_path, "books", "XRPUSDT.BYBIT")
    assert [row[2:4] for row in made[::2]] == [(7, True), (8, False), (1, True)]
    assert made[0][:2] == ((T0 + 1000) * US, (T0 - 1000) * US)
    assert issues(found)["book_gap"].state == "quarantined"


def test_bybit_updates_of_five_levels_are_snapshots(tmp_path: Path) -> None:
    book = "[[['62918.1', '1.293'], ['62917.6', '0.015']], [['62918.8', '0.003'], ['62918.5', '1.136']]]"
    line = f'both,BTCUSDT,{T0 // 1000}.1501,{T0 // 1000 - 130},"{book}"'
    imported(tmp_path, put(tmp_path, "u.csv", line))

    assert rows(tmp_path, "books", "BTCUSDT.BYBIT")[1:3] == [
        (T0 * US + 150_100, T0 * US - 130 * MS, 1, True, 1, Decimal("62917.6"), Decimal("0.015")),
        (T0 * US + 150_100, T0 * US - 130 * MS, 1, True, -1, Decimal("62918.5"), Decimal("1.136")),
    ]
    for bad in ("__import__('os')", book[:-1], book.replace("'1.293'", "1.293"), book.replace("], [", "] + [")):
        with pytest.raises(DataError, match=r"u.csv:2: the book is"):
            imported(tmp_path / "bad", put(tmp_path, "u.csv", line, line.replace(book, bad)))


def test_hyperliquid_trades_of_before_the_subscription_are_known_when_received(tmp_path: Path) -> None:
    t = T0 // 1000
    users = ["0xe9", "0x68"]
    old = {"coin": "BTC", "px": "105056.0", "side": "B", "sz": "0.00219", "tid": 12, "time": t - 49_000, "users": users}
    book = {"coin": "BTC", "levels": [[{"n": 5, "px": "1.5", "sz": "3"}], [{"n": 1, "px": "2", "sz": "1"}]], "time": t}
    lines = [
        f"{(T0 + 9) * US} " + json.dumps({"channel": channel, "data": data}, separators=(",", ":"))
        for channel, data in (("l2Book", book), ("trades", [old, {**old, "side": "A", "tid": 13}]))
    ]
    found = imported(tmp_path, put(tmp_path, "btcusd", *lines))

    made = rows(tmp_path, "trades", "BTC.HYPERLIQUID")
    assert made[0] == ((T0 + 9) * US, (t - 49_000) * MS, Decimal(105056), Decimal("0.00219"), 1, "12")
    assert made[1][4] == -1
    assert [row[2:5] for row in rows(tmp_path, "books", "BTC.HYPERLIQUID")] == [(t, True, 1), (t, True, -1)]
    assert issues(found["trades BTC.HYPERLIQUID"])["backlog"].detail.startswith("2 trades")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((FLAT_TRADES, flat_trade(0), flat_trade(1, price="NaN")), ":3: Price .* is 'NaN'"),
        ((FLAT_TRADES, flat_trade(0), flat_trade(1, price="1e9999")), ":3: Price .* is '1e9999'"),
        ((FLAT_TRADES, flat_trade(0), flat_trade(1, maker=2)), ":3: IsBuyerMarketMaker is '2', expected 0 or 1"),
        ((FLAT_TRADES, flat_trade(0), flat_trade(1).replace("TRXUSDT", "BTCUSDT")), ":3: Symbol is 'BTCUSDT'"),
        ((FLAT_TRADES, flat_trade(1), flat_trade(0)), ":3: time .* is before that of the row above"),
        ((FLAT_TRADES, flat_trade(0), flat_trade(1)[:40]), "not a readable CSV"),
        ((FLAT_TRADES,), "no rows"),
        ((FLAT_DEPTH, change(0, 5, 4)), ":2: the first update id 5 is above the last, 4"),
        ((FLAT_DEPTH, change(0, 4, 5), change(1, 6, 7, is_ask=3)), ":3: IsAsk is '3', expected 0 or 1"),
        ((FLAT_DEPTH, change(1, 4, 5), change(0, 6, 7)), ":3: the time is before that of the message above"),
        ((FLAT_SNAPSHOT, "1744588800258,1744588800180,66711751276,0,83759.9,2"), "add --instrument"),
        ((TARDIS + "id,side,price,amount", f"b,XBTUSD,{T0},{T0},1,hold,8,1"), ":2: side is 'hold'"),
        ((bybit("snapshot", 1, 7), bybit("delta", 2, 8)[:-4]), ":2: not an orderbook message of Bybit"),
        ((bybit("snapshot", 1, 7), bybit("other", 2, 8)), ":2: type is 'other'"),
        ((bybit("snapshot", 2, 7), bybit("delta", 1, 8)), ":2: ts .* before the line above"),
        ((bybit("delta", 2, 7),), "no book can be kept"),
        (('1741046400000000000 {"channel":"trades","data":[{"coin":"BTC"}]}',), ":1: not a message of Hyperliquid"),
    ],
)
def test_what_cannot_be_true_is_refused_with_its_line(tmp_path: Path, lines: tuple[str, ...], said: str) -> None:
    with pytest.raises((DataError, ConfigError), match=said):
        imported(tmp_path, put(tmp_path, "x.csv", *lines))


def _flat(row: dict[str, str]) -> tuple[Any, ...]:
    ts, event = int(row["TimestampOfReceive"]) * US, int(row["TransactionTime"]) * US
    side = -1 if row["IsBuyerMarketMaker"] == "1" else 1
    return ts, event, Decimal(row["Price"]), Decimal(row["Quantity"]), side, row["TradeId"]


def _tardis(row: dict[str, str]) -> tuple[Any, ...]:
    side = {"buy": 1, "sell": -1}.get(row["side"], 0)
    ts, event = int(row["local_timestamp"]) * US, int(row["timestamp"]) * US
    return ts, event, Decimal(row["price"]), Decimal(row["amount"]), side, row["id"]


TARDIS_LINES = [f"bitmex,XBTUSD,{T0 + n},{T0 + n + 5},x{n},{'buy' if n % 2 else 'sell'},8531.5,2152" for n in range(5)]


@pytest.mark.parametrize(
    ("header", "lines", "name", "parse"),
    [
        (FLAT_TRADES, [flat_trade(n, n % 2) for n in range(5)], TRX, _flat),
        (TARDIS + "id,side,price,amount", TARDIS_LINES, "XBTUSD.BITMEX", _tardis),
    ],
)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_refused_or_read_as_it_stands(
    data: st.DataObject,
    header: str,
    lines: list[str],
    name: str,
    parse: Callable[[dict[str, str]], tuple[Any, ...]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    cells = [line.split(",") for line in (header, *lines)]
    number, place = data.draw(st.integers(1, 5)), data.draw(st.integers(0, len(cells[0]) - 1))
    cut = None
    match data.draw(st.sampled_from(("cut", "cell", "delete", "columns"))):
        case "cell":
            cells[number][place] = data.draw(st.sampled_from(("", "NaN", "1e5", "-1", "0", "9" * 25, "buy", "1_0")))
        case "delete":
            del cells[number]
        case "columns":
            other = data.draw(st.integers(0, len(cells[0]) - 1))
            for row in cells[data.draw(st.integers(0, 1)) :]:
                row[place], row[other] = row[other], row[place]
        case "cut":
            cut = data.draw(st.integers(0, 300))
    folder = tmp_path_factory.mktemp("damaged")
    path = folder / "x.csv"
    path.write_text("\n".join(map(",".join, cells))[:cut])
    try:
        imported(folder, path)
    except HeliosError:
        return
    found = [r for place in (folder / "catalog" / "trades").iterdir() for r in rows(folder, "trades", place.name)]
    assert set(found) <= {parse(row) for row in csv.DictReader(path.read_text().splitlines())}
