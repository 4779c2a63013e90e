"""The status of a live run on a terminal and elsewhere, and that both say what `ctl status` says."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from helios_engine.live.look_parts import Look
from helios_engine.live.look_text import lines_of, span
from tests.unit.live.acme import COIN, Server, quote, trade
from tests.unit.live.process import Live, installed, is_holding
from tests.unit.live.screen import Screen

COLUMNS, ROWS = 62, 9


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "never"), (0.04, "0.0 s"), (59.4, "59 s"), (60, "1m 00s"), (3599, "59m 59s"), (7260, "2h 01m")],
)
def test_a_length_of_time_in_words(seconds: float | None, text: str) -> None:
    assert span(seconds) == text


@pytest.mark.live
def test_ctl_and_the_lines_elsewhere_have_the_same_words(tmp_path: Path) -> None:
    async def steps() -> tuple[str, str, str]:
        async with Live(tmp_path, "--no-check") as live:
            look = await live.until(is_holding)
            status = await live.ctl("last", "status")
            ended = await live.end()
            return "\n".join(lines_of(msgspec.convert(look, Look))), status.out, ended.err

    look, status, plain = asyncio.run(steps())

    def labels(text: str) -> set[str]:
        return set(re.findall(r"^(\w+) ", text, re.MULTILINE))

    assert labels(look) == labels(status) >= {"run", "link", "data", "equity", "held", "order", "gate", "health"}
    assert labels(plain.partition("\n\n")[0]) == {"run", "link", "data", "gate", "health", "counts", "disk"}
    assert "\x1b" not in plain


@pytest.mark.live
def test_on_a_terminal_the_block_stays_in_its_place_within_the_width_and_goes_at_the_end(tmp_path: Path) -> None:
    screens = asyncio.run(_on_a_terminal(tmp_path))

    during, after = screens
    assert any(line.startswith("run ") and "trading for" in line for line in during.rows)
    assert len([line for line in during.rows if line]) <= ROWS - 1
    assert max(map(len, during.rows)) < COLUMNS
    assert "ending: once more" in after.rows[0]
    assert not any("trading for" in line for line in after.rows)
    assert any("complete" in line for line in after.rows)
    assert after.wraps


async def _on_a_terminal(folder: Path) -> tuple[Screen, Screen]:
    """A whole run on a terminal of its own: the screen while it trades, and when it has ended."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    during, after = Screen(COLUMNS), Screen(COLUMNS)
    live = Live(folder)
    async with Server() as server:
        server.say(COIN)
        command = live.command("live", "--paper", "held.toml", "--set", f"port={server.port}", "--no-check")
        child = subprocess.Popen(command, cwd=folder, env=installed(folder), stdout=theirs, stderr=theirs)
        os.close(theirs)
        os.set_blocking(ours, False)
        try:
            number, blocks = 0, 0
            while child.poll() is None:
                server.say(quote(1000.0), trade(number, 1000.0))
                number += 1
                await asyncio.sleep(0.02)
                text = _read(ours)
                after.write(text)
                if blocks < 2:
                    during.write(text)
                    blocks += text.count("trading for")
                    if blocks >= 2:
                        child.send_signal(signal.SIGINT)
            after.write(_read(ours))
        finally:
            child.kill()
            child.wait()
            os.close(ours)
    return during, after


def _read(handle: int) -> str:
    found = b""
    with suppress(OSError):  # nothing there yet, or nobody at the other end
        while part := os.read(handle, 1 << 16):
            found += part
    return found.decode()
