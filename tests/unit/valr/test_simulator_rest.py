"""Public REST of the simulated VALR, read with the plugin's own client and compared with recorded payloads by shape."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import aiohttp
import pytest

from helios_engine.timeframe import UNITS, iso
from helios_valr.answers import BODIES, read
from helios_valr.rest import Client, Http, Public
from helios_valr.rest.world import virtual
from helios_valr.simulator import Settings, Simulator
from helios_valr.simulator.market import Market
from helios_valr.simulator.summaries import buckets, mark_buckets
from tests.unit.valr.facts import needs_facts, payload, payload_names
from tests.unit.valr.simulated import START, with_simulator

S, MINUTE = UNITS["s"], 60 * UNITS["s"]


def asked(work: Callable[[Public, Simulator], Awaitable[Any]], **settings: Any) -> Any:
    async def run(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> Any:
        return await work(Public(Client(Http(session, url), virtual(1))), simulator)

    return with_simulator(run, **settings)


def got(path: str, **settings: Any) -> Any:
    """Status and JSON of one path below /v1/public/."""

    async def run(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> Any:
        async with session.get(f"{url}/v1/public/{path}") as answer:
            return answer.status, await answer.json()

    return with_simulator(run, **settings)


def test_the_client_reads_every_listing() -> None:
    async def work(public: Public, simulator: Simulator) -> list[Any]:
        book = json.dumps(simulator.markets["BTCZAR"].price(simulator.markets["BTCZAR"].book.best(1) or 0))
        currencies, types = await public.currencies(), await public.order_types()
        futures = await public.futures()
        pairs, summary, levels = await public.pairs(), await public.summary("BTCZAR"), await public.book("BTCZAR")
        return [currencies, types, futures, pairs, summary, levels, book, await public.clock_offset()]

    currencies, types, futures, pairs, summary, levels, book, offset = asked(work, rate=0.001)

    assert {(row.short_name, row.symbol) for row in currencies} == {("BTC", "BTC"), ("ZAR", "R"), ("USDT", "USDT")}
    assert [row.currency_pair for row in types] == [row.symbol for row in pairs] == ["BTCZAR", "BTCUSDTPERP"]
    assert "LIMIT_POST_ONLY" in types[0].order_types
    assert [(row.currency_pair, row.next_funding_run % (3600 * S)) for row in futures] == [("BTCUSDTPERP", 0)]
    assert START < futures[0].next_funding_run <= START + 3600 * S
    assert START < futures[0].next_pnl_run <= START + 4 * 3600 * S
    assert levels.bids[0].price == summary.bid_price == json.loads(book)
    assert offset == 0


def test_the_client_walks_trades_pages_and_finds_them_all() -> None:
    async def work(public: Public, simulator: Simulator) -> tuple[Any, Any]:
        market = simulator.markets["BTCZAR"]
        return await public.trades("BTCZAR", START - 20 * 3600 * S, START), list(market.trades)

    rows, truth = asked(work, rate=0.001, history_minutes=20 * 60)

    assert len(truth) > 500
    assert [row.id for row in rows] == [done.id for done in truth]
    assert [row.sequence_id for row in rows] == [done.sequence for done in truth]


@pytest.mark.parametrize("inclusive", [False, True])
def test_before_id_takes_its_own_row_along_or_not(inclusive: bool) -> None:
    async def work(public: Public, simulator: Simulator) -> tuple[Any, Any]:
        return await public.trades("BTCZAR", START - 3600 * 5 * S, START), simulator.markets["BTCZAR"].trades

    rows, truth = asked(work, rate=0.001, history_minutes=300, before_id_inclusive=inclusive)

    assert [row.id for row in rows] == [done.id for done in truth]


def test_trades_are_paged_by_skip_limit_and_time() -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> Any:
        done = list(reversed(simulator.markets["BTCZAR"].trades))
        times = f"startTime={iso(done[30].at)}&endTime={iso(done[10].at)}"
        found = []
        for query in ("limit=5&skip=3", times, "limit=101", "limit=x", "startTime=yesterday", "beforeId=nobody"):
            async with session.get(f"{url}/v1/public/BTCZAR/trades?{query}") as answer:
                found.append(await answer.json())
        return done, found

    done, (skipped, timed, *refused, unknown) = with_simulator(work, rate=0.001, history_minutes=300)

    assert [row["id"] for row in skipped] == [one.id for one in done[3:8]]
    assert [row["id"] for row in timed] == [one.id for one in done if done[30].at <= one.at <= done[10].at]
    assert [body["code"] for body in refused] == [-11, -11, -11]
    assert unknown == []


def test_buckets_are_those_of_the_trades_empty_ones_included() -> None:
    begin = START - START % MINUTE - 400 * MINUTE

    async def work(public: Public, simulator: Simulator) -> Any:
        span = begin, START
        found = (
            await public.buckets("BTCZAR", 60, *span),
            await public.buckets("BTCZAR", 60, *span, include_empty=False),
        )
        return *found, await public.mark_buckets("BTCZAR", 60, *span), simulator.markets["BTCZAR"]

    every, some, marks, market = asked(work, rate=0.001, history_minutes=500)

    ended = [begin + n * MINUTE for n in range(399)]  # the last is not taken before a minute after its end
    assert [row.start_time for row in every] == [row.start_time for row in marks] == ended
    assert [row for row in every if row.volume != "0"] == some
    assert 100 < len(some) < len(every)
    for before, row in pairwise(every):
        prices = [one.fill.price for one in market.trades if row.start_time <= one.at < row.start_time + MINUTE]
        told = [market.price(price) for price in (prices[0], max(prices), min(prices), prices[-1])] if prices else None
        assert [row.open, row.high, row.low, row.close] == (told or [before.close] * 4)
    for before, mark in pairwise(marks):
        assert mark.open == before.close


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("periodSeconds=60&startTime=1789999980&endTime=1790017979", 300),
        ("periodSeconds=60&startTime=1789999980&endTime=1790017980", -11),
        ("periodSeconds=61", -11),
        ("periodSeconds=60&limit=301", -11),
        ("periodSeconds=60&startTime=2026-09-23T03:00:00Z", -11),
        ("periodSeconds=60&includeEmpty=yes", -11),
        ("periodSeconds=60&limit=7&skip=290", 7),
        ("periodSeconds=60&limit=20&skip=290", 10),
    ],
)
def test_at_most_300_buckets_at_once(query: str, answer: int) -> None:
    more = "" if "includeEmpty" in query else "&includeEmpty=true"
    status, body = got(f"BTCZAR/buckets?{query}{more}", rate=0.001, history_minutes=3 * 1440)

    assert (status, body["code"] if status == 400 else len(body)) == (400 if answer < 0 else 200, answer)


def test_mark_buckets_want_iso_times_and_have_no_volume() -> None:
    begin = "2026-09-23T03:00:00Z"
    status, rows = got(f"BTCUSDTPERP/markprice/buckets?periodSeconds=300&startTime={begin}", rate=0.001)
    refused, _ = got("BTCUSDTPERP/markprice/buckets?periodSeconds=300&startTime=1790000000", rate=0.001)

    assert (status, refused) == (200, 400)
    assert [row["startTime"] for row in rows] == [f"2026-09-23T03:{n:02}:00Z" for n in (15, 10, 5, 0)]
    assert not {"volume", "quoteVolume"} & rows[0].keys()


def test_funding_is_paid_at_every_full_hour_and_read_in_pages() -> None:
    async def work(public: Public, simulator: Simulator) -> Any:
        return await public.funding("BTCUSDTPERP", START - 250 * 3600 * S, START)

    rows = asked(work, rate=0.001)
    status, body = got("futures/funding/history?currencyPair=BTCUSDTPERP&limit=101", rate=0.001)

    assert len(rows) == 250
    assert [b.funding_time - a.funding_time for a, b in pairwise(rows)] == [3600 * S] * 249
    assert len({row.funding_rate for row in rows}) > 200
    assert (status, body["code"]) == (400, -11)


def test_the_full_book_is_that_of_the_stream_order_by_order() -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> Any:
        async with session.get(f"{url}/v1/public/BTCZAR/orderbook/full") as answer:
            return read(await answer.read(), BODIES["orderbook_full"], "full"), simulator.markets["BTCZAR"].book

    body, book = with_simulator(work, rate=0.001)

    assert {row.id for row in body.asks + body.bids} == book.orders.keys()
    assert all(row.position_at_price >= 1 for row in body.asks)
    assert [float(row.price) for row in body.bids] == sorted((float(row.price) for row in body.bids), reverse=True)


@pytest.mark.parametrize(
    ("path", "age"), [("pairs", 60), ("BTCZAR/orderbook", 30), ("marketsummary", 5), ("futures/info", 60)]
)
def test_an_answer_inside_its_age_is_the_same_byte_for_byte(path: str, age: int) -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> list[bytes]:
        found = []
        for pause in (0.0, age - 0.5, 1.0):
            await simulator.world.sleep(pause)
            async with session.get(f"{url}/v1/public/{path}") as answer:
                found.append(await answer.read())
        return found

    first, second, third = with_simulator(work, rate=50.0)

    assert first == second
    assert (third == first) == (path == "pairs")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [("NOPE/trades", 400, -21), ("nothing", 404, -1), ("BTCZAR/nothing", 404, -1), ("futures/nothing", 404, -1),
     ("futures/funding/history?currencyPair=BTCZAR", 400, -21)],
)  # fmt: skip
def test_what_is_not_there_is_refused_with_a_code(path: str, status: int, code: int) -> None:
    found, body = got(path)
    assert (found, body["code"]) == (status, code)


def test_the_casing_of_books_can_be_chosen() -> None:
    assert {"Asks", "Bids"} < got("BTCZAR/orderbook")[1].keys()
    assert {"asks", "bids"} < got("BTCZAR/orderbook", lower_case_books=True)[1].keys()


PATHS = {
    "rest_public__buckets.json": "BTCZAR/buckets?periodSeconds=3600", "rest_public__currencies.json": "currencies",
    "rest_public__futures_info.json": "futures/info", "rest_public__marketsummary_pair.json": "BTCZAR/marketsummary",
    "rest_public__markprice_buckets.json": "BTCZAR/markprice/buckets?periodSeconds=3600",
    "rest_public__orderbook.json": "BTCZAR/orderbook", "rest_public__ordertypes_all.json": "ordertypes",
    "rest_public__pairs.json": "pairs", "rest_public__status.json": "status", "rest_public__time.json": "time",
    "rest_public__trades.json": "BTCZAR/trades",
}  # fmt: skip
NOT_SAID = {"collateral", "collateralWeight", "defaultNetworkType", "supportedNetworks", "quoteVolume"}
"""What is about networks, and a field that only some trades have."""


@needs_facts
@pytest.mark.parametrize("name", payload_names("rest_public__"))
def test_every_answer_has_the_fields_and_kinds_of_the_recorded_one(name: str) -> None:
    assert _shape(json.loads(payload(name))) == _shape(got(PATHS[name])[1])


def _shape(body: Any) -> Any:
    """Names and kinds; of a list its first element."""
    if isinstance(body, list):
        return [_shape(body[0])] if body else []
    if isinstance(body, dict):
        return {name: _shape(value) for name, value in sorted(body.items()) if name not in NOT_SAID}
    return type(body).__name__


def test_a_bucket_before_the_first_trade_is_not_made_up() -> None:
    market = Market("BTCZAR", 1)
    while not market.trades:
        market.step(START)
    first = START - START % MINUTE

    assert len(buckets(market, first - 5 * MINUTE, first + 5 * MINUTE, 60, has_empty=True)) == 6
    assert len(mark_buckets(market, first - 5 * MINUTE, first + 5 * MINUTE, 60)) == 6
    assert Settings().before_id_inclusive is False
