"""Trades are all there, each once and in order: by stream, by REST, and when the stream breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from helios_engine.bodies import DataIssue, Health, Quote, Trade
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
    await table.until(lambda: all(fault.ended is not None for fault in table.simulator.faults.all))
    seen = len(ids(table.heard))
    await table.until(lambda: len(ids(table.heard)) > seen + 10)
    await table.quiet()
    await table.until(lambda: len(ids(table.heard)) >= len(table.made()))
    assert ids(table.heard) == table.made()
    times = [trade.ts_event for trade in table.heard.of(Trade)]
    assert times == sorted(times)
    assert table.heard.of(DataIssue) == []


def test_what_the_stream_does_not_give_without_a_key_comes_by_rest(tmp_path: Path) -> None:
    heard, rebuilt = play(tmp_path, TRADES, many, new_trade_requires_auth=True, limits=False)

    assert heard.of(Trade)
    assert [one.differs for one in rebuilt] == [""]


@pytest.mark.parametrize("before_id_inclusive", [False, True])
def test_with_a_key_the_stream_brings_them_and_rest_what_it_missed(
    tmp_path: Path, key: None, before_id_inclusive: bool
) -> None:
    fault = Fault("close", at=1.0)
    heard, rebuilt = play(
        tmp_path, TRADES, many, fault, of_valr=KEY | {"first": 1.0, "longest": 1.0}, rate=1500.0,
        new_trade_requires_auth=True, before_id_inclusive=before_id_inclusive,
    )  # fmt: skip

    assert len(heard.gaps) == 1
    assert [one.differs for one in rebuilt] == [""]


def test_a_line_without_a_key_is_replaced_before_it_is_closed_and_nothing_is_missing(tmp_path: Path) -> None:
    async def work(table: Table) -> None:
        await table.until(lambda: sum(line.attempts for line in table.valr.lines() if "stream" in line.name) == 4)
        await many(table)
        assert table.heard.book() == table.truth()

    wanted = [*TRADES, Wanted(Quote, NAME)]
    heard, rebuilt = play(tmp_path, wanted, work, of_valr={"renew": 0.8}, unauthenticated_close=2.0)

    assert heard.gaps == []
    assert {one.value for one in heard.of(Health, kind="link")} == {1.0}
    assert [one.value for one in heard.of(Health, kind="gaps")] == [1.0, 0.0]
    assert [one.differs for one in rebuilt] == [""]


def test_a_line_that_was_closed_for_its_age_is_opened_again_at_once(tmp_path: Path) -> None:
    async def work(table: Table) -> None:
        await table.until(lambda: table.heard.gaps)
        await table.until(lambda: table.heard.of(Health, kind="link")[-1].value == 1, seconds=4.0)
        await table.until(lambda: table.heard.gap_of() == 0)

    # No book comes of the line that is to take over, and so the first is closed by the exchange.
    pace = {"renew": 0.9, "mend": 9.0, "stale": 9.0, "first": 8.0, "longest": 9.0}
    stall = Fault("stall", at=0.6, seconds=1.5)
    _, rebuilt = play(tmp_path, [Wanted(Quote, NAME)], work, stall, of_valr=pace, unauthenticated_close=1.0)

    assert [one.differs for one in rebuilt] == [""]
