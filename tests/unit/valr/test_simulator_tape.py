"""Recordings as a simulated VALR: a catalog's trades, quotes and books, and recorded frames of VALR itself."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.bodies import BookDelta, BookSnapshot, Quote, Trade
from helios_engine.catalog.store import Catalog
from helios_engine.catalog.tables import SCHEMAS
from helios_engine.errors import ConfigError, DataError
from helios_engine.recorder import Recorder
from helios_engine.simulation import run
from helios_engine.timeframe import UNITS
from helios_valr.rest import Client, Http, Public
from helios_valr.rest.world import virtual
from helios_valr.simulator import Settings, Simulator, speech
from helios_valr.simulator.book import BUY, SELL
from helios_valr.simulator.market import Market
from helios_valr.simulator.recordings import of_catalog, of_recording
from helios_valr.simulator.tape import Tape
from helios_valr.simulator.taped import TapedMarket
from helios_valr.wire import Wire
from tests.importing import imported, real, real_file, real_units
from tests.unit.catalog.filled import BEGIN, BTC, NAME, filled, quotes, trades
from tests.unit.valr.simulated import START

S = UNITS["s"]
SAMPLE = Path(__file__).resolve().parents[3] / "data_catalog" / "sample"


def played(tape: Tape, seconds: float, event: str = "OB_L1_DIFF") -> tuple[list[tuple[int, bytes]], Simulator, Any]:
    """The frames of a tape's pairs in virtual time with the times they came, and the trades REST then has."""

    async def work() -> tuple[list[tuple[int, bytes]], Simulator, Any]:
        simulator = Simulator(Settings(idle_close=1e9, unauthenticated_close=1e9), world=virtual(1), flow=tape)
        runner, url = await simulator.start()
        pace, heard = asyncio.create_task(simulator.run()), []
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(f"{url}/ws/trade", timeout=aiohttp.ClientWSTimeout(ws_close=1)) as socket:
                for name in (event, "NEW_TRADE"):
                    await socket.send_json({"type": "SUBSCRIBE", "subscriptions": [{"event": name}]})
                while (left := seconds - simulator.elapsed) > 0:
                    try:
                        heard.append((simulator.world.now(), (await socket.receive(left)).data.encode()))
                    except TimeoutError:
                        break
            public = Public(Client(Http(session, url), simulator.world))
            rows = {
                pair: await public.trades(pair, START - 10 * 3600 * S, START + 20 * 3600 * S) for pair in tape.markets
            }
        pace.cancel()
        await asyncio.gather(pace, return_exceptions=True)
        await runner.cleanup()
        return heard, simulator, rows

    return run(work(), START)


