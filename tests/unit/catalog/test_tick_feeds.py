"""Trades, quotes, books, funding, definitions and plugins' bodies: what goes into the store comes out of its feed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helios_engine.bodies import BookDelta, BookSnapshot, DataIssue, FundingRate, Instrument, Quote, Trade
from helios_engine.catalog.feeds import CatalogFeed
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.plugin_bodies import write_bodies
from helios_engine.catalog.store import Catalog
from helios_engine.catalog.tables import SCHEMAS
from helios_engine.catalog.tick_feeds import (
    CatalogBodies,
    CatalogBooks,
    CatalogFunding,
    CatalogInstruments,
    CatalogQuotes,
    CatalogTrades,
)
from helios_engine.codec import Codec, UnknownBody
from helios_engine.errors import BuildError, DataError
from helios_engine.events import Body
from helios_engine.stage import BodySpec
from helios_engine.timeframe import DAY, UNITS
from helios_engine.timeline import Source, Timeline
from tests.unit.catalog.filled import BEGIN, BTC, NAME, filled

Rows = list[tuple[int, Any]]
FOREVER = 2**62
PRICE, SIZE = 10**BTC.price_scale, 10**BTC.size_scale
FEEDS: dict[str, type[CatalogFeed]] = {
    "trades": CatalogTrades, "quotes": CatalogQuotes, "books": CatalogBooks, "funding": CatalogFunding,
}  # fmt: skip
PERP = msgspec.structs.replace(BTC, price_scale=6)


def times(draw: st.DrawFn, count: int) -> list[int]:
    """Rising times with many ties, over two days, so that they lie in several files."""
    steps = draw(st.lists(st.sampled_from([0, 0, 0, 1, 7, UNITS["h"] * 9]), min_size=count, max_size=count))
    return [BEGIN + 1 + total for total in itertools.accumulate(steps)]


@st.composite
def trades(draw: st.DrawFn) -> tuple[dict[str, list[Any]], Rows]:
    count = draw(st.integers(1, 40))
    ts = times(draw, count)
    price = draw(st.lists(st.integers(1, 2**53), min_size=count, max_size=count))
    size = draw(st.lists(st.integers(1, 2**53), min_size=count, max_size=count))
    side = draw(st.lists(st.sampled_from([1, -1, 0]), min_size=count, max_size=count))
    ids = [f"t{n % 5}" if n % 3 else "" for n in range(count)]
    event = [t - 1 for t in ts]
    columns: dict[str, list[Any]] = {
        "ts": ts,
        "ts_event": event,
        "price": price,
        "quantity": size,
        "side": side,
        "trade_id": ids,
    }
    words = {1: "BUY", -1: "SELL", 0: ""}
    cells = zip(ts, event, price, size, side, ids, strict=True)
    return columns, [(t, Trade(NAME, e, p / PRICE, q / SIZE, words[s], i)) for t, e, p, q, s, i in cells]


@st.composite
def quotes(draw: st.DrawFn) -> tuple[dict[str, list[Any]], Rows]:
    count = draw(st.integers(1, 40))
    ts = times(draw, count)
    bid = draw(st.lists(st.integers(1, 2**53 - 3), min_size=count, max_size=count))
    size = draw(st.lists(st.integers(0, 2**53), min_size=count, max_size=count))
    ask = [b + n % 4 for n, b in enumerate(bid)]
    columns = {"ts": ts, "ts_event": ts, "bid": bid, "ask": ask, "bid_quantity": size, "ask_quantity": size[::-1]}
    cells = zip(ts, bid, ask, size, size[::-1], strict=True)
    return columns, [(t, Quote(NAME, t, b / PRICE, a / PRICE, x / SIZE, y / SIZE)) for t, b, a, x, y in cells]


@st.composite
def books(draw: st.DrawFn) -> tuple[dict[str, list[Any]], Rows]:
    columns: dict[str, list[Any]] = {name: [] for name in SCHEMAS["books"].names}
    bodies: Rows = []
    level = st.tuples(st.integers(1, 2**53), st.integers(0, 2**53))
    for sequence, ts in enumerate(times(draw, draw(st.integers(1, 15)))):
        bids, asks = draw(st.lists(level, max_size=3)), draw(st.lists(level, max_size=3))
        is_snapshot = draw(st.booleans())
        rows = [(1, *found) for found in bids] + [(-1, *found) for found in asks]
        if is_snapshot:
            rows = rows or [(0, 0, 0)]  # an empty book is one row of no side
            sides = [tuple((p / PRICE, q / SIZE) for p, q in found) for found in (bids, asks)]
            bodies.append((ts, BookSnapshot(NAME, ts - 1, sides[0], sides[1], sequence)))
        for side, price, quantity in rows:
            for name, cell in zip(columns, (ts, ts - 1, sequence, is_snapshot, side, price, quantity), strict=True):
                columns[name].append(cell)
            if not is_snapshot:
                word = "BUY" if side > 0 else "SELL"
                bodies.append((ts, BookDelta(NAME, ts - 1, word, price / PRICE, quantity / SIZE, sequence)))
    return columns, bodies


@st.composite
def funding(draw: st.DrawFn) -> tuple[dict[str, list[Any]], Rows]:
    count = draw(st.integers(1, 40))
    ts = times(draw, count)
    rate = draw(st.lists(st.integers(-(10**6), 10**6), min_size=count, max_size=count))
    bodies: Rows = [(t, FundingRate(NAME, t, r / 10**6)) for t, r in zip(ts, rate, strict=True)]
    return {"ts": ts, "ts_event": ts, "rate": rate}, bodies


def rows(feed: Any, start: int = 0, stop: int = FOREVER) -> Rows:
    return list(feed.inputs(start, stop))


MADE = {"trades": trades(), "quotes": quotes(), "books": books(), "funding": funding()}


@pytest.mark.parametrize("kind", sorted(MADE))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_stored_comes_out_in_order_and_in_any_window(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    columns, expected = data.draw(MADE[kind])
    root = tmp_path_factory.mktemp("ticks")
    if columns["ts"]:
        Catalog(root).write(kind, PERP if kind == "funding" else BTC, pa.table(columns, schema=SCHEMAS[kind]))
    else:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HELIOS_CHUNK_ROWS", data.draw(st.sampled_from(["1", "3", "100000"])))
        feed = FEEDS[kind](str(root), NAME)  # type: ignore[call-arg]
    edges = st.sampled_from([0, FOREVER, *(ts + step for ts in columns["ts"] for step in (0, 1))])
    start, stop = sorted((data.draw(edges), data.draw(edges)))

    assert rows(feed) == expected
    assert rows(feed, start, stop) == [pair for pair in expected if start <= pair[0] < stop]


def test_every_kind_at_once_is_merged_by_time_with_ties_by_feed(tmp_path: Path) -> None:
    """One stream of three feeds, and each of them still in its own order."""
    filled(tmp_path)
    root = str(tmp_path)
    feeds = {
        "quotes": CatalogQuotes(root, NAME),
        "trades": CatalogTrades(root, NAME),
        "books": CatalogBooks(root, NAME),
    }
    merged = list(Timeline([Source(name, 20, rows(feed)) for name, feed in feeds.items()]))

    assert [found.ts for found in merged] == sorted(found.ts for found in merged)
    for name, feed in feeds.items():
        assert [(found.ts, found.body) for found in merged if found.source == name] == rows(feed)
    again = list(Timeline([Source(name, 20, rows(feeds[name])) for name in ("trades", "books", "quotes")]))
    assert sorted(merged, key=lambda i: (i.ts, i.source)) == sorted(again, key=lambda i: (i.ts, i.source))


def test_ties_between_two_feeds_go_to_the_first_named(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    other = msgspec.structs.replace(BTC, instrument="ETHUSDT.BINANCE", base="ETH")
    row = {"ts": [BEGIN] * 3, "ts_event": [BEGIN] * 3, "price": [1, 2, 3], "quantity": [1] * 3, "side": [0] * 3}
    for one in (BTC, other):
        catalog.write("trades", one, pa.table({**row, "trade_id": ["", "", ""]}, schema=SCHEMAS["trades"]))
    names = [other.instrument, BTC.instrument]
    sources = [Source(name, 20, CatalogTrades(str(tmp_path), name).inputs(0, FOREVER)) for name in names]

    found = [(i.source, i.seq, i.body.price) for i in Timeline(sources) if isinstance(i.body, Trade)]

    assert found == [(name, n, (n + 1) / PRICE) for name in names for n in range(3)]


@pytest.mark.parametrize("kind", ["trades", "quotes", "books"])
def test_what_is_known_against_rows_is_told_before_the_row_that_shows_it(tmp_path: Path, kind: str) -> None:
    filled(tmp_path)
    catalog = Catalog(tmp_path)
    dataset = catalog.dataset(kind, NAME)
    last = dataset.manifest.last
    dataset.note([Issue(kind="gap", severity="warn", ts_from=BEGIN, ts_to=last, detail="lost", missing=1)])
    feed = FEEDS[kind](str(tmp_path), NAME)  # type: ignore[call-arg]
    sources = [Source("rows", 20, rows(feed)), Source("doubts", 10, feed.issues(0, FOREVER))]
    merged = list(Timeline(sources))

    place = next(n for n, found in enumerate(merged) if isinstance(found.body, DataIssue))
    assert merged[place].body == DataIssue(NAME, "gap", "warn", BEGIN, last, "lost", "")
    assert all(found.ts < last for found in merged[:place])
    assert all(found.ts == last for found in merged[place:])
    assert list(feed.issues(0, last)) == []
    assert feed.pin().issues == 1


def test_definitions_are_told_when_they_come_into_force(tmp_path: Path) -> None:
    filled(tmp_path)
    feed = CatalogInstruments(str(tmp_path), "BINANCE")
    told = [(ts - BEGIN, d.instrument, str(d.tick)) for ts, d in feed.inputs(0, FOREVER)]

    assert told == [
        (0, "BTCUSDT.BINANCE", "0.01"),
        (0, "NEWUSDT.BINANCE", "0.01"),
        (0, "OLDUSDT.BINANCE", "0.01"),
        (2 * DAY, "BTCUSDT.BINANCE", "0.1"),
    ]
    assert list(feed.inputs(0, BEGIN)) == []
    assert [d.instrument for _, d in feed.inputs(BEGIN + 1, BEGIN + 2 * DAY)] == [name for _, name, _ in told[:3]]


def test_a_definition_that_another_took_the_place_of_is_not_told(tmp_path: Path) -> None:
    filled(tmp_path)
    start = BEGIN + 4 * DAY
    told = list(CatalogInstruments(str(tmp_path), "BINANCE").inputs(start, FOREVER))

    assert {ts for ts, _ in told} == {start}
    assert [(d.instrument, d.tick) for _, d in told if d.instrument == NAME] == [(NAME, Decimal("0.1"))]


class Sentiment(Body, frozen=True):
    """A plugin's body."""

    instrument: str
    score: float
    words: tuple[str, ...] = ()


