"""How many requests an address may make: counters that begin anew with each minute, or second, of the clock."""

from __future__ import annotations

from collections import Counter

PUBLIC, ALL, QUICK, SOCKETS, KEY = 30, 1200, 20, 60, 2000
"""Public requests and all requests in a minute, time, status and buckets in a second, sockets and a key's requests
in a minute."""


class Limits:
    """`allows` counts one more of a request; windows are those of VALR's documentation."""

    def __init__(self) -> None:
        self._window = -1
        self._counts: Counter[tuple[str, int]] = Counter()

    def allows(self, path: str, now: int, has_key: bool = False) -> bool:
        """Whether the request at `now` (ns UTC) is within its limits."""
        second = now // 1_000_000_000
        minute = second // 60
        if minute != self._window:
            self._window = minute
            self._counts.clear()
        if path.startswith("/ws/"):
            return self._counted("sockets", minute) <= SOCKETS
        within = self._counted("all", minute) <= ALL
        if not path.startswith("/v1/public/"):
            return (not has_key or self._counted("key", minute) <= KEY) and within
        if path in ("/v1/public/time", "/v1/public/status") or path.endswith("/buckets"):
            return self._counted("quick", second) <= QUICK and within
        return self._counted("public", minute) <= PUBLIC and within

    def _counted(self, name: str, window: int) -> int:
        self._counts[name, window] += 1
        return self._counts[name, window]