@pytest.mark.parametrize("event", ["OB_L1_DIFF", "FULL_ORDERBOOK_UPDATE", "AGGREGATED_ORDERBOOK_UPDATE"])
def test_the_trades_of_a_catalog_drive_the_market_and_every_book_is_whole(event: str) -> None:
    heard, simulator, rows = played(Tape(*of_catalog(str(SAMPLE), ["BTCZAR.VALR"]), speed=20.0), 1800.0, event)

    wire = Wire(event)
    taken = [wire.take(frame, ts) for ts, frame in heard]
    assert list(wire.refused) == []
    assert [one.resync for one in taken if one.resync] == []
    assert wire.counts["books lost"] == wire.counts["unknown"] == 0
    first = Catalog(SAMPLE).dataset("trades", "BTCZAR.VALR").manifest.first
    source = Catalog(SAMPLE).dataset("trades", "BTCZAR.VALR").table(first, first + 1800 * 20 * S).to_pylist()
    scale = simulator.markets["BTCZAR"].tick
    wanted = [str(row["price"] * scale) for row in source]
    assert len(wanted) > 100
    assert [row.price for row in rows["BTCZAR"]] == wanted
    assert wire.counts["NEW_TRADE"] == len(wanted)
    told = [START + (row["ts"] - first) // 20 for row in source]
    assert max(abs(row.traded_at - ts) for row, ts in zip(rows["BTCZAR"], told, strict=True)) < S // 10


def test_the_past_of_a_tape_lies_before_its_beginning() -> None:
    tape = Tape(*of_catalog(str(SAMPLE), []), history=5 * 3600.0)

    _, _, rows = played(tape, 60.0)

    assert set(rows) == {"BTCZAR", "ETHZAR"}
    for found in rows.values():
        past = [row for row in found if row.traded_at <= START]
        assert len(past) > 50
        assert past[0].traded_at >= START - 5 * 3600 * S


def _with_books(root: Path) -> str:
    """Trades, and a book whose deltas cross each other within one moment."""
    catalog = Catalog(root)
    catalog.write("trades", BTC, trades())
    rows = [
        (0, True, 1, 10_000, 5), (0, True, 1, 9_999, 7), (0, True, -1, 10_001, 2), (0, True, -1, 10_004, 3),
        (1, False, 1, 10_002, 4), (1, False, -1, 10_001, 0), (1, False, -1, 10_003, 9),
        (2, False, 1, 10_002, 0), (2, False, -1, 10_003, 0),
    ]  # fmt: skip
    names = ("sequence", "snapshot", "side", "price", "quantity")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    times = {"ts": [BEGIN + row[0] * S for row in rows], "ts_event": [BEGIN + row[0] * S for row in rows]}
    catalog.write("books", BTC, pa.table(times | {k: list(v) for k, v in columns.items()}, schema=SCHEMAS["books"]))
    return str(root)


def test_the_books_of_a_catalog_are_told_level_for_level(tmp_path: Path) -> None:
    heard, simulator, rows = played(Tape(*of_catalog(_with_books(tmp_path), [f"BTCZAR={NAME}"])), 10.0)

    frames = [json.loads(frame) for _, frame in heard]
    book = [(frame["d"]["b"], frame["d"]["a"]) for frame in frames if frame["type"] == "OB_L1_DIFF"]
    assert book[-2:] == [
        ([["100.02", "0.004"]], [["100.01", "0"], ["100.03", "0.009"]]),
        ([["100.02", "0"]], [["100.03", "0"]]),
    ]
    market = simulator.markets["BTCZAR"]
    assert speech.levels(market, BUY) == [("100", "0.005"), ("99.99", "0.007")]
    assert speech.levels(market, SELL) == [("100.04", "0.003")]
    assert [(row.price, row.quantity, row.taker_side) for row in rows["BTCZAR"]] == [
        ("100.01", "0.001", "buy"), ("100.02", "0.002", "sell"), ("100.03", "0.003", "buy"),
        ("100.04", "0.004", "buy"), ("100.05", "0.005", "sell"),
    ]  # fmt: skip
    assert (market.base, market.quote) == ("BTC", "USDT")


def test_a_thin_book_is_made_around_the_quotes_of_a_catalog(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    catalog.write("trades", BTC, trades())
    catalog.write("quotes", BTC, quotes())

    _, simulator, _ = played(Tape(*of_catalog(str(tmp_path), [NAME])), 3.0)

    market = simulator.markets["BTCUSDT"]
    assert (market.book.best(BUY), market.book.best(SELL)) == (10_003, 10_004)
    assert min(len(market.book.prices(BUY)), len(market.book.prices(SELL))) >= 25


def test_a_recording_of_valrs_frames_is_said_again(tmp_path: Path) -> None:
    heard, first, rows = played(Tape(*of_catalog(str(SAMPLE), ["BTCZAR.VALR"]), speed=200.0), 60.0)
    with Recorder(tmp_path, alarm=print) as recorder:
        for ts, frame in heard:
            recorder.record(frame, "public-1", recv_ns=ts)

    _, second, told = played(Tape(*of_recording(tmp_path)), 60.0)

    def said(rows: Any) -> list[Any]:
        return [(row.price, row.quantity, row.taker_side) for row in rows["BTCZAR"]]

    assert len(said(rows)) > 20
    # The tape begins with the first frame that says something.
    assert said(told) == said(rows)
    assert speech.levels(second.markets["BTCZAR"], BUY) == speech.levels(first.markets["BTCZAR"], BUY)


def test_of_several_recorded_books_only_the_best_one_is_played(tmp_path: Path) -> None:
    market = Market("BTCZAR", 1)
    changes = [market.step(START + n) for n in range(200)]
    frames: list[dict[str, Any]] = [speech.l1(market, None), speech.depth(market, 5), speech.full(market, None)]
    for n in range(50):
        changes.append(market.step(START + 200 + n))
        frames += [speech.l1(market, changes[-1]), speech.depth(market, 5), speech.full(market, changes[-1])]

    def said(*kinds: str) -> list[Any]:
        folder = tmp_path / "-".join(kinds)
        with Recorder(folder, alarm=print) as recorder:
            for n, frame in enumerate(frames):
                if frame["type"].startswith(kinds):
                    recorder.record(json.dumps(frame).encode(), "public-1", recv_ns=START + n)
        return [body for _, _, body in of_recording(folder)[1]]

    assert said("OB_L1_S", "OB_L1_DIFF", "OB_L1_D5") == said("OB_L1_S", "OB_L1_DIFF")
    assert said("OB_L1", "FULL") == said("FULL")
    assert len(said("FULL_ORDER")) > 30
    assert {len(body.bids) for body in said("OB_L1_D5")} == {5}


def test_what_cannot_be_played_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no trades of any instrument"):
        of_catalog(str(tmp_path), [])
    with pytest.raises(DataError, match=r"no trades DOGE\.X in the catalog"):
        of_catalog(str(SAMPLE), ["DOGE.X"])
    with pytest.raises(ConfigError, match="'BTCZAR', which is there"):
        of_catalog(str(SAMPLE), ["BTCZAR.VALR", "BTCZAR=ETHZAR.VALR"])
    with pytest.raises(ConfigError, match="a speed above 0"):
        Tape([], [], speed=0.0)
    with pytest.raises(DataError, match="no trade, quote or book"):
        Tape([], [])
    with pytest.raises(DataError, match="over before its history"):
        Tape(*of_catalog(_with_books(tmp_path / "books"), []), history=10.0).begin(START)
    with Recorder(tmp_path / "log", alarm=print) as recorder:
        recorder.record(b'{"type":"PONG"}', "public-1")
    with pytest.raises(DataError, match="no trades and no books"):
        of_recording(tmp_path / "log")
    filled(tmp_path / "rich")
    assert [market.pair for market in of_catalog(str(tmp_path / "rich"), [])[0]] == ["BTCUSDT"]


PRICES = st.integers(1, 40).map(lambda cents: (cents + 100) / 100)
SIZES = st.integers(0, 5).map(lambda n: n / 1000)
LEVELS = st.lists(st.tuples(PRICES, SIZES), max_size=5).map(tuple)
BODIES = st.one_of(
    st.builds(Trade, st.just("X"), st.just(1), PRICES, SIZES, st.sampled_from(["BUY", "SELL", ""]), st.just("")),
    st.builds(Quote, st.just("X"), st.just(1), PRICES, PRICES, SIZES, SIZES),
    st.builds(BookSnapshot, st.just("X"), st.just(1), LEVELS, LEVELS, st.just(1)),
    st.builds(BookDelta, st.just("X"), st.just(1), st.sampled_from(["BUY", "SELL"]), PRICES, SIZES, st.just(1)),
)


@given(st.lists(st.lists(BODIES, max_size=4), max_size=20), st.booleans())
def test_whatever_a_tape_says_the_adapter_keeps_its_books(moments: list[list[Any]], has_book: bool) -> None:
    market = TapedMarket("BTCUSDT", 1, BTC.tick, has_book)
    market.changed = START
    wire, frames = Wire(), [speech.l1(market, None), speech.full(market, None)]
    for n, told in enumerate(moments):
        change = market.take(START + n, told)
        frames += [speech.l1(market, change), speech.full(market, change)] if change.entries else []

    lost = [taken.bodies for frame in frames if (taken := wire.take(json.dumps(frame), START)).resync]

    assert list(wire.refused) == []
    assert lost == []


@real
@pytest.mark.parametrize("venue", ["BYBIT", "BITGET"])
def test_real_captures_are_told_whole_and_level_for_level(venue: str, tmp_path: Path) -> None:
    imported(tmp_path, *sorted(real_file("cryptofeed_raw").glob(f"{venue}.*.gz")))
    tape = Tape(*of_catalog(str(tmp_path), []))

    heard, simulator, rows = played(tape, 40.0)

    wire = Wire()
    assert [taken.resync for ts, frame in heard if (taken := wire.take(frame, ts)).resync] == []
    assert list(wire.refused) == []
    catalog, compared = Catalog(tmp_path), 0
    for data in catalog.datasets("books"):
        pair = data.manifest.name.partition(".")[0].replace("_", "")
        if pair not in simulator.markets:
            continue  # without trades
        sides: dict[int, dict[float, float]] = {1: {}, -1: {}}
        before = None
        for row in real_units(data).itertuples():
            if row.snapshot and (row.ts, row.sequence) != before:
                sides = {1: {}, -1: {}}
            before = (row.ts, row.sequence) if row.snapshot else None
            if row.side:
                sides[row.side][row.price] = row.quantity
        bids, asks = ({p: q for p, q in sides[way].items() if q >= 1e-8} for way in (1, -1))
        if bids and asks and max(bids) < min(asks):
            compared += 1
            book = wire.shelf.books["OB_L1_DIFF", pair]
            assert book.levels() == (tuple(sorted(bids.items(), reverse=True)), tuple(sorted(asks.items())))
        trades = real_units(catalog.dataset("trades", data.manifest.name))
        assert [float(row.price) for row in rows[pair]] == trades.price.tolist()
    assert compared >= 8
