"""Each fault of the simulated VALR: the book is true afterwards, or the instrument says that it is not."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from helios_engine.bodies import DataIssue, Health, Instrument, Quote, VenueStatus
from helios_engine.recorder.connection import Wanted
from helios_valr.simulator import Fault
from tests.unit.valr.live.market import NAME, Heard, Table, play, shifted

QUOTES = [Wanted(Quote, NAME)]
FRAMES: list[Any] = ["drop", "reorder", "bad_checksum", "duplicate"]


def values(heard: Heard, kind: str, subject: str) -> list[float]:
    return [one.value for one in heard.of(Health, kind=kind, subject=subject)]


async def mended(table: Table) -> None:
    """Every fault has ended, news come again, no book is lost, and it is the one of the exchange."""
    faults = table.simulator.faults.all
    await table.until(lambda: all(fault.ended is not None for fault in faults))
    seen = len(table.heard.of(Quote))
    await table.until(lambda: table.heard.gap_of() == 0 and len(table.heard.of(Quote)) > seen + 10)
    await table.quiet()
    assert all(fault.times for fault in faults)
    assert table.heard.gap_of() == 0
    assert table.heard.book() == table.truth()


def test_a_dropped_reordered_spoiled_frame_loses_the_book_and_it_is_had_again_on_the_same_line(tmp_path: Path) -> None:
    async def work(table: Table) -> None:
        for kind in FRAMES:
            await table.until(lambda: table.heard.gap_of() == 0)
            fault = Fault(kind, at=table.simulator.elapsed)
            table.simulator.faults.add(fault)
            await table.until(lambda fault=fault: fault.ended is not None)
            await table.until(lambda kind=kind: kind == "duplicate" or table.heard.gap_of() == 1)
        await mended(table)
        assert table.heard.gaps == []

    heard, rebuilt = play(tmp_path, QUOTES, work)

    assert values(heard, "gaps", NAME) == [1, 0, 1, 0, 1, 0, 1, 0]
    assert len(heard.of(DataIssue, kind="book_lost")) == 3
    assert [one.differs for one in rebuilt] == [""]


def test_in_a_stall_pongs_come_but_the_data_is_stale_and_the_line_is_given_up(tmp_path: Path) -> None:
    heard, rebuilt = play(
        tmp_path, QUOTES, mended, Fault("stall", at=0.7, seconds=2.8), of_valr={"stale": 1.0, "mend": 1.0}
    )

    told = values(heard, "staleness", NAME)
    assert max(told) > 1
    assert told[-1] < 1
    assert "did not help" in heard.gaps[0]
    assert values(heard, "link", "VALR")[0] == 1
    assert [one.differs for one in rebuilt] == [""]


def test_a_line_that_says_nothing_at_all_is_given_up_for_its_missing_pongs(tmp_path: Path) -> None:
    heard, rebuilt = play(tmp_path, QUOTES, mended, Fault("blackhole", at=0.7, seconds=1.5), of_valr={"ping": 0.4})

    assert "no PONG" in heard.gaps[0]
    assert {0, 1} == set(values(heard, "link", "VALR"))
    assert [one.differs for one in rebuilt] == [""]


def test_a_line_that_is_cut_is_opened_again_and_the_gap_is_written_down(tmp_path: Path) -> None:
    heard, rebuilt = play(tmp_path, QUOTES, mended, Fault("close", at=0.7), Fault("storm", at=1.5))

    assert len(heard.gaps) == 2
    assert [value for value, _ in groupby(values(heard, "link", "VALR"))] == [1, 0, 1, 0, 1]
    assert [one.differs for one in rebuilt] == [""]


@pytest.mark.parametrize("kind", ["503", "html", "empty"])
def test_what_is_no_answer_is_asked_again(tmp_path: Path, kind: Any) -> None:
    heard, rebuilt = play(tmp_path, QUOTES, mended, Fault(kind, count=6))

    assert heard.of(Instrument)[0].instrument == NAME
    assert [one.differs for one in rebuilt] == [""]


def test_when_nothing_is_answered_for_long_the_venue_is_unreachable(tmp_path: Path) -> None:
    heard, rebuilt = play(tmp_path, QUOTES, mended, Fault("503", at=0.7, seconds=1.5))

    assert [body.status for body in heard.of(VenueStatus)] == ["online", "unreachable", "online"]
    assert [one.differs for one in rebuilt] == [""]


def test_after_429_nothing_is_asked_before_the_next_minute(tmp_path: Path) -> None:
    world = shifted(2.0)
    heard, rebuilt = play(tmp_path, QUOTES, mended, Fault("429", count=3), world=world)

    defined = next(ts for ts, body in heard.inputs if isinstance(body, Instrument))
    assert defined % 60_000_000_000 < 30_000_000_000
    assert [one.differs for one in rebuilt] == [""]


def test_a_handshake_that_is_one_too_many_waits_for_the_next_minute(tmp_path: Path) -> None:
    world = shifted(2.5)

    async def work(table: Table) -> None:
        while table.simulator.limits.allows("/ws/trade", world.now()):
            pass
        await mended(table)
        assert sum(line.attempts for line in table.valr.lines() if "stream" in line.name) == 2

    _, rebuilt = play(tmp_path, QUOTES, work, world=world)

    assert [one.differs for one in rebuilt] == [""]


def test_read_only_and_a_skewed_clock_are_told_while_they_last(tmp_path: Path) -> None:
    faults = [Fault("read_only", at=0.5, seconds=1.0), Fault("skew", at=0.5, seconds=1.0)]
    heard, rebuilt = play(tmp_path, QUOTES, mended, *faults)

    assert [body.status for body in heard.of(VenueStatus)] == ["online", "read-only", "online"]
    offsets = values(heard, "clock_offset", "VALR")
    assert max(offsets) == pytest.approx(30, abs=1)
    assert abs(offsets[-1]) < 1
    assert [one.differs for one in rebuilt] == [""]


def test_slow_answers_do_not_hold_up_the_stream(tmp_path: Path) -> None:
    heard, rebuilt = play(tmp_path, QUOTES, mended, Fault("slow", at=0.6, seconds=2.5))

    assert max(values(heard, "staleness", NAME)) < 2
    assert [one.differs for one in rebuilt] == [""]
