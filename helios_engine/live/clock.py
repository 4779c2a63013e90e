"""One clock for everything a live run stamps: no two stamps are equal, and none is older than the one before."""

from __future__ import annotations

import threading
from collections.abc import Callable

STEP = 1.0
"""Seconds by which the clock may be behind a run's own before that is a fault."""


class Rising:
    """`now` (ns UTC), but strictly rising: where the clock steps back or stands, each stamp is 1 ns after the last."""

    def __init__(self, now: Callable[[], int], after: int = 0) -> None:
        self._now = now
        self.last = after
        self._lock = threading.Lock()  # a recorder stamps its segments on a thread of its own

    def __call__(self) -> int:
        """The next stamp."""
        with self._lock:
            self.last = max(self.last + 1, self._now())
            return self.last


class Behind:
    """Says when the clock has stepped back: until it has caught up, time stands still for a run."""

    def __init__(self, clock: Rising, now: Callable[[], int], failed: Callable[[str], None]) -> None:
        self._clock, self._now, self._failed = clock, now, failed
        self._is_told = False

    def look(self) -> None:
        """Tell `failed` once for each step."""
        behind = (self._clock.last - self._now()) / 1e9
        if behind > STEP and not self._is_told:
            self._failed(f"the clock stepped back by {behind:.1f} s")
        self._is_told = behind > STEP
