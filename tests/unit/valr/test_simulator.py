"""The simulated VALR, asked by plain aiohttp: what it says, its sequences and checksums, its limits and its faults."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from typing import Any
from zlib import crc32

import aiohttp
import pytest

from helios_engine.errors import ConfigError, NotAvailableError
from helios_valr.signing import credential, headers
from helios_valr.simulator import Simulator, speech, summaries
from helios_valr.simulator.market import Market
from helios_valr.simulator.speech import full
from helios_valr.wire import Wire
from tests.unit.valr.simulated import heard, with_simulator


def crc(bids: list[tuple[str, str]], asks: list[tuple[str, str]]) -> int:
    words = [f"{rows[n][0]}:{rows[n][1]}" for n in range(25) for rows in (bids, asks) if n < len(rows)]
    return crc32(":".join(words).encode())


def test_every_l1_frame_follows_the_one_before_and_its_checksum_is_that_of_the_book() -> None:
    frames, _ = heard("OB_L1_DIFF", lambda found: len(found) > 200)

    assert frames[0] == {"type": "SUBSCRIBED", "message": "OB_L1_DIFF:BTCZAR"}
    assert frames[1]["type"] == "OB_L1_SNAPSHOT"
    book: dict[str, dict[str, str]] = {"a": {}, "b": {}}
    for n, frame in enumerate(frames[1:]):
        data = frame["d"]
        assert data["sq"] == frames[1]["d"]["sq"] + n
        for side in "ab":
            book[side].update(data[side])
            book[side] = {price: size for price, size in book[side].items() if size != "0"}
        bids = sorted(book["b"].items(), key=lambda row: -Decimal(row[0]))
        asks = sorted(book["a"].items(), key=lambda row: Decimal(row[0]))
        assert Decimal(bids[0][0]) < Decimal(asks[0][0])
        assert data["cs"] == crc(bids, asks)


def test_every_l3_frame_steps_by_its_entries_and_its_checksum_is_that_of_the_orders() -> None:
    frames, _ = heard("FULL_ORDERBOOK_UPDATE", lambda found: len(found) > 200)

    assert frames[1]["type"] == "FULL_ORDERBOOK_SNAPSHOT"
    book: dict[str, dict[str, dict[str, str]]] = {"Asks": {}, "Bids": {}}
    sequence = frames[1]["data"]["SequenceNumber"]
    for frame in frames[1:]:
        data, entries = frame["data"], 0
        for side, levels in book.items():
            for level in data[side]:
                orders = levels.setdefault(level["Price"], {})
                for one in level["Orders"]:
                    entries += 1
                    orders[one["orderId"]] = one["quantity"]
                levels[level["Price"]] = {name: size for name, size in orders.items() if size != "0"}
        sequence += entries if frame is not frames[1] else 0
        assert data["SequenceNumber"] == sequence
        rows = {
            side: [
                row for price in sorted(levels, key=Decimal, reverse=side == "Bids") for row in levels[price].items()
            ]
            for side, levels in book.items()
        }
        assert data["Checksum"] == crc(rows["Bids"], rows["Asks"])


def test_trades_of_the_stream_are_those_of_rest_newest_first() -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> None:
        async with session.ws_connect(f"{url}/ws/trade") as socket:
            await socket.send_json(
                {"type": "SUBSCRIBE", "subscriptions": [{"event": "NEW_TRADE", "pairs": ["BTCZAR"]}]}
            )
            told = [json.loads((await socket.receive()).data) for _ in range(12)][1:]
        async with session.get(f"{url}/v1/public/BTCZAR/trades?limit=100") as answer:
            rows = await answer.json()
        known = {row["id"]: row for row in rows}
        assert [row["sequenceId"] for row in rows] == sorted((row["sequenceId"] for row in rows), reverse=True)
        assert all(known[one["data"]["id"]].items() >= one["data"].items() for one in told)
        older = await (await session.get(f"{url}/v1/public/BTCZAR/trades?beforeId={rows[3]['id']}&limit=2")).json()
        assert [row["id"] for row in older] == [row["id"] for row in rows[4:6]]

    with_simulator(work)


def test_a_second_subscription_replaces_the_first_and_a_wrong_pair_is_named() -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> list[Any]:
        async with session.ws_connect(f"{url}/ws/trade") as socket:
            await socket.send_str("{")
            await socket.send_json({"type": "PING"})
            for pairs in (["BTCZAR"], ["NOPE", "BTCUSDTPERP"]):
                await socket.send_json({"type": "SUBSCRIBE", "subscriptions": [{"event": "NEW_TRADE", "pairs": pairs}]})
            return [tuple(json.loads((await socket.receive()).data).values()) for _ in range(6)]

    assert with_simulator(work, rate=0.001) == [
        ("ERROR", "Invalid JSON payload"),
        ("PONG", "NO_SUBSCRIPTIONS"),
        ("SUBSCRIBED", "NEW_TRADE:BTCZAR"),
        ("UNSUBSCRIBED", "NEW_TRADE:BTCZAR"),
        ("ERROR", "Channel NEW_TRADE, pair NOPE combination invalid"),
        ("SUBSCRIBED", "NEW_TRADE:BTCUSDTPERP"),
    ]


def test_the_31st_public_request_of_a_minute_is_refused() -> None:
    from helios_valr.simulator.limits import Limits

    limits = Limits()
    assert [limits.allows("/v1/public/pairs", 59 * 10**9) for _ in range(31)] == [True] * 30 + [False]
    assert limits.allows("/v1/public/pairs", 60 * 10**9)


def test_an_account_socket_wants_the_signature() -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> tuple[int, Any]:
        now = simulator.world.now() // 10**6
        right = headers(credential("simulated-key"), credential("simulated-secret"), now, "GET", "/ws/account")
        wrong = headers(credential("simulated-key"), credential("another"), now, "GET", "/ws/account")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(f"{url}/ws/account", headers=wrong)
        async with session.ws_connect(f"{url}/ws/account", headers=right) as socket:
            return refused.value.status, (await socket.receive()).data

    assert with_simulator(work) == (401, '{"type":"AUTHENTICATED"}')


def test_the_same_seed_says_the_same_bytes() -> None:
    def said(seed: int) -> str:
        market = Market("BTCZAR", seed)
        return json.dumps([full(market, market.step(10**18 + n)) for n in range(300)])

    assert said(1) == said(1)
    assert said(1) != said(2)


def test_other_addresses_and_a_taken_port_are_refused() -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> None:
        with pytest.raises(ConfigError, match=r"0\.0\.0\.0"):
            await simulator.start("0.0.0.0")
        with pytest.raises(NotAvailableError, match="in use"):
            await simulator.start(port=int(url.rpartition(":")[2]))

    with_simulator(work)


def test_the_verb_comes_from_the_plugin() -> None:
    code = "from helios_engine.cli import main; main(['valr-sim', '--help'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, "Ctrl-C ends it" in done.stdout) == (0, True), done.stderr


def test_what_it_says_is_read_by_the_adapter() -> None:
    market = Market("BTCUSDTPERP", 7)
    start = 1_790_133_600 * 10**9
    changes = [market.step(start + n * 10**8) for n in range(599)]
    wire, now, name = Wire(), start + 60 * 10**9, {"currencyPairSymbol": market.pair}
    data = summaries.summary(market, now, "currencyPairSymbol")
    told: list[dict[str, Any]] = [
        speech.full(market, None),
        speech.l1(market, None),
        speech.full(market, change := market.step(now - 1)),
        speech.l1(market, change),
        speech.depth(market, 5),
        {"type": "AGGREGATED_ORDERBOOK_UPDATE", "data": speech.aggregated(market)} | name,
        {"type": "NEW_TRADE", "data": speech.trade(market, next(c for c in changes if c.trades).trades[0])} | name,
        {"type": "NEW_TRADE_BUCKET", "data": summaries.buckets(market, start, start, 60)[0]} | name,
        {"type": "MARKET_SUMMARY_UPDATE", "data": data} | name,
        {"type": "MARK_PRICE_UPDATE", "data": {"price": data["markPrice"]}} | name,
    ]

    taken = [wire.take(json.dumps(message), now) for message in told]

    assert list(wire.refused) == []
    assert [one.resync for one in taken] == [None] * len(told)
    assert wire.counts["books lost"] == wire.counts["unknown"] == 0
