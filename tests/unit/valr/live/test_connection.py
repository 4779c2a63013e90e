"""VALR's live connection against the simulator: what comes is what is true, and the log says the same again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helios_engine.bodies import Bar, BookSnapshot, Health, Instrument, Quote, Trade, VenueStatus
from helios_engine.events import Body
from helios_engine.recorder.connection import Wanted
from helios_valr.live.connection import Valr
from tests.unit.valr.live.market import MINUTE, NAME, NORMAL, Table, play, quick, shifted

QUOTES = [Wanted(Quote, NAME)]


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
    assert next(one.value for one in heard.of(Health, kind="link")) == 1.0
    assert [one.value for one in heard.of(Health, kind="gaps")] == [1.0, 0.0]
    times = [ts for ts, _ in heard.inputs]
    assert times == sorted(set(times))


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


def test_the_connection_goes_on_where_the_history_that_it_gave_ends(tmp_path: Path) -> None:
    world = quick(30.0, 20.0)
    before: dict[type[Body], Any] = {}

    async def work(table: Table) -> None:
        await table.until(lambda: len(table.heard.of(Bar)) == 3)
        await table.quiet()
        bars = [*before[Bar], *table.heard.of(Bar)]
        assert bars == table.bars(bars[0].ts_open, bars[-1].ts_open)
        await table.until(lambda: len(table.heard.of(Trade)) >= len(table.made()))
        told = [body.trade_id for body in (*before[Trade], *table.heard.of(Trade))]
        assert told == [
            done.id for done in table.market().trades if done.at // 10**6 * 10**6 >= before[Trade][0].ts_event
        ]

    async def first(valr: Valr) -> None:
        now = world.now()
        for wanted in (Wanted(Bar, NAME, "1m"), Wanted(Trade, NAME)):
            found = await valr.history(wanted, now - 20 * MINUTE, now)
            before[wanted.kind] = [body for _, body in found]
            assert [ts for ts, _ in found] == sorted(ts for ts, _ in found)
        await world.sleep(45.0)  # the run may begin long after the warm-up was read

    wanted = [Wanted(Bar, NAME, "1m"), Wanted(Trade, NAME)]
    _, rebuilt = play(tmp_path, wanted, work, world=world, of_valr=NORMAL, first=first, rate=20.0, limits=False)

    assert len(before[Bar]) > 5
    assert [one.differs for one in rebuilt] == [""]


def test_bars_are_the_official_buckets_told_once_and_after_their_end(tmp_path: Path) -> None:
    world = shifted(1.5)

    async def work(table: Table) -> None:
        await table.until(lambda: table.heard.of(Bar))
        await table.until(lambda: table.valr.parser.answered.bars.counts["bars seen before"] >= 0)

    heard, rebuilt = play(tmp_path, [Wanted(Bar, NAME, "1m")], work, world=world)

    (bar,) = heard.of(Bar)
    told = next(ts for ts, body in heard.inputs if isinstance(body, Bar))
    assert bar.ts_close % 60_000_000_000 == 0
    assert told >= bar.ts_close
    assert [one.differs for one in rebuilt] == [""]


def test_trades_of_the_stream_are_all_there_and_in_order(tmp_path: Path) -> None:
    begun: list[int] = []

    async def work(table: Table) -> None:
        begun.append(table.simulator.world.now())
        await table.until(lambda: len(table.heard.of(Trade)) > 20)
        await table.quiet()
        begun.append(table.market().trades)

    heard, rebuilt = play(tmp_path, [Wanted(Trade, NAME)], work, rate=400.0)

    found = [trade.trade_id for trade in heard.of(Trade)]
    made = [done.id for done in begun[1] if done.id in set(found)]  # type: ignore[attr-defined]
    assert found == made
    assert [one.differs for one in rebuilt] == [""]
