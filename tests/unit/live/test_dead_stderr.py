"""A stderr that nobody reads any more, or that takes nothing, ends neither a run nor a recording."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from helios_engine.errors import ConfigError, StorageError
from helios_engine.live.stopping import Stopping
from helios_engine.live.watchdog import Watchdog
from helios_engine.recorder import Limits, LogReader, Recorder
from helios_engine.recorder.checking import check
from tests.unit.live.acme import COIN, Server, quote
from tests.unit.live.process import Live, installed, is_holding

Ends = Callable[[], tuple[int, int]]
"""Makes something to write to: the end that is read, and the one that a process gets."""


def closed() -> tuple[int, int]:
    """A pipe whose reader is gone."""
    ours, theirs = os.pipe()
    os.close(ours)
    return os.open(os.devnull, os.O_RDONLY), theirs


def full() -> tuple[int, int]:
    """A pipe that nobody reads."""
    ours, theirs = os.pipe()
    _fill(theirs)
    return ours, theirs


def stopped() -> tuple[int, int]:
    """A terminal on which somebody has pressed Ctrl-S."""
    ours, theirs = pty.openpty()
    termios.tcflow(theirs, termios.TCOOFF)
    return ours, theirs


def hanging() -> tuple[int, int]:
    """A terminal that is not read any more and has little room left, as behind a connection that broke."""
    ours, theirs = pty.openpty()
    _fill(theirs)
    for _ in range(4):
        os.read(ours, 256)
    return ours, theirs


def _fill(handle: int) -> None:
    os.set_blocking(handle, False)
    with suppress(BlockingIOError):
        while True:
            os.write(handle, b".")
    os.set_blocking(handle, True)


@contextmanager
def opened(ends: Ends) -> Iterator[int]:
    ours, theirs = ends()
    try:
        yield theirs
    finally:
        os.close(theirs)
        os.close(ours)


SAYS = """
from helios_engine.cli.output import Progress
from helios_engine.live.status import StatusBlock
block = StatusBlock(quiet=False)
for number in range(50):
    block.alarm(f"{number} " + 2000 * "x")
block.done()
progress = Progress("checking")
progress._begin = progress._last = -10.0
progress(0.5, 100)
progress.done()
print("on", flush=True)
"""


@pytest.mark.parametrize("ends", [closed, full, stopped, hanging])
def test_nobody_waits_for_a_stderr_or_fails_because_of_it(ends: Ends) -> None:
    with opened(ends) as stderr:
        found = subprocess.run([sys.executable, "-c", SAYS], stdout=subprocess.PIPE, stderr=stderr, timeout=30)

    assert (found.returncode, found.stdout) == (0, b"on\n")


@pytest.mark.live
@pytest.mark.parametrize("ends", [closed, full])
def test_a_run_trades_on_and_ends_with_ctrl_c(tmp_path: Path, ends: Ends) -> None:
    async def steps(stderr: int) -> tuple[int, str]:
        async with Live(tmp_path, stderr=stderr) as live:
            await live.until(is_holding)
            async with asyncio.timeout(30):
                ended = await live.end()
            return ended.code, ended.out

    with opened(ends) as stderr:
        code, out = asyncio.run(steps(stderr))

    assert (code, "zero differences" in out) == (0, True)
    assert json.loads(next(tmp_path.glob("runs/*/run.json")).read_text())["status"] == "complete"


@pytest.mark.live
def test_a_recording_goes_on_to_its_end(tmp_path: Path) -> None:
    async def steps(stderr: int) -> int | None:
        async with Server() as server:
            server.say(COIN)
            words = ["data", "record", "log", "--from", "acme", "--instruments", COIN.instrument, "--kinds", "quotes"]
            words += ["--set", f"port={server.port}", "--catalog", "kept"]
            child = await asyncio.create_subprocess_exec(
                *Live.command(*words), cwd=tmp_path, env=installed(tmp_path), stdout=subprocess.DEVNULL, stderr=stderr,
            )  # fmt: skip
            try:
                async with asyncio.timeout(30):
                    # The first line of its status is due a second after its beginning.
                    for _ in range(2):
                        while child.returncode is None and not _frames(tmp_path / "log"):
                            server.say(quote(1000.0))
                            await asyncio.sleep(0.05)
                        await asyncio.sleep(1.5)
                    assert child.returncode is None
                    child.send_signal(signal.SIGINT)
                    return await child.wait()
            finally:
                with suppress(ProcessLookupError):
                    child.kill()

    with opened(closed) as stderr:
        assert asyncio.run(steps(stderr)) == 0
    assert [(one.sealed, one.wrong) for one in check(tmp_path / "log")] == [("closed", "")]
    assert list((tmp_path / "kept").rglob("*.parquet"))


def _frames(log: Path) -> int:
    return len(list(LogReader(log).frames())) if log.exists() else 0


@contextmanager
def nobody() -> Iterator[Callable[[str], None]]:
    """Tells a pipe whose reader is gone, and fails."""
    with opened(closed) as handle:
        yield lambda text: [os.write(handle, text.encode())].clear()


def test_a_warning_that_nobody_takes_ends_no_recording(tmp_path: Path) -> None:
    limits = Limits(warn_free=1 << 60, stop_free=0)
    with nobody() as alarm, Recorder(tmp_path, limits, alarm=alarm) as recorder:
        recorder.record(b"x", "c")

    assert [(one.frames, one.sealed) for one in check(tmp_path)] == [(1, "closed")]


def test_a_recording_that_fails_is_sealed_whoever_hears_of_it(tmp_path: Path) -> None:
    fails = [False, True]  # the first sync of what is recorded goes well, the second does not, sealing does again

    def sync(handle: int) -> None:
        if armed and fails and fails.pop(0):
            raise OSError(errno.EIO, "Input/output error")
        os.fdatasync(handle)

    armed: list[bool] = []
    with nobody() as alarm:
        recorder = Recorder(tmp_path, Limits(warn_free=0, stop_free=0), alarm=alarm, sync=sync)
        armed.append(True)
        for raw in (b"kept", b"doubtful"):
            recorder.record(raw, "c")
            with suppress(StorageError):
                recorder.flush()
        with pytest.raises(StorageError, match="Input/output error"):
            recorder.close()

    assert [one.sealed for one in check(tmp_path)] == ["stopped"]


def test_a_signal_stops_the_run_before_anybody_is_told() -> None:
    asked: list[str] = []
    with nobody() as say, Stopping(lambda: asked.append("stop"), say), pytest.raises(BrokenPipeError):
        signal.raise_signal(signal.SIGTERM)

    assert asked == ["stop"]


def test_a_watchdog_looks_on_after_an_alarm_that_nobody_takes() -> None:
    with nobody() as alarm, Watchdog(alarm) as watchdog:
        watchdog.begin("test.stage", 0.0)
        time.sleep(1.3)
        assert watchdog._thread.is_alive()


RESULTS = """
import sys, click
from helios_engine.cli.output import maybe_unread
with maybe_unread():
    click.echo("results")
sys.exit(1)
"""


def test_the_exit_code_says_how_it_went_although_nobody_reads_the_results() -> None:
    with opened(closed) as stdout:
        found = subprocess.run([sys.executable, "-c", RESULTS], stdout=stdout, stderr=subprocess.PIPE, timeout=30)

    assert (found.returncode, found.stderr) == (1, b"")


def test_the_exit_code_says_what_failed_all_the_same() -> None:
    with opened(closed) as stderr:
        found = subprocess.run(Live.command("live", "none.toml"), stdout=subprocess.PIPE, stderr=stderr, timeout=30)

    assert found.returncode == ConfigError.exit_code
