"""VALR's live connection against the simulator: what comes is what is true, and the log says the same again."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from helios_engine.bodies import (
    Bar,
    BookDelta,
    BookSnapshot,
    DataIssue,
    Health,
    Instrument,
    MarkPrice,
    Quote,
    Ticker,
    Trade,
    VenueStatus,
)
from helios_engine.events import Body
from helios_engine.faults import simulated
from helios_engine.recorder.connection import Wanted
from helios_valr.live.connection import Valr
from tests.unit.valr.live.market import MINUTE, NAME, START, Table, play

QUOTES, BARS, TRADES = [Wanted(Quote, NAME)], [Wanted(Bar, NAME, "1m")], [Wanted(Trade, NAME)]
PERPETUAL = "BTCUSDTPERP.VALR"


def test_the_book_is_that_of_the_exchange_and_the_log_brings_the_same_again(tmp_path: Path) -> None:
    async def work(table: Table) -> None:
        await table.until(lambda: len(table.heard.of(Quote)) > 50)
        await table.quiet()
        assert table.heard.book() == table.truth()

    heard, rebuilt = play(tmp_path, QUOTES, work)

    assert [one.differs for one in rebuilt] == [""]
    assert rebuilt[0].inputs == len(heard.inputs)
    assert heard.of(Instrument)[0].instrument == NAME
    kinds = [type(body) for _, body in heard.inputs]
    assert kinds.index(Instrument) < kinds.index(BookSnapshot)
    assert heard.of(VenueStatus)[0].status == "online"
    assert [one.value for one in heard.of(Health, kind="link")] == [1.0]
    assert [one.value for one in heard.of(Health, kind="gaps")] == [1.0, 0.0]
    shared = [(a, b) for (at, a), (ts, b) in pairwise(heard.inputs) if ts <= at]
    assert shared
    assert all(ts >= at for (at, _), (ts, _) in pairwise(heard.inputs))
    assert all(isinstance(a, BookDelta) and isinstance(b, BookDelta) and a.sequence == b.sequence for a, b in shared)


@pytest.mark.parametrize("books", ["FULL_ORDERBOOK_UPDATE", "AGGREGATED_ORDERBOOK_UPDATE"])
def test_other_books_are_those_of_the_exchange_too(tmp_path: Path, books: str) -> None:
    async def work(table: Table) -> None:
        await table.until(lambda: len(table.heard.of(Quote)) > 50)
        await table.quiet()
        best = {name: dict(sorted(side.items(), reverse=name == "BUY")[:40]) for name, side in table.truth().items()}
        assert table.heard.book() == (best if books.startswith("AGG") else table.truth())

    heard, rebuilt = play(tmp_path, QUOTES, work, of_valr={"books": books})

    assert [one.value for one in heard.of(Health, kind="gaps")] == [1.0, 0.0]
    assert [one.differs for one in rebuilt] == [""]


def test_twenty_minutes_of_everything_is_complete_and_true(tmp_path: Path) -> None:
    wanted = [*BARS, *TRADES, *QUOTES, Wanted(Ticker, NAME), Wanted(MarkPrice, PERPETUAL)]

    async def work(table: Table) -> None:
        await table.until(lambda: len(table.heard.of(Bar)) == 20, 1300)
        await table.quiet()
        found = table.heard.of(Bar)
        assert found == table.bars(START, START + 19 * MINUTE)
        assert [one.trade_id for one in table.heard.of(Trade)] == table.made()
        assert table.heard.book() == table.truth()
        assert table.valr.parser.tally.compared == 19

    heard, rebuilt = play(tmp_path, wanted, work, rate=2.0)

    assert all(2 <= (ts - body.ts_close) / 1e9 < 5 for ts, body in heard.inputs if isinstance(body, Bar))
    assert len(heard.of(Ticker, instrument=NAME)) > 300
    assert len(heard.of(MarkPrice, instrument=PERPETUAL)) > 300
    assert heard.of(DataIssue) == []
    # A line without a key was replaced, and nothing was missing; measurements are rare while all is well.
    assert heard.gaps == []
    for kind in ("link", "staleness", "lag", "clock_offset"):
        assert 15 <= len(heard.of(Health, kind=kind)) <= 100
    assert [one.value for one in heard.of(Health, kind="gaps")] == [1.0, 0.0]
    assert [one.differs for one in rebuilt] == [""]


def test_the_connection_goes_on_where_its_history_ends(tmp_path: Path) -> None:
    before: dict[type[Body], Any] = {}

    async def first(valr: Valr) -> None:
        for wanted in (*BARS, *TRADES):
            found = await valr.history(wanted, START - 20 * MINUTE, START + 3_000_000_000)
            before[wanted.kind] = [body for _, body in found]
            assert [ts for ts, _ in found] == sorted(ts for ts, _ in found)
            valr.go_on(wanted, found[-1][0])
        assert await valr.history(QUOTES[0], START - 20 * MINUTE, START) == []
        assert [line.problem for line in valr.lines()] == [f"VALR has no history of Quote of {NAME}"]

    async def work(table: Table) -> None:
        await table.until(lambda: len(table.heard.of(Bar)) == 3)
        await table.quiet()
        bars = [*before[Bar], *table.heard.of(Bar)]
        assert bars == table.bars(START - 21 * MINUTE, bars[-1].ts_open)
        told = dict.fromkeys(body.trade_id for body in (*before[Trade], *table.heard.of(Trade)))
        assert list(told) == [done.id for done in list(table.market().trades)[-len(told) :]]

    _, rebuilt = play(tmp_path, [*BARS, *TRADES], work, first=first)

    assert [one.differs for one in rebuilt] == [""]


@pytest.mark.parametrize(("hours", "missing"), [(8, 0), (26, 0), (26, 400)])
def test_after_a_resume_bars_of_many_hours_are_filled_and_those_that_valr_has_not_are_told(
    tmp_path: Path, hours: int, missing: int
) -> None:
    since = START - (hours * 60 + missing) * MINUTE

    async def first(valr: Valr) -> None:
        valr.go_on(BARS[0], since)

    async def work(table: Table) -> None:
        await table.until(lambda: table.heard.of(Bar) and table.heard.of(Bar)[-1].ts_open >= START + MINUTE)
        assert table.heard.of(Bar) == table.bars(since, table.heard.of(Bar)[-1].ts_open)

    heard, rebuilt = play(tmp_path, BARS, work, first=first, rate=0.2, history_minutes=hours * 60)

    # The simulator has no bucket before its first trade.
    begins = heard.of(Bar)[0].ts_open
    assert len(heard.of(Bar)) > 60 * (hours - 1)
    (doubt,) = heard.of(DataIssue)
    assert (doubt.kind, doubt.ts_from, doubt.ts_to) == ("bucket_missing", since, begins)
    assert [one.differs for one in rebuilt] == [""]


def test_it_begins_once_its_beginning_is_recorded(tmp_path: Path) -> None:
    refused = 5

    def strikes(point: str) -> bool:
        nonlocal refused
        refused -= point == "recorder.full"
        return point == "recorder.full" and refused >= 0

    async def work(table: Table) -> None:
        await table.until(lambda: len(table.heard.of(Trade)) > 20)
        await table.quiet()
        assert table.heard.book() == table.truth()

    with simulated(strikes):
        heard, rebuilt = play(tmp_path, [*QUOTES, *TRADES], work)

    assert refused < 0
    assert heard.inputs[0][0] > START
    assert [one.differs for one in rebuilt] == [""]


def test_lines_say_how_each_part_is(tmp_path: Path) -> None:
    async def work(table: Table) -> None:
        await table.until(lambda: len(table.heard.of(Bar)) == 1)
        lines = {line.name: line for line in table.valr.lines()}
        names = ("valr.rest", "valr.stream.a", "valr.clock", "valr.status", "valr.pairs", "valr.bars", "valr.trades")
        assert {name for name in names if lines[name].is_up} == set(names)
        assert lines["valr.stream.a"].frames > 50
        assert "valr.stream.b" not in lines

    play(tmp_path, [*BARS, *TRADES, *QUOTES], work)
