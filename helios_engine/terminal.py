"""Stderr of a process that must go on: nobody waits for it, and nobody fails because its reader is gone."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import UnsupportedOperation


def say(text: str) -> None:
    """Write a text to stderr as far as it is taken at once.

    A pipe whose reader is gone, a full one, and a terminal that was stopped with Ctrl-S or hangs take nothing: the text
    is lost. What must not be lost stands in a log, a journal or a summary too.
    """
    write(text.encode(errors="replace"))


def write(raw: bytes) -> int:
    """Write bytes to stderr as far as they are taken at once; how many were. Never blocks, raises no OSError.

    Not through the buffer of sys.stderr, which keeps what failed, and does not let a signal's handler in.
    """
    taken = 0
    try:
        with _opened(sys.stderr.fileno()) as handle:
            ready = select.poll()
            ready.register(handle, select.POLLOUT)
            while taken < len(raw) and ready.poll(0):
                # A pipe that is ready takes so many bytes without waiting, and is not sure to take more.
                taken += os.write(handle, raw[taken : taken + select.PIPE_BUF])
    except UnsupportedOperation:  # no file at all but something in this process, which makes nobody wait
        sys.stderr.write(raw.decode())
        return len(raw)
    except OSError:  # nobody reads it any more: there is nowhere left to say so
        pass
    return taken


@contextmanager
def _opened(handle: int) -> Iterator[int]:
    """A terminal is opened once more, as not to wait for it must not become the setting of others who use it."""
    own = None
    if os.isatty(handle):
        with suppress(OSError):  # it is somebody else's, as under sudo: then what it takes at once has to do
            own = os.open(os.ttyname(handle), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        yield handle if own is None else own
    finally:
        if own is not None:
            os.close(own)
