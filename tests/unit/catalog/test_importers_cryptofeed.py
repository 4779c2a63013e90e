from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from helios_engine.catalog.importers import cryptofeed
from helios_engine.catalog.importers.contract import Source
from helios_engine.catalog.importers.cryptofeed import stream
from helios_engine.errors import ConfigError, DataError
from tests.unit.catalog.cryptofeed_captures import (
    T,
    aggregate,
    capture,
    depth,
    details,
    pack,
    plain,
    read,
    run,
    snapshot,
    stamp,
    text_of,
)


def test_a_capture_is_recognised_by_its_first_line_and_its_name(tmp_path: Path) -> None:
    guess = cryptofeed.recognise(Source(capture(tmp_path, "BINANCE.ws.1.0.gz", aggregate(1))))
    other = tmp_path / "BINANCE.ws.2.0.gz"
    pack(other, "ts,price\n1,2\n")

    assert guess is not None and guess.confidence > 0.9
    assert cryptofeed.recognise(Source(other)) is None
    with pytest.raises(DataError, match=r"renamed.log: its name does not say which venue"):
        read(capture(tmp_path, "renamed.log", aggregate(1)))


def test_trades_keep_digits_times_and_the_takers_side(tmp_path: Path) -> None:
    path = tmp_path / "BINANCE.ws.1.0.gz"
    trade = json.dumps(aggregate(1, p="0.12345678", q="123456789.00000001", T=T * 1000 + 1, E=T * 1000 + 2))
    pack(path, f"wss://x <-> {T}.0\n{T}.0123457: {trade}\n{T}.013: {json.dumps(aggregate(0, m=False))}\n")

    assert plain(read(path))["trades", "NKNUSDT"][0] == (
        T * 10**9 + 12_345_700, T * 10**9 + 10**6, Decimal("0.12345678"), Decimal("123456789.00000001"), 1, "1",
    )  # fmt: skip


def test_coinbase_names_the_makers_side(tmp_path: Path) -> None:
    match = {
        "type": "match", "trade_id": 1, "side": "sell", "size": "985", "price": "0.00001305", "product_id": "SKL-BTC",
        "time": "2023-11-14T22:13:20.123456Z",
    }  # fmt: skip
    found = plain(read(capture(tmp_path, "COINBASE.ws.1.0.gz", {**match, "type": "last_match"}, match)))

    assert [row[1:] for row in found["trades", "SKL-BTC"]] == [
        (T * 10**9 + 123_456_000, Decimal("0.00001305"), Decimal(985), 1, "1")
    ]


def test_bitfinex_channels_are_numbered_and_its_trades_are_told_twice(tmp_path: Path) -> None:
    said = {"event": "subscribed", "channel": "trades", "chanId": 17, "symbol": "tBTCUSD"}
    trade = f"[401597395,{T * 1000},-0.005,7245.3]"
    messages = (f"[17,[{trade}],1]", f'[17,"te",{trade},2]', f'[17,"tu",{trade},3]', '[17,"hb",4]')
    found = read(capture(tmp_path, "BITFINEX.ws.1.0.gz", said, *messages))

    assert plain(found)["trades", "BTCUSD"] == [
        ((T + 3) * 10**9, T * 10**9, Decimal("7245.3"), Decimal("0.005"), -1, "401597395")
    ]
    assert "1 heartbeats, 1 subscribed, 1 trades from before the recording, 1 trades told again (tu)" in details(found)


def test_a_connection_gives_channel_numbers_anew(tmp_path: Path) -> None:
    said = {"event": "subscribed", "channel": "trades", "chanId": 17, "symbol": "tBTCUSD"}
    path = capture(tmp_path, "BITFINEX.ws.1.0.gz", said)
    pack(path, text_of(path) + f'wss://x <-> {stamp(2)}\n{stamp(3)}: [17,"te",[1,{T}000,1,2],1]\n')

    with pytest.raises(DataError, match=r"BITFINEX.ws.1.0.gz:4: the message has not the form .*KeyError: '17'"):
        read(path)


