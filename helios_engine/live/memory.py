"""How much memory the process holds, whether it is too much, and whether it only ever grows."""

from __future__ import annotations

import resource
from collections import deque
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

MINUTE = 60_000_000_000
MINUTES = 10
GROWN = 64.0
"""MiB and more in ten minutes, with no minute in which it did not grow, are a leak until somebody knows better."""


def resident() -> float:
    """MiB of this process that lie in memory now; the most there ever were where the system tells no more."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # bytes on macOS


class Memory:
    """`limit` is MiB; `over` is told once when it is passed, `grows` of a slope, once an hour at most."""

    def __init__(
        self,
        limit: int | None,
        over: Callable[[str], None],
        grows: Callable[[str], None],
        measure: Callable[[], float] = resident,
    ) -> None:
        self._limit, self._over, self._grows, self._measure = limit, over, grows, measure
        self._minutes: deque[float] = deque(maxlen=MINUTES + 1)
        self._sampled = self._warned = 0
        self._is_over = False

    def look(self, now: int) -> None:
        """Measure at `now` (ns, monotonic); called about once a second."""
        held = self._measure()
        if self._limit is not None and held > self._limit and not self._is_over:
            self._is_over = True
            self._over(f"the process holds {held:,.0f} MiB, more than max_memory {self._limit:,}")
        if not self._sampled or now - self._sampled >= MINUTE:
            self._sampled = now
            self._minutes.append(held)
            self._slope(now)

    def _slope(self, now: int) -> None:
        found = list(self._minutes)
        if len(found) <= MINUTES or (self._warned and now - self._warned < 60 * MINUTE):
            return
        if found[-1] - found[0] >= GROWN and all(a < b for a, b in pairwise(found)):
            self._warned = now
            self._grows(
                f"memory grew in each of the last {MINUTES} minutes, from {found[0]:,.0f} to {found[-1]:,.0f} MiB: a "
                "stage or effect may keep what it should forget"
            )
