"""Virtual time: it jumps, it waits for what is real, and the same seed says the same bytes at the same times."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time

import pytest

from helios_engine.errors import ConfigError, HeliosError
from helios_engine.simulation import loop, now_ns, run
from tests.unit.simulation.conversation import START, conversation, digest


def test_a_day_is_slept_through_to_the_nanosecond() -> None:
    async def work() -> list[int]:
        found = []
        for pause in (86_400, 1e-9, 0.1, 0.0):
            await asyncio.sleep(pause)
            found.append(now_ns() - START)
        return found

    assert run(work(), START) == [86_400_000_000_000, 86_400_000_000_001, 86_400_100_000_001, 86_400_100_000_001]


def test_timers_fire_in_order_and_time_stands_still_while_code_runs() -> None:
    async def work() -> list[tuple[float, str]]:
        found: list[tuple[float, str]] = []

        async def one(name: str, pause: float) -> None:
            await asyncio.sleep(pause)
            time.sleep(0.002)
            found.append((asyncio.get_running_loop().time(), name))

        await asyncio.gather(one("c", 3), one("a", 1), one("b", 2), one("a2", 1))
        return found

    assert run(work(), START) == [(1.0, "a"), (1.0, "a2"), (2.0, "b"), (3.0, "c")]


def test_a_real_hour_of_talk_is_the_same_in_two_processes_with_other_hash_seeds() -> None:
    def said(hash_seed: str) -> str:
        code = [sys.executable, "-m", "tests.unit.simulation.conversation", "7"]
        done = subprocess.run(code, env=os.environ | {"PYTHONHASHSEED": hash_seed}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    first, second = said("1"), said("2")

    assert first == second
    assert int(first.split()[0]) > 3_500


def test_another_seed_is_another_talk() -> None:
    assert digest(run(conversation(1, 60.0), START)) != digest(run(conversation(2, 60.0), START))


def test_what_an_executor_does_takes_no_virtual_time() -> None:
    async def work() -> tuple[str, int]:
        timer = asyncio.create_task(asyncio.sleep(3600))
        found = await asyncio.to_thread(lambda: (time.sleep(0.05), "done")[1])
        spent = now_ns() - START
        timer.cancel()
        return found, spent

    assert run(work(), START) == ("done", 0)


def test_a_thread_that_calls_in_is_heard() -> None:
    async def work() -> int:
        called, here = asyncio.Event(), asyncio.get_running_loop()
        threading.Timer(0.05, here.call_soon_threadsafe, [called.set]).start()
        await called.wait()
        return now_ns()

    assert run(work(), START) == START


def test_waiting_for_what_never_comes_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "STUCK", 0.05)

    with pytest.raises(HeliosError, match=rf"virtual time stands at {START + 10**9}: no timer"):
        run(_forever(), START)


async def _forever() -> None:
    await asyncio.sleep(1)
    await asyncio.Event().wait()


def test_there_is_no_virtual_time_outside_of_it() -> None:
    async def ask() -> int:
        return now_ns()

    with pytest.raises(ConfigError, match="virtual loop"):
        asyncio.run(ask())
    with pytest.raises(ConfigError, match="virtual loop"):
        now_ns()
    with pytest.raises(ConfigError, match="above 0"):
        run(ask(), 0)
