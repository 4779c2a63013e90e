"""How a live run is, for the terminal: a block that is refreshed in place there, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

from helios_engine.live.look import look
from helios_engine.live.look_text import lines_of
from helios_engine.terminal import write

if TYPE_CHECKING:
    from helios_engine.live.paper import Paper

EVERY = 10.0
"""Seconds between two reports where there is no terminal."""
_NO_WRAP, _WRAP, _TO_END, _BELOW = "\x1b[?7l", "\x1b[?7h", "\x1b[K", "\x1b[J"


class StatusBlock:
    """Told about once a second; says nothing but alarms if `quiet`.

    A block is written in one piece over the one before, line by line, so that nothing flickers; it is no wider and no
    higher than the terminal is at that moment. `done` takes it away. A stderr that is stopped, full or
    gone holds nobody up: what it does not take is not shown; alarms are in the log and in `ctl status` too.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet, self._is_terminal = quiet, sys.stderr.isatty()
        self._said: float | None = None
        self._height = 0
        # A recorder raises its alarms on a thread of its own; a signal's handler may come in the middle of a block.
        self._lock = threading.RLock()

    def __call__(self, run: Paper) -> None:
        """Show a run as it is now."""
        if self._quiet:
            return
        now = run.world.monotonic() / 1e9
        if not self._is_terminal and self._said is not None and now - self._said < EVERY:
            return
        self._said = now
        lines = lines_of(look(run))
        with self._lock:
            if self._is_terminal:
                self._write(*self._over(lines))
            else:
                self._write("".join(f"{line}\n" for line in [*lines, ""]))

    def alarm(self, text: str) -> None:
        """Something that somebody should look at: it stays, above the block."""
        with self._lock:
            self._write(f"{self._back()}{text}\n")

    def done(self) -> None:
        """Take the block away."""
        with self._lock:
            self._write(self._back())

    def _over(self, lines: list[str]) -> tuple[str, int]:
        width, height = _size()
        shown = [line[: max(1, width - 1)] for line in lines[: max(1, height - 1)]]
        up = f"\x1b[{self._height}A" if self._height else ""
        written = "".join(f"{line}{_TO_END}\n" for line in shown)
        return f"{_NO_WRAP}\r{up}{written}{_BELOW}{_WRAP}", len(shown)

    def _back(self) -> str:
        return f"\r\x1b[{self._height}A{_BELOW}" if self._height else ""

    def _write(self, text: str, height: int = 0) -> None:
        """Write what leaves a block of so many lines behind."""
        before, self._height = self._height, height
        raw = text.encode(errors="replace")
        taken = write(raw)
        if not taken:
            self._height = before  # the block before is still there
        elif taken < len(raw):
            self._height = 0  # nobody knows where it broke off: the next block goes below


def _size() -> tuple[int, int]:
    """Columns and rows of the terminal behind stderr now; 80 by 24 where it does not know them."""
    try:
        found = os.get_terminal_size(sys.stderr.fileno())
    except OSError:
        return 80, 24
    return found.columns or 80, found.lines or 24
