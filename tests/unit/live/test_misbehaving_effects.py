"""An effect of a live run that misbehaves: named, no new risk, and the loop, the stages and the end wait for nobody."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from helios_engine.bodies import Prediction, PredictRequest
from helios_engine.effects import RunningEffect
from helios_engine.events import Body
from helios_engine.live import snapshot
from helios_engine.live.effects import Beside
from helios_engine.live.snapshots import FOLDER
from tests.unit.live.misbehaviour import BOUNDS, config, differences, journal, traded


def asks(how: str) -> str:
    return (
        f'[[stage]]\nuse = "zoo.asks"\n[[effect]]\nuse = "zoo.oracle"\nname = "oracle"\nhow = "{how}"\ndelay = "10ms"\n'
    )


@pytest.mark.parametrize(
    ("how", "what"),
    [
        ("raise", "ConnectionError: no route to the oracle"),
        ("exit", "SystemExit: 4"),
        ("hang", "no reply after 0.4 s"),
        ("late", "no reply after 0.4 s"),
        ("text", "it replied with a str, which is no Body"),
    ],
)
def test_it_is_named_and_no_new_risk_is_taken(how: str, what: str, tmp_path: Path) -> None:
    bounds = BOUNDS + 'effect_patience = "400ms"\n'
    run, result = asyncio.run(traded(config(tmp_path, asks(how), bounds), tmp_path / "runs", 1.4))

    assert run.session.failures == [f"effect oracle: {what}"]
    assert f"effect oracle: {what}" in result.summary.warnings
    assert result.summary.status == "complete"
    assert result.summary.counts.rejects["gate: pause"] > 0
    replies = [i for i in journal(result.folder).inputs() if i.source == "oracle"]
    assert len(replies) == 3
    assert differences(result.folder) == []


def test_a_reply_that_came_after_all_is_dropped_and_counted(tmp_path: Path) -> None:
    bounds = BOUNDS + 'effect_patience = "400ms"\n'
    _, result = asyncio.run(traded(config(tmp_path, asks("late"), bounds), tmp_path / "runs", 1.4))

    assert any("replies came too late and were dropped" in text for text in result.summary.warnings)


def test_requests_behind_one_that_hangs_are_bounded(tmp_path: Path) -> None:
    bounds = BOUNDS + "effect_requests = 5\n"
    run, result = asyncio.run(traded(config(tmp_path, asks("hang"), bounds), tmp_path / "runs", 1.4))

    assert run.session.failures == ["effect oracle: more than 5 requests are waiting; the rest is not asked"]
    assert differences(result.folder) == []


class Held:
    """Replies once it may."""

    handles = PredictRequest

    def __init__(self) -> None:
        self.may = threading.Event()
        self.asked: list[str] = []

    def answer(self, body: PredictRequest) -> Prediction:
        self.asked.append(body.id)
        self.may.wait(10)
        return Prediction(body.id, "oracle", "X", 0.5)


def request(number: int) -> PredictRequest:
    return PredictRequest(str(number), "oracle", "X", "none/1", b"", b"")


def running(effect: Any) -> RunningEffect:
    return RunningEffect("oracle", effect, lambda: effect, (PredictRequest,), 0)


def test_a_request_that_was_given_up_in_the_queue_is_never_asked() -> None:
    async def scene() -> tuple[list[str], list[str], list[Body]]:
        effect, failed, replied = Held(), list[str](), list[Body]()
        beside = Beside(
            asyncio.get_running_loop(), lambda due, name, body: replied.append(body), lambda n, p: failed.append(p), 0.1
        )
        beside.ask(1, running(effect), request(1))
        beside.ask(1, running(effect), request(2))
        while len(failed) < 2:
            await asyncio.sleep(0.01)
        effect.may.set()
        beside.ask(1, running(effect), request(3))
        while not replied:
            await asyncio.sleep(0.01)
        beside.close()
        return effect.asked, failed, replied

    asked, failed, replied = asyncio.run(scene())
    assert asked == ["1", "3"]
    assert failed == ["no reply after 0.1 s"] * 2
    assert replied == [Prediction("3", "oracle", "X", 0.5)]


def test_after_the_end_nobody_is_told_anything() -> None:
    async def scene() -> list[str]:
        effect, failed = Held(), list[str]()
        loop = asyncio.get_running_loop()
        beside = Beside(loop, lambda due, name, body: None, lambda n, p: failed.append(p), 0.05)
        beside.ask(1, running(effect), request(1))
        beside.close()
        await asyncio.sleep(0.1)
        effect.may.set()
        await asyncio.sleep(0.05)
        return failed

    assert asyncio.run(scene()) == []


HANGS = """
import asyncio, sys
from pathlib import Path
from tests.unit.live.misbehaviour import config, traded
from tests.unit.live.test_misbehaving_effects import asks
run, result = asyncio.run(traded(config(Path(sys.argv[1]), asks("hang")), Path(sys.argv[1]) / "runs", failures=0))
print(result.summary.status)
"""


def test_one_that_hangs_does_not_keep_the_process_from_ending(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HANGS, str(tmp_path)], capture_output=True, text=True, timeout=60, env=dict(os.environ)
    )
    assert (done.stdout, done.returncode) == ("complete\n", 0), done.stderr


def learner(takes: float) -> str:
    return (
        '[[stage]]\nuse = "zoo.asks"\nname = "asks"\n'
        f'[[effect]]\nuse = "zoo.learner"\nname = "learner"\ntakes = {takes}\ndelay = "10ms"\n'
    )


def test_a_snapshot_has_all_that_an_effect_was_asked_before_it(tmp_path: Path) -> None:
    """The one that asks and the one that learns are saved at one moment, not while a thread is in between."""
    run, _ = asyncio.run(traded(config(tmp_path, learner(0.01)), tmp_path / "runs", 2.0, 0, snapshot=0.02))

    assert run.snapshots is not None
    assert run.place is not None
    found = [snapshot.read(path) for path in sorted((run.place / FOLDER).glob("*.hls"))]
    assert found
    assert int(max((run.place / FOLDER).glob("*.hls")).stem) > 3
    for saved in found:
        asked = {name: raw for name, _, _, raw in saved["state"]["stages"]}["asks"]
        ((_, learned),) = saved["state"]["effects"]
        assert msgspec.msgpack.decode(learned)["count"] == msgspec.msgpack.decode(asked)["count"] > 0


def test_an_effect_that_never_comes_to_rest_is_told_to_stand_in_the_way_of_snapshots(tmp_path: Path) -> None:
    bounds = BOUNDS + 'effect_patience = "200ms"\n'
    run, _ = asyncio.run(traded(config(tmp_path, learner(3.0), bounds), tmp_path / "runs", 2.5, snapshot=0.3))

    assert any("effect learner does not come to rest" in text for text in run.session.warnings)
