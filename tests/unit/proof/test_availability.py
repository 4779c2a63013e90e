"""Faults planted in the engine, its feeds and its aggregation, each found with the part and the first wrong time."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import helios_engine.assemble as assemble
import helios_engine.node as node
from helios_aggregation.time_bars import TimeBars
from helios_engine.bodies import Instrument, Tick, Trade
from helios_engine.engine import Engine
from helios_engine.events import Event
from helios_engine.pipeline import Pipeline
from helios_engine.port import Port
from helios_engine.timeline import Input, Timeline
from tests.unit.proof.auditing_runs import BEGIN, CONFIG, MINUTE, SECOND, Minutes, Rows, Tape, audited, wrong

BARS = CONFIG.replace("test.tape", "test.minutes").replace("time_bars", "larger_bars").replace("7s", "1m")
Honest = Callable[[Any, Event[Any]], Iterator[Any]]
WITH_ROWS = BARS.replace("[[stage]]", '[[feed]]\nuse = "test.rows"\n\n[[stage]]', 1)


@pytest.mark.parametrize("text", [CONFIG, BARS, WITH_ROWS], ids=["trades", "bars", "rows"])
def test_an_honest_run_has_nothing_to_find(tmp_path: Path, text: str) -> None:
    known, filled = audited(tmp_path, text)

    assert known.findings == ()
    assert wrong(filled) == []
    assert known.coverage["built bars added up again"] >= 5
    assert known.coverage["replies"] == 29  # the one asked for with the last bar is due after the run
    assert known.not_provable == filled.not_provable == {}


def planted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Any]], None]:
    """Put a fault in place of the aggregation's `on_event`; it is given the honest one."""
    honest = TimeBars.on_event

    def plant(fault: Callable[..., Any]) -> None:
        def on_event(self: Any, event: Event[Any]) -> Iterator[Any]:
            yield from fault(honest, self, event)

        monkeypatch.setattr(TimeBars, "on_event", functools.wraps(honest)(on_event))

    return plant


def test_a_trade_at_the_boundary_in_the_bar_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @planted(monkeypatch)
    def off_by_one(honest: Honest, self: Any, event: Event[Any]) -> Iterator[Any]:
        body = event.body
        if isinstance(body, Trade):
            body = msgspec.structs.replace(body, ts_event=body.ts_event - 1)
        yield from honest(self, msgspec.structs.replace(event, body=body))

    (found,) = [f for f in wrong(audited(tmp_path)[0]) if "not what was traded" in f.what]

    assert (found.part.kind, found.part.name) == ("stage", "aggregation.time_bars")
    assert found.column == "Bar"  # the very first trade lies on a boundary, and makes a bar where none should be
    assert found.first == BEGIN
    assert "(the first of 33 cases)" in found.what
    assert "it holds what happened at its close, which is the next bar's" in found.what
    assert "time_bars.py:" in found.where or "test_availability.py:" in found.where


