"""One clock for everything a live run stamps: no two stamps are equal, and none is older than the one before."""

from __future__ import annotations

import threading
from collections.abc import Callable


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