class Weather(Body, frozen=True):
    """Another plugin's."""

    degrees: float


CODEC = Codec([BodySpec(Sentiment, "news.Sentiment/1"), BodySpec(Weather, "sky.Weather/2")])


def said(count: int, first: int = 0) -> Iterator[tuple[int, Sentiment]]:
    for n in range(first, first + count):
        yield BEGIN + n // 3, Sentiment(NAME, n / 7, ("up", "é\n"))


def test_bodies_of_a_plugin_come_back_as_they_were(tmp_path: Path) -> None:
    manifest = write_bodies(Catalog(tmp_path), "headlines", said(200_000), CODEC, source="wire")
    feed = CatalogBodies(str(tmp_path), "headlines", "news.Sentiment/1")

    assert feed.bodies(CODEC) == (Sentiment,)
    assert list(feed.inputs(0, FOREVER)) == list(said(200_000))
    window = BEGIN + 5, BEGIN + 9
    assert list(feed.inputs(*window)) == [pair for pair in said(40) if window[0] <= pair[0] < window[1]]
    assert (manifest.rows, manifest.title, list(feed.instruments())) == (
        200_000, "bodies headlines news.Sentiment@1", [],
    )  # fmt: skip


def test_bodies_that_go_on_extend_those_at_hand_and_the_same_change_nothing(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    first = write_bodies(catalog, "headlines", said(9), CODEC)

    assert write_bodies(catalog, "headlines", said(9), CODEC) == first
    assert write_bodies(catalog, "headlines", said(9, first=9), CODEC).rows == 18
    feed = CatalogBodies(str(tmp_path), "headlines", "news.Sentiment/1")
    feed.bodies(CODEC)
    assert list(feed.inputs(0, FOREVER)) == list(said(18))


def test_bodies_whose_plugin_is_gone_stop_the_run_by_name_and_stay_readable(tmp_path: Path) -> None:
    write_bodies(Catalog(tmp_path), "headlines", said(3), CODEC)
    feed = CatalogBodies(str(tmp_path), "headlines", "news.Sentiment/1")

    with pytest.raises(BuildError, match=r"holds news\.Sentiment/1, which no installed plugin offers; install it"):
        feed.bodies(Codec())
    (_, body), *_ = feed.inputs(0, FOREVER)
    assert isinstance(body, UnknownBody)
    assert body.as_dict()["words"] == ["up", "é\n"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no bodies to store under 'x'"),
        (
            [(BEGIN, UnknownBody("a.B/1", b""))],
            "UnknownBody is no body that a plugin offers",
        ),
        ([(BEGIN, Weather(1.0)), (BEGIN, Sentiment(NAME, 1.0))], r"'x' holds sky\.Weather/2, found Sentiment at"),
        ([(BEGIN + 1, Weather(1.0)), (BEGIN, Weather(2.0))], "rows at 2024.* come after rows at"),
        ([(BEGIN + n, Weather(n)) for n in (0, 2, 1)], "x: row 2: time 2024.* is before that of the row above"),
        ([(0, Weather(1.0))], "x: .*after 1970"),
        ([(-5, Weather(1.0))], "x: .*after 1970"),
    ],
)
def test_bodies_that_cannot_be_stored_are_refused_and_leave_nothing(
    tmp_path: Path, rows: list[tuple[int, Body]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        write_bodies(Catalog(tmp_path / "catalog"), "x", rows, CODEC)
    assert not (tmp_path / "catalog").exists()


def test_an_unknown_name_of_bodies_says_what_there_is(tmp_path: Path) -> None:
    write_bodies(Catalog(tmp_path), "headlines", said(3), CODEC)

    with pytest.raises(DataError, match=r"no bodies headlines news\.Sentiment@2 .* there are: bodies headlines"):
        CatalogBodies(str(tmp_path), "headlines", "news.Sentiment/2")


def test_a_feed_brings_the_definition_of_its_data(tmp_path: Path) -> None:
    filled(tmp_path)

    found: list[Instrument] = list(CatalogQuotes(str(tmp_path), NAME).instruments())

    assert found == [BTC]
