"""The watchdog raises inside a stage and nowhere else; memory that grows or is too much is told."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from helios_engine.bodies import Bar, Signal
from helios_engine.containment import Overdue
from helios_engine.events import Event
from helios_engine.live.memory import MINUTE, Memory, resident
from helios_engine.live.watchdog import Watchdog
from helios_engine.node import Node
from helios_engine.provenance import new_run
from tests.stages import bar, event, node


class Sleeps:
    """Sleeps on, and counts how often somebody tried to wake it."""

    consumes = Bar

    def __init__(self) -> None:
        self.woken = 0

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        end = time.monotonic() + 1.7
        while (left := end - time.monotonic()) > 0:
            try:
                time.sleep(left)
            except BaseException:
                self.woken += 1
        yield Signal("X", 0.5)


class SleepsOnce(Sleeps):
    """Sleeps, and lets itself be woken."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        time.sleep(30)
        yield Signal("X", 0.5)


def watched(found: Node, watchdog: Watchdog) -> Any:
    watchdog.begin(found.name, 0.1)
    try:
        return found.deliver(event(bar(8.0)), new_run())
    finally:
        watchdog.spell = watchdog.end()  # type: ignore[attr-defined]


def test_a_stage_that_sleeps_is_interrupted() -> None:
    with Watchdog() as watchdog, pytest.raises(Overdue):
        watched(node(SleepsOnce), watchdog)
    assert watchdog.spell.is_interrupted  # type: ignore[attr-defined]


def test_what_is_no_stage_is_never_interrupted() -> None:
    with Watchdog() as watchdog:
        watchdog.begin("test.stage", 0.02)
        time.sleep(0.3)
        assert not watchdog.end().is_interrupted


def test_one_that_goes_on_is_interrupted_again_and_named() -> None:
    alarms: list[str] = []
    found = node(Sleeps)
    with Watchdog(alarms.append) as watchdog:
        assert watched(found, watchdog) == [Signal("X", 0.5)]
    assert watchdog.spell.is_interrupted  # type: ignore[attr-defined]
    assert found.stage.woken > 2
    (alarm,) = alarms
    assert "stage test.stage has had one event for" in alarm


def test_in_another_thread_nothing_is_interrupted_but_it_is_named() -> None:
    alarms: list[str] = []
    found = node(Sleeps)

    def work() -> None:
        with Watchdog(alarms.append) as watchdog:
            watched(found, watchdog)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert (found.stage.woken, len(alarms)) == (0, 1)


def test_the_signal_is_as_it_was_afterwards() -> None:
    before = signal.getsignal(signal.SIGURG)
    with Watchdog():
        assert signal.getsignal(signal.SIGURG) is not before
    assert signal.getsignal(signal.SIGURG) is before


def told(limit: int | None, *held: float) -> tuple[list[str], list[str]]:
    """What is told of a process that holds so much from minute to minute."""
    over, grows, values = list[str](), list[str](), iter(held)
    memory = Memory(limit, over.append, grows.append, lambda: next(values))
    for minute in range(len(held)):
        memory.look((minute + 1) * MINUTE)
    return over, grows


def test_too_much_memory_is_told_once() -> None:
    assert told(500, 400.0, 501.0, 600.0)[0] == ["the process holds 501 MiB, more than max_memory 500"]
    assert told(None, 400.0, 501.0, 600.0)[0] == []


def test_memory_that_grows_in_every_minute_is_told_and_other_memory_is_not() -> None:
    grows = told(None, *(100.0 + 10 * minute for minute in range(30)))[1]
    assert len(grows) == 1
    assert "from 100 to 200 MiB" in grows[0]
    assert told(None, *(100.0 + minute for minute in range(30)))[1] == []
    assert told(None, *(100.0 + 50 * (minute % 9) for minute in range(60)))[1] == []


def test_this_process_holds_something() -> None:
    kept = bytearray(b"x") * (64 << 20)
    with_it = resident()
    del kept
    assert with_it > 64