def test_a_book_goes_on_from_its_rest_snapshot(tmp_path: Path) -> None:
    stream = capture(tmp_path, "BINANCE.ws.1.0.gz", depth(1, 8, 9), depth(2, 10, 12), depth(3, 13, 13))
    found = plain(read(stream, snapshot(tmp_path, 10, at=3)))["books", "NKNUSDT"]

    assert [row[2:4] for row in found] == [(10, True)] * 3 + [(12, False)] * 2 + [(13, False)] * 2
    assert {row[0] for row in found} == {(T + 3) * 10**9}
    assert "1 messages of changes that the snapshot holds already" in details(
        read(stream, tmp_path / "BINANCE.http.0.0.gz")
    )


def test_a_gap_ends_a_book(tmp_path: Path) -> None:
    stream = capture(tmp_path, "BINANCE.ws.1.0.gz", aggregate(1), depth(2, 11, 12), depth(3, 15, 16), depth(4, 17, 18))
    found = read(stream, snapshot(tmp_path, 10))

    assert [row[2] for row in plain(found)["books", "NKNUSDT"]] == [10, 10, 10, 12, 12]
    assert "BINANCE.ws.1.0.gz:4: NKNUSDT: changes are missing between 12 and 15; its book ends here" in details(found)
    futures = (depth(2, 11, 12, pu=9), depth(3, 15, 16, pu=12), depth(4, 20, 21, pu=18))
    found = read(capture(tmp_path, "BINANCE.ws.1.0.gz", aggregate(1), *futures), tmp_path / "BINANCE.http.0.0.gz")
    assert [row[2] for row in plain(found)["books", "NKNUSDT"]] == [10, 10, 10, 12, 12, 16, 16]


def test_changes_without_a_snapshot_are_counted(tmp_path: Path) -> None:
    found = read(capture(tmp_path, "BINANCE.ws.1.0.gz", aggregate(1), depth(2, 11, 12)))

    assert list(plain(found)) == [("trades", "NKNUSDT")]
    assert "1 changes of a book without a snapshot (NKNUSDT)" in details(found)


def test_receipt_before_the_event_asks_for_a_clock_offset(tmp_path: Path) -> None:
    made = (T + 2) * 1000
    path = capture(tmp_path, "BINANCE.ws.1.0.gz", aggregate(1), aggregate(2, T=made + 50, E=made + 70))

    with pytest.raises(
        ConfigError, match=r"received -70\.000 to \+5\.000 ms .* BINANCE.ws.1.0.gz:3: .*--clock-offset 70ms"
    ):
        read(path)
    with pytest.raises(ConfigError, match=r"with the clock offset of 30 ms, .*--clock-offset 70ms"):
        read(path, clock_offset=30 * 10**6)
    (block,) = read(path, clock_offset=70 * 10**6)
    assert block.clock_offset == 70 * 10**6
    assert block.table["ts"][0].as_py() == (T + 1) * 10**9 + 70 * 10**6


def test_instruments_and_their_symbols_come_of_the_list(tmp_path: Path) -> None:
    price, lot = {"filterType": "PRICE_FILTER", "tickSize": "0.0100"}, {"filterType": "LOT_SIZE", "stepSize": "1.0"}
    one = {"symbol": "XYZQQQ", "baseAsset": "XYZ", "quoteAsset": "QQQ", "filters": [price, lot]}
    body = {"symbols": [one, {**one, "symbol": "OLD", "filters": []}, {**one, "symbol": "CUSD", "contractSize": 100}]}
    listed = capture(tmp_path, "BINANCE.0.gz", body, url="https://api.example/exchangeInfo")
    stream = capture(tmp_path, "BINANCE.ws.1.0.gz", aggregate(1), aggregate(2, s="XYZQQQ"))

    alone = read(stream)
    assert list(plain(alone)) == [("trades", "NKNUSDT")]
    assert "currencies are not known; add BINANCE.0.gz: XYZQQQ (1)" in details(alone)
    catalog, _ = run(tmp_path, listed, stream)
    (row,) = catalog.dataset("instruments", "BINANCE").table().to_pylist()
    assert (row["ts"], row["instrument"], row["tick"], row["lot"]) == ((T + 1) * 10**9, "XYZQQQ.BINANCE", "0.01", "1")
    told = catalog.dataset("instruments", "BINANCE").manifest.issues[0].detail
    assert told == "BINANCE.0.gz: 2 instruments are not defined: 1 without tick or lot, 1 counted in contracts"
    traded = catalog.dataset("trades", "XYZQQQ.BINANCE").manifest.instrument
    assert traded is not None and (traded.base, traded.quote, traded.tick) == ("XYZ", "QQQ", Decimal("0.01"))


