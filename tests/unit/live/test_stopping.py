"""Ctrl-C: once is a clean end, twice one without the final check, three times death; SIGTERM is the same."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import pytest

from helios_engine.live.stopping import Stopping
from tests.unit.live.process import Ended, Live, is_holding


def test_the_first_signal_stops_the_run_the_second_the_check() -> None:
    said: list[str] = []
    stopped: list[str] = []
    with Stopping(lambda: stopped.append("run"), said.append) as stopping:
        signal.raise_signal(signal.SIGTERM)
        assert (stopped, stopping.is_skipping) == (["run"], False)
        signal.raise_signal(signal.SIGINT)
        assert (stopped, stopping.is_skipping) == (["run"], True)

    assert said == ["ending: once more to leave out the final check", "the final check is left out; once more to kill"]


def test_in_the_check_a_signal_ends_the_check() -> None:
    stopped: list[str] = []
    with Stopping(lambda: stopped.append("run"), lambda text: None) as stopping:
        stopping.over()
        stopping.is_checking = True
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)

    assert (stopped, stopping.is_skipping) == ([], True)


def test_afterwards_signals_are_whose_they_were_before() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Stopping(lambda: None, lambda text: None):
        assert signal.getsignal(signal.SIGINT) != before[0]

    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


async def ended(folder: Path, *numbers: signal.Signals) -> Ended:
    """A run that does not end before it has said what each of these signals means; a third one is the last it hears."""
    late = folder / "now"
    async with Live(folder, "--set", f"until={late}", connection="lingering") as live:
        await live.until(is_holding)
        assert live.process.stderr is not None
        heard = b""
        for number, meaning in zip(numbers, (b"ending:", b"check is left out", b"killed"), strict=False):
            live.process.send_signal(number)
            async with asyncio.timeout(30):
                while meaning not in heard:
                    heard += await live.process.stderr.readline()
        if len(numbers) < 3:
            late.touch()
        found = await live.ended()
        return Ended(found.code, found.out, heard.decode() + found.err)


@pytest.mark.live
def test_sigterm_ends_a_run_as_ctrl_c_does(tmp_path: Path) -> None:
    found = asyncio.run(ended(tmp_path, signal.SIGTERM))

    assert (found.code, "zero differences" in found.out) == (0, True), found.err


@pytest.mark.live
def test_a_second_ctrl_c_leaves_the_check_out_and_says_so(tmp_path: Path) -> None:
    found = asyncio.run(ended(tmp_path, signal.SIGINT, signal.SIGINT))

    assert (found.code, "checked      left out; helios-engine replay" in found.out) == (0, True), found.err
    summary = json.loads(next(tmp_path.glob("runs/*/run.json")).read_text())
    assert summary["status"] == "complete"


@pytest.mark.live
def test_a_third_ctrl_c_kills(tmp_path: Path) -> None:
    found = asyncio.run(ended(tmp_path, signal.SIGINT, signal.SIGINT, signal.SIGINT))

    assert found.code == -signal.SIGINT, found.err
    assert list(tmp_path.glob("runs/*/journal.hlj"))