def test_a_higher_bar_before_its_close(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @planted(monkeypatch)
    def hurried(honest: Honest, self: Any, event: Event[Any]) -> Iterator[Any]:
        yield from honest(self, event)
        if isinstance(event.body, Tick):
            in_a_minute = Tick("1m", event.body.boundary + MINUTE)
            said = honest(copy.deepcopy(self), msgspec.structs.replace(event, body=in_a_minute))
            yield from (bar for bar in said if bar.timeframe != "1m")

    monkeypatch.setattr(node, "_TIMES", ())

    found = wrong(audited(tmp_path)[0])
    early = next(f for f in found if "before it closes" in f.what)

    assert {f.part.name for f in found} == {"aggregation.time_bars"}
    assert early.column == "Bar.ts_close"
    assert early.first == BEGIN + 4 * MINUTE
    assert early.horizon == 1.0
    assert "the 5m bar of 2026-01-05T00:00:00Z" in early.what


def test_a_higher_bar_before_its_last_lower_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @planted(monkeypatch)
    def reversed_bars(honest: Honest, self: Any, event: Event[Any]) -> Iterator[Any]:
        yield from list(honest(self, event))[::-1]

    (found,) = wrong(audited(tmp_path)[0])

    assert found.part.name == "aggregation.time_bars"
    assert "was said before the 1m bar" in found.what
    assert found.first == BEGIN + 5 * MINUTE


def test_a_bar_that_is_not_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    third = BEGIN + 2 * MINUTE

    @planted(monkeypatch)
    def without_the_third(honest: Honest, self: Any, event: Event[Any]) -> Iterator[Any]:
        yield from (bar for bar in honest(self, event) if (bar.timeframe, bar.ts_open) != ("1m", third))

    (found,) = wrong(audited(tmp_path)[0])

    assert "no 1m bar of 2026-01-05T00:02:00Z" in found.what
    assert found.first == third + MINUTE


def test_ties_in_the_other_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Timeline._push

    def reversed_ranks(self: Any, order: int, ts: int, body: Any) -> None:
        ranks, self._ranks = self._ranks, [-rank or -1000 for rank in self._ranks]
        original(self, order, ts, body)
        self._ranks = ranks

    monkeypatch.setattr(Timeline, "_push", reversed_ranks)

    found = wrong(audited(tmp_path)[0])

    assert {f.part.kind for f in found} == {"engine"}
    (order,) = [f for f in found if "before inputs of the same time" in f.what]
    assert order.what.startswith("tick #0 was delivered before")
    assert order.first == BEGIN


def test_an_input_before_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Timeline.next

    def eager(self: Any) -> Input | None:
        found = original(self)
        return found._replace(ts=found.ts - SECOND) if found is not None and found.seq == 60 else found

    monkeypatch.setattr(Timeline, "next", eager)

    found = wrong(audited(tmp_path)[0])
    early = next(f for f in found if "came 1s before" in f.what)

    assert early.part.kind == "engine"
    assert early.what.startswith("an input of test.tape (#60)")
    assert early.first == BEGIN + 600 * SECOND - SECOND
    assert early.horizon == pytest.approx(1 / 60)


def test_a_reply_before_its_delay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Timeline.schedule
    monkeypatch.setattr(
        Timeline, "schedule", lambda self, ts, rank, source, body: original(self, ts - 4 * SECOND, rank, source, body)
    )

    (found,) = wrong(audited(tmp_path)[0])

    assert found.part.kind == "engine"
    assert found.what.startswith("a reply of test.model (#0) came 4s before")
    assert found.first == BEGIN + MINUTE + 3 * SECOND


def test_an_input_that_no_stage_was_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Engine._turn

    def forgetful(self: Any, ts: int, source: str, seq: int, body: Any, *said: Any) -> None:
        if (source, seq) != ("test.tape", 7):
            original(self, ts, source, seq, body, *said)

    monkeypatch.setattr(Engine, "_turn", forgetful)

    found = wrong(audited(tmp_path)[0])

    assert any("test.tape #7 was taken, but never shown" in f.what and f.first == BEGIN + 70 * SECOND for f in found)


def test_a_stage_that_hears_what_was_not_said_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Pipeline._post

    def renumbered(self: Any, event: Any, after: int) -> int:
        if event.source == "aggregation.time_bars":
            event = msgspec.structs.replace(event, seq=event.seq + 1)
        return original(self, event, after)

    monkeypatch.setattr(Pipeline, "_post", renumbered)

    found = wrong(audited(tmp_path)[0])

    assert any("it heard aggregation.time_bars #" in f.what and f.first == BEGIN + MINUTE for f in found)


def test_decisions_of_the_warm_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Port, "_refusal", lambda self, ts, intent: None)

    (found,) = wrong(audited(tmp_path)[0])

    assert "reached the venue before the run's start" in found.what
    assert found.first == BEGIN + MINUTE
    assert found.part.kind == "engine"


def test_a_definition_before_it_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    later = BEGIN + 10 * MINUTE

    def told_at_once(plan: Any) -> Iterator[tuple[int, Instrument]]:
        for definition in plan.instruments:
            yield plan.begin, definition
            yield plan.begin, msgspec.structs.replace(definition, valid_from=later)

    monkeypatch.setattr(assemble, "_definitions", told_at_once)

    found = next(f for f in wrong(audited(tmp_path)[0]) if f.column == "Instrument.valid_from")

    assert found.first == BEGIN
    assert found.horizon == 10.0


def test_a_doubt_told_before_its_rows_were_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Tape.issues
    monkeypatch.setattr(
        Tape, "issues", lambda self, start, stop: ((ts - MINUTE, b) for ts, b in original(self, start, stop))
    )

    (found,) = wrong(audited(tmp_path)[0])

    assert (found.part.kind, found.column) == ("feed", "DataIssue.ts_to")
    assert found.first == BEGIN + 4 * MINUTE


def test_bars_stamped_with_their_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Minutes, "early", MINUTE)

    text = BARS.replace('"1m", "5m"', '"1m"')

    found = next(f for f in wrong(audited(tmp_path, text)[0]) if f.column == "Bar.ts_close")

    assert (found.part.kind, found.part.name) == ("feed", "test.minutes")
    assert found.first == BEGIN
    assert found.horizon == 1.0
    assert "auditing_runs.py:" in found.where
    assert "not with its open" in found.remedy


def test_features_stamped_with_the_open_of_their_bar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rows, "early", MINUTE)

    (found,) = wrong(audited(tmp_path, WITH_ROWS)[0])

    assert (found.part.kind, found.part.name) == ("feed", "test.rows")
    assert found.column == "Features.values[0]"
    assert found.horizon == 1.0
    assert "holds what is known only at" in found.what
