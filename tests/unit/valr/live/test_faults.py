"""Each fault of the simulated VALR: the book is true afterwards, or the instrument says that it is not."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from helios_engine.bodies import DataIssue, Health, Instrument, Quote, VenueStatus
from helios_engine.recorder.connection import Wanted
from helios_valr.simulator import Fault
from tests.unit.valr.live.market import MINUTE, NAME, START, Heard, Table, play

QUOTES = [Wanted(Quote, NAME)]


def values(heard: Heard, kind: str, subject: str) -> list[float]:
    return [one.value for one in heard.of(Health, kind=kind, subject=subject)]


async def mended(table: Table) -> None:
    """Every fault has ended, news come again, no book is lost, and it is the one of the exchange."""
    faults = table.simulator.faults
    await table.until(lambda: all(fault.ended is not None for fault in faults.settle(table.simulator.elapsed)))
    seen = len(table.heard.of(Quote))
    await table.until(lambda: table.heard.gap_of() == 0 and len(table.heard.of(Quote)) > seen + 10)
    await table.until(lambda: values(table.heard, "staleness", NAME)[-1] < 60)
    await table.quiet()
    assert all(fault.times for fault in faults.all)
    assert table.heard.gap_of() == 0
    assert table.heard.book() == table.truth()


@pytest.mark.parametrize("kind", ["drop", "reorder", "bad_checksum"])
def test_a_frame_that_is_wrong_loses_the_book_and_it_is_had_again_on_the_same_line(tmp_path: Path, kind: Any) -> None:
    heard, rebuilt = play(tmp_path, QUOTES, mended, *(Fault(kind, at=at) for at in (20.0, 40.0, 60.0)))

    assert values(heard, "gaps", NAME) == [1, 0, 1, 0, 1, 0, 1, 0]
    assert len(heard.of(DataIssue, kind="book_lost")) == 3
    assert heard.gaps == []
    assert [one.differs for one in rebuilt] == [""]


def test_when_every_checksum_is_wrong_the_book_is_asked_for_ever_more_rarely(tmp_path: Path) -> None:
    heard, _ = play(tmp_path, QUOTES, mended, Fault("bad_checksum", at=20.0, seconds=300.0), rate=8.0)

    assert 5 < len(heard.of(DataIssue, kind="book_lost")) < 15
    assert heard.gaps == []


def test_a_frame_that_comes_twice_or_late_changes_nothing(tmp_path: Path) -> None:
    async def work(table: Table) -> None:
        await table.until(lambda: max(values(table.heard, "lag", NAME), default=0) > 5)
        await table.until(lambda: values(table.heard, "lag", NAME)[-1] < 1)
        await mended(table)

    faults = Fault("duplicate", at=20.0, count=5), Fault("delay", at=40, by=8.0, only="OB_L1_DIFF")
    heard, rebuilt = play(tmp_path, QUOTES, work, *faults)

    assert values(heard, "gaps", NAME) == [1, 0]
    assert max(values(heard, "lag", NAME)) == pytest.approx(8, abs=1)
    assert [one.differs for one in rebuilt] == [""]


def test_old_changes_that_come_at_once_are_told_to_be_late_before_the_first_of_them(tmp_path: Path) -> None:
    async def work(table: Table) -> None:
        await table.until(lambda: max(values(table.heard, "lag", NAME), default=0) > 5)
        await table.until(lambda: values(table.heard, "lag", NAME)[-1] < 1)

    heard, rebuilt = play(tmp_path, QUOTES, work, Fault("delay", at=40, by=30.0, only="OB_L1_DIFF"))

    # The book's own snapshot may be of a change of long ago; the fault begins at 40 s.
    bodies = [(ts, body) for ts, body in heard.inputs if ts > START + 35 * 10**9]
    old = next(at for at, (ts, body) in enumerate(bodies) if isinstance(body, Quote) and ts - body.ts_event > 5 * 10**9)
    lags = [body.value for _, body in bodies[:old] if isinstance(body, Health) and body.kind == "lag"]
    assert lags[-1] > 5
    assert [one.differs for one in rebuilt] == [""]


def test_in_a_stall_pongs_come_but_the_data_is_stale_and_the_line_is_given_up(tmp_path: Path) -> None:
    heard, rebuilt = play(tmp_path, QUOTES, mended, Fault("stall", at=30.0, seconds=100.0))

    told = values(heard, "staleness", NAME)
    assert 60 < max(told) < 130
    assert "did not help" in heard.gaps[0]
    assert values(heard, "gaps", NAME)[:3] == [1, 0, 1]
    assert [one.differs for one in rebuilt] == [""]


@pytest.mark.parametrize("fault", [Fault("blackhole", at=30.0, seconds=60.0), Fault("half_open", at=30.0),
                                   Fault("deaf", at=30.0, seconds=60.0)], ids=lambda fault: fault.kind)  # fmt: skip
def test_a_line_that_does_not_answer_is_given_up_for_its_missing_pongs(tmp_path: Path, fault: Fault) -> None:
    heard, rebuilt = play(tmp_path, QUOTES, mended, fault)

    assert "no PONG" in heard.gaps[0]
    assert {0, 1} == set(values(heard, "link", "VALR"))
    assert [one.differs for one in rebuilt] == [""]


def test_a_line_that_is_cut_is_opened_again_and_the_gap_is_written_down(tmp_path: Path) -> None:
    heard, rebuilt = play(tmp_path, QUOTES, mended, Fault("close", at=30.0), Fault("storm", at=60.0))

    assert len(heard.gaps) == 2
    assert [value for value, _ in groupby(values(heard, "link", "VALR"))] == [1, 0, 1, 0, 1]
    assert [one.differs for one in rebuilt] == [""]


def test_in_a_storm_handshakes_stay_rare(tmp_path: Path) -> None:
    async def work(table: Table) -> None:
        await mended(table)
        assert table.attempts() <= 25

    heard, _ = play(tmp_path, QUOTES, work, Fault("storm", at=30.0, seconds=600.0))

    assert len(heard.gaps) >= 1


def test_what_valr_refuses_on_a_line_is_told_and_the_line_stays(tmp_path: Path) -> None:
    async def work(table: Table) -> None:
        await table.until(lambda: len(table.heard.of(Quote)) > 20)
        (session,) = table.simulator.sessions
        session.line.say({"type": "RATE_LIMIT_EXCEEDED", "message": "too many subscriptions"})
        await mended(table)
        assert table.attempts() == 1

    heard, rebuilt = play(tmp_path, QUOTES, work)

    assert [one.detail for one in heard.of(DataIssue)] == ["RATE_LIMIT_EXCEEDED: too many subscriptions"]
    assert heard.gaps == []
    assert values(heard, "gaps", NAME) == [1, 0]
    assert [one.differs for one in rebuilt] == [""]


@pytest.mark.parametrize("kind", ["503", "html", "empty", "torn", "cut"])
def test_what_is_no_answer_is_asked_again(tmp_path: Path, kind: Any) -> None:
    heard, rebuilt = play(tmp_path, QUOTES, mended, Fault(kind, count=6))

    assert heard.of(Instrument)[0].instrument == NAME
    assert [one.differs for one in rebuilt] == [""]


def test_when_nothing_is_answered_for_long_the_venue_is_unreachable_and_the_stream_goes_on(tmp_path: Path) -> None:
    heard, rebuilt = play(tmp_path, QUOTES, mended, Fault("503", at=40.0, seconds=120.0))

    assert [body.status for body in heard.of(VenueStatus)] == ["online", "unreachable", "online"]
    assert heard.gaps == []
    assert [one.differs for one in rebuilt] == [""]


def test_after_429_nothing_is_asked_before_the_next_minute(tmp_path: Path) -> None:
    heard, rebuilt = play(tmp_path, QUOTES, mended, Fault("429", count=3))

    defined = next(ts for ts, body in heard.inputs if isinstance(body, Instrument))
    assert START + MINUTE <= defined < START + MINUTE + 10**10
    assert [one.differs for one in rebuilt] == [""]


def test_a_handshake_that_is_one_too_many_waits_for_the_next_minute(tmp_path: Path) -> None:
    async def work(table: Table) -> None:
        while table.simulator.limits.allows("/ws/trade", START):
            pass
        await mended(table)
        assert table.attempts() == 2

    heard, rebuilt = play(tmp_path, QUOTES, work)

    quoted = next(ts for ts, body in heard.inputs if isinstance(body, Quote))
    assert quoted > START + MINUTE
    assert [one.differs for one in rebuilt] == [""]


def test_read_only_and_a_skewed_clock_are_told_while_they_last(tmp_path: Path) -> None:
    faults = [Fault("read_only", at=40.0, seconds=60.0), Fault("skew", at=40.0, seconds=90.0)]
    heard, rebuilt = play(tmp_path, QUOTES, mended, *faults)

    assert [body.status for body in heard.of(VenueStatus)] == ["online", "read-only", "online"]
    assert [round(value) for value, _ in groupby(values(heard, "clock_offset", "VALR"))][:2] == [0, 30]
    assert [one.differs for one in rebuilt] == [""]


@pytest.mark.parametrize("kind", ["slow", "loris"])
def test_slow_answers_do_not_hold_up_the_stream(tmp_path: Path, kind: Any) -> None:
    heard, rebuilt = play(tmp_path, QUOTES, mended, Fault(kind, at=20.0, seconds=120.0))

    assert max(values(heard, "staleness", NAME)) < 5
    assert [one.differs for one in rebuilt] == [""]
