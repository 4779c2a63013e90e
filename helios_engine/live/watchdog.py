"""A thread that looks at how long stages take, interrupts one that takes too long, and says which one hangs."""

from __future__ import annotations

import faulthandler
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, TextIO

from helios_engine.containment import Overdue, Spell
from helios_engine.logs import component
from helios_engine.node import Node

EVERY = 0.02
"""Seconds between two looks."""
AGAIN = 0.2
"""Seconds between two interruptions of a stage that goes on after the first."""
HOPELESS = 1.0
"""Seconds after the first interruption at which somebody is told that it does not help, and again every ten."""
SILENT = 10.0
"""Seconds after which Python says where every thread is, if not even this one could run."""
_SIGNAL = getattr(signal, "SIGURG", None)
# SIGURG does nothing to a process by default, so that one that comes too late does no harm, and nobody else uses it.
_INSIDE = Node.deliver.__code__


class Watchdog:
    """The Watch of a live run; a context manager, to be entered where the stages run.

    In the main thread a stage is interrupted: sleep, and whatever is written in Python. Code in C that does not come
    back cannot be, nor can a stage in another thread: then `alarm` is told who hangs. Code in C that lets no other
    thread run silences even that; after ten seconds Python itself writes to `trace` where every thread is.
    """

    def __init__(self, alarm: Callable[[str], None] = lambda text: None, trace: TextIO | None = None) -> None:
        self._alarm, self._trace = alarm, trace
        self._stage = ""
        self._begun = self._limit = self._deadline = 0.0
        self._interrupted = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watchdog", daemon=True)
        self._watched: int | None = None
        self._before: Any = None

    def __enter__(self) -> Watchdog:
        if _SIGNAL is not None and threading.current_thread() is threading.main_thread():
            self._before = signal.signal(_SIGNAL, self._interrupt)
            self._watched = threading.get_ident()
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()
        if self._trace is not None:
            faulthandler.cancel_dump_traceback_later()
        if self._watched is not None and _SIGNAL is not None:
            signal.signal(_SIGNAL, self._before)

    def begin(self, stage: str, seconds: float) -> None:
        """A stage gets an event, and is to be interrupted after so many seconds."""
        self._interrupted = False
        self._begun = time.monotonic()
        self._limit = self._deadline = self._begun + seconds
        self._stage = stage

    def end(self) -> Spell:
        """The stage is done: how long it took."""
        self._stage = ""
        now = time.monotonic()
        return Spell(now - self._begun, now, self._interrupted)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        """Raise inside the stage, if it is still at it: what is not under `Node.deliver` is not a stage's code."""
        now = time.monotonic()
        if not self._stage or now < self._deadline or not _is_inside(frame):
            return
        self._deadline = now + AGAIN
        self._interrupted = True
        raise Overdue(self._stage)

    def _look(self) -> None:
        told = armed = 0.0
        while not self._over.wait(EVERY):
            stage, begun, now = self._stage, self._begun, time.monotonic()
            if self._trace is not None and now - armed > 1:
                armed = now
                faulthandler.dump_traceback_later(SILENT, file=self._trace)
            if not stage or now < self._deadline:
                continue
            if self._watched is not None and _SIGNAL is not None:
                signal.pthread_kill(self._watched, _SIGNAL)
            if now - self._limit > HOPELESS and now - told > 10:
                told = now
                self._tell(stage, now - begun)

    def _tell(self, stage: str, seconds: float) -> None:
        text = (
            f"stage {stage} has had one event for {seconds:.0f} s and cannot be interrupted; nothing is decided until "
            "it returns: kill -QUIT ends the process, and the journal keeps what came before"
        )
        component("live").error("stage hangs", extra={"stage": stage, "seconds": round(seconds)})
        try:
            self._alarm(text)
        except Exception:  # whoever is told fails, and stages are looked after all the same
            component("live").exception("an alarm was not taken")


def _is_inside(frame: FrameType | None) -> bool:
    # A weakref's callback cannot raise; it would only be said on stderr. The next look finds the stage itself.
    if frame is not None and frame.f_code.co_name == "forget":
        return False
    while frame is not None:
        if frame.f_code is _INSIDE:
            return True
        frame = frame.f_back
    return False