def test_contracts_are_not_passed_off_as_an_amount_of_the_base(tmp_path: Path) -> None:
    found = (aggregate(n, s="LINKUSD_PERP") for n in (1, 2))
    path = capture(tmp_path, "BINANCE_DELIVERY.ws.1.0.gz", *found)
    (block,) = read(path)

    assert [(i.severity, i.ts_from, i.ts_to) for i in block.issues] == [("warn", (T + 1) * 10**9, (T + 2) * 10**9 + 1)]
    assert "contracts of a fixed sum of the quote currency, not an amount of the base" in details([block])


def test_spot_and_contracts_of_one_name_stay_apart(tmp_path: Path) -> None:
    def trade(kind: str) -> dict[str, Any]:
        argument = {"instType": kind, "channel": "trade", "instId": "EOSUSDT"}
        return {"action": "update", "arg": argument, "data": [[f"{T}000", "2.5", "1", "buy"]]}

    found = plain(read(capture(tmp_path, "BITGET.ws.1.0.gz", trade("sp"), trade("mc"))))
    assert sorted(found) == [("trades", "EOSUSDT"), ("trades", "EOSUSDT_UMCBL")]


def test_small_numbers_of_json_are_exact(tmp_path: Path) -> None:
    levels = [{"symbol": "XRPUSD", "id": 1, "side": "Buy", "size": 5, "price": 1e-08}]
    first = {"table": "orderBookL2", "action": "partial", "data": levels}
    changes = ({"symbol": "XRPUSD", "id": 1, "side": "Buy", "size": 7}, {"symbol": "XRPUSD", "id": 1, "side": "Buy"})
    more = [
        {"table": "orderBookL2", "action": a, "data": [c]} for a, c in zip(("update", "delete"), changes, strict=True)
    ]
    found = plain(read(capture(tmp_path, "BITMEX.ws.1.0.gz", first, *more)))["books", "XRPUSD"]

    assert [row[3:] for row in found] == [(n == 0, 1, Decimal("1E-8"), Decimal(q)) for n, q in enumerate((5, 7, 0))]


def test_blocks_are_handed_on_as_they_fill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = capture(tmp_path, "BINANCE.ws.1.0.gz", *(aggregate(n) for n in range(1, 12)))
    whole = plain(read(path))
    monkeypatch.setattr(stream, "_BLOCK", 4)

    parts = read(path)
    assert len(parts) > 2 and max(part.table.num_rows for part in parts) <= 4
    assert plain(parts) == whole


def test_a_new_connection_of_unnumbered_changes_needs_a_new_snapshot(tmp_path: Path) -> None:
    def change(n: int) -> str:
        made = {"microtimestamp": f"{T + n - 1}500000", "bids": [["10", str(n)]], "asks": []}
        return f"{stamp(n)}: " + json.dumps({"data": made, "channel": "diff_order_book_ethusd", "event": "data"}) + "\n"

    path, rest = tmp_path / "BITSTAMP.ws.1.0.gz", tmp_path / "BITSTAMP.http.0.0.gz"
    pack(path, f"wss://x <-> {stamp(0)}\n{change(1)}{change(2)}wss://x <-> {stamp(3)}\n{change(4)}")
    body = {"microtimestamp": f"{T}500000", "bids": [["10", "9"]], "asks": []}
    pack(rest, f"https://x/api/v2/order_book/ethusd -> {stamp(1)}: {json.dumps(body)}\n")
    found = read(path, rest)

    assert [row[6] for row in plain(found)["books", "ETHUSD"]] == [Decimal(9), Decimal(2)]
    assert "1 changes of a book without a snapshot (ETHUSD)" in details(found)
