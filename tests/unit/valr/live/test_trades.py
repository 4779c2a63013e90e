"""Trades are all there, each once and in order: by stream, by REST, and when the stream breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from helios_engine.bodies import Bar, DataIssue, Health, Quote, Trade
from helios_engine.recorder.connection import Wanted
from helios_valr.simulator import Fault
from tests.unit.valr.live.market import NAME, Heard, Table, play

TRADES = [Wanted(Trade, NAME)]
KEY = {"key_env": "HELIOS_TEST_KEY", "secret_env": "HELIOS_TEST_SECRET"}


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELIOS_TEST_KEY", "simulated-key")
    monkeypatch.setenv("HELIOS_TEST_SECRET", "simulated-secret")


def ids(heard: Heard) -> list[str]:
    return [trade.trade_id for trade in heard.of(Trade)]


async def many(table: Table) -> None:
    """Trades come for a time, every fault has ended, and the last trade has come too."""
    faults = table.simulator.faults
    await table.until(lambda: all(fault.ended is not None for fault in faults.settle(table.simulator.elapsed)))
    seen = len(ids(table.heard))
    await table.until(lambda: len(ids(table.heard)) > seen + 10)
    await table.quiet()
    await table.until(lambda: len(ids(table.heard)) >= len(table.made()))
    assert ids(table.heard) == table.made()
    times = [trade.ts_event for trade in table.heard.of(Trade)]
    assert times == sorted(times)
    assert table.heard.of(DataIssue) == []


def test_what_the_stream_does_not_give_without_a_key_comes_by_rest(tmp_path: Path) -> None:
    heard, rebuilt = play(tmp_path, TRADES, many, Fault("html", at=60.0, seconds=60.0), new_trade_requires_auth=True)

    assert len(heard.of(Trade)) > 50
    assert [one.differs for one in rebuilt] == [""]


@pytest.mark.parametrize("before_id_inclusive", [False, True])
def test_with_a_key_the_stream_brings_them_and_rest_what_it_missed(
    tmp_path: Path, key: None, before_id_inclusive: bool
) -> None:
    missed: list[int] = []

    async def work(table: Table) -> None:
        await table.until(lambda: table.heard.gaps)
        at = len(table.market().trades)
        await table.until(lambda: table.heard.of(Health, kind="link")[-1].value == 1)
        missed.append(len(table.market().trades) - at)
        await many(table)

    heard, rebuilt = play(
        tmp_path, TRADES, work, Fault("close", at=60.0), of_valr=KEY, rate=300.0,
        new_trade_requires_auth=True, before_id_inclusive=before_id_inclusive,
    )  # fmt: skip

    assert missed[0] > 100
    assert len(heard.gaps) == 1
    assert [one.differs for one in rebuilt] == [""]


def test_a_trade_that_is_lost_on_the_way_is_found_by_the_official_bucket_and_filled(tmp_path: Path) -> None:
    async def work(table: Table) -> None:
        await table.until(lambda: table.heard.of(DataIssue, kind="bucket_differs"))
        await table.until(lambda: table.valr.parser.trades.missing_since("BTCZAR") is None)
        await table.quiet()
        assert sorted(ids(table.heard)) == sorted(table.made())

    heard, rebuilt = play(tmp_path, TRADES, work, Fault("drop", at=80.0, count=2, only="NEW_TRADE"))

    (doubt,) = heard.of(DataIssue)
    assert doubt.detail.startswith("VALR says open")
    assert "its trades make open" in doubt.detail
    assert heard.of(Bar) == []
    assert [one.differs for one in rebuilt] == [""]


def test_what_rest_does_not_fill_in_time_is_told_and_comes_late(tmp_path: Path, key: None) -> None:
    async def work(table: Table) -> None:
        await table.until(lambda: table.heard.of(DataIssue, kind="trades_late"))
        await table.until(lambda: table.valr.parser.trades.missing_since("BTCZAR") is None)
        await table.quiet()
        assert sorted(ids(table.heard)) == sorted(table.made())

    faults = [Fault("close", at=60.0), Fault("503", at=60.0, seconds=60.0, only="/trades")]
    _, rebuilt = play(tmp_path, TRADES, work, *faults, of_valr=KEY)

    assert [one.differs for one in rebuilt] == [""]


def test_a_line_without_a_key_is_replaced_before_it_is_closed_and_nothing_is_missing(tmp_path: Path) -> None:
    async def work(table: Table) -> None:
        await table.until(lambda: table.attempts() == 3, 2000)
        await many(table)
        assert table.heard.book() == table.truth()

    heard, rebuilt = play(tmp_path, [*TRADES, Wanted(Quote, NAME)], work, rate=4.0)

    assert heard.gaps == []
    assert {one.value for one in heard.of(Health, kind="link")} == {1.0}
    assert [one.value for one in heard.of(Health, kind="gaps")] == [1.0, 0.0]
    assert [one.differs for one in rebuilt] == [""]


def test_a_line_that_was_closed_for_its_age_is_opened_again_at_once(tmp_path: Path) -> None:
    async def work(table: Table) -> None:
        await table.until(lambda: table.heard.gaps, 1000)
        await table.until(lambda: table.heard.of(Health, kind="link")[-1].value == 1, seconds=1.0)
        await table.until(lambda: table.heard.gap_of() == 0)

    # No book comes of the line that is to take over, and so the first is closed by the exchange.
    pace = {"mend": 200.0, "stale": 300.0}
    stall = Fault("stall", at=800.0, seconds=120.0)
    _, rebuilt = play(tmp_path, [Wanted(Quote, NAME)], work, stall, pace=pace, rate=4.0)

    assert [one.differs for one in rebuilt] == [""]
