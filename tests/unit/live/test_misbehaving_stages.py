"""A stage of a live run that misbehaves: out, named, no new risk, and the run replays and reconciles."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from helios_engine.live.look import look
from helios_engine.live.look_text import lines_of
from helios_engine.live.paper import Paper
from tests.unit.live.misbehaviour import config, differences, journal, quarantines, traded, wild

KINDS = {
    "raise": "raised",
    "partly": "raised",
    "exit": "raised",
    "interrupt": "raised",
    "cancel": "raised",
    "recurse": "raised",
    "no_memory": "memory",
    "change": "raised",
    "sleep": "interrupted",
    "spin": "interrupted",
    "swallow": "interrupted",
    "slow": "slow",
    "flood": "flooded",
    "burst": "flooded",
}


@pytest.mark.parametrize("how", KINDS)
def test_it_is_put_out_and_the_run_goes_on_and_replays(how: str, tmp_path: Path) -> None:
    alarms: list[str] = []
    run, result = asyncio.run(traded(config(tmp_path, wild(how)), tmp_path / "runs", alarm=alarms.append))

    (found,) = quarantines(result.folder)
    assert (found.stage, found.kind) == ("zoo.wild", KINDS[how])
    assert found.delivery >= 20
    assert run.session.failures == alarms
    assert "zoo.wild" in alarms[0] and "Trade trades#" in alarms[0]
    assert alarms[0] in result.summary.warnings
    assert result.summary.status == "complete"
    counts = result.summary.counts
    assert counts.outputs["zoo.wild"] == found.delivery  # one of each earlier trade, and none of the last
    assert counts.outputs["zoo.witness"] > found.delivery + 5
    assert counts.rejects["gate: pause"] > 0
    assert differences(result.folder) == []


def test_the_status_says_which_stage_is_out(tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def told(run: Paper) -> None:
        seen.append(lines_of(look(run)))

    asyncio.run(traded(config(tmp_path, wild("raise")), tmp_path / "runs", tell=told))

    assert not any(line.startswith("OUT") for line in seen[0])
    assert "OUT      zoo.wild, raised; it gets no more events in this run" in seen[-1]


def test_quick_turns_without_end_are_a_flood(tmp_path: Path) -> None:
    stubborn = '[[stage]]\nuse = "zoo.stubborn"\n'
    _, result = asyncio.run(traded(config(tmp_path, stubborn), tmp_path / "runs"))

    (found,) = quarantines(result.folder)
    assert (found.stage, found.kind) == ("zoo.stubborn", "flooded")
    assert differences(result.folder) == []


def test_resume_lets_orders_pass_again_and_the_stage_stays_out(tmp_path: Path) -> None:
    orders: list[int] = []

    def resume(run: Paper, passed: float) -> None:
        if run.session.failures and passed > 1.5 and not orders:
            assert run.session.engine is not None
            orders.append(run.session.engine.port.orders)
            run.session.control("resume", "all")

    _, result = asyncio.run(traded(config(tmp_path, wild("raise")), tmp_path / "runs", 2.6, then=resume))

    (found,) = quarantines(result.folder)
    assert result.summary.counts.orders > orders[0]
    assert result.summary.counts.outputs["zoo.wild"] == found.delivery
    assert differences(result.folder) == []


def test_two_stages_that_hang_are_both_put_out(tmp_path: Path) -> None:
    second = wild("spin", after=26).replace('use = "zoo.wild"', 'use = "zoo.wild"\nname = "second"')
    _, result = asyncio.run(traded(config(tmp_path, wild("sleep") + second), tmp_path / "runs", failures=2))

    assert {found.stage for found in quarantines(result.folder)} == {"zoo.wild", "second"}
    assert differences(result.folder) == []


def test_what_hangs_in_c_is_named_by_the_next_event_at_the_latest(tmp_path: Path) -> None:
    _, result = asyncio.run(traded(config(tmp_path, wild("deaf")), tmp_path / "runs"))

    (found,) = quarantines(result.folder)
    assert found.kind in ("interrupted", "slow")
    assert differences(result.folder) == []


def test_a_run_without_misbehaviour_puts_nobody_out(tmp_path: Path) -> None:
    run, result = asyncio.run(traded(config(tmp_path, wild(""), bounds=""), tmp_path / "runs", failures=0))

    assert (quarantines(result.folder), run.session.failures) == ([], [])
    assert "gate: pause" not in result.summary.counts.rejects
    assert [i.body for i in journal(result.folder).inputs() if i.source == "control"][-1].name == "stop"  # type: ignore[attr-defined]
