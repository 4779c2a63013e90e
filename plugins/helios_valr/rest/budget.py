"""How often VALR may be asked: one budget for every request of an address.

Source: VALR's documentation, "Rate limiting". VALR counts by the minute of its own clock and by arrival. Here at
most so many are sent in any stretch of time, a little longer than VALR's, so that neither where its minute begins
nor a second of delay on the way can make it one too many.
"""

from __future__ import annotations

from collections import deque

import msgspec

_SECOND = 1_000_000_000


class Limit(msgspec.Struct, frozen=True):
    """At most `count` requests in any `length` ns."""

    count: int
    length: int


LIMITS = {
    "address": Limit(1200, 61 * _SECOND),
    "public": Limit(30, 61 * _SECOND),
    "quick": Limit(20, _SECOND * 5 // 4),
    "key": Limit(2000, 61 * _SECOND),
    "sockets": Limit(60, 61 * _SECOND),
}
"""A minute: 1200 for an address, 30 for its public requests but 20 a second for some, 2000 for a key, 60 handshakes."""
_QUICK = ("/v1/public/time", "/v1/public/status")


def limits_of(path: str) -> tuple[str, ...]:
    """Which limits a request counts against, by its path."""
    bare = path.partition("?")[0]
    if bare.startswith("/ws/"):
        return ("sockets",)
    if not bare.startswith("/v1/public/"):
        return ("address", "key")
    return ("address", "quick" if bare in _QUICK or bare.endswith("/buckets") else "public")


class Budget:
    """Says when a request may go. Times are monotonic ns of the caller's clock."""

    def __init__(self, limits: dict[str, Limit] | None = None) -> None:
        self._limits = LIMITS if limits is None else limits
        self._sent: dict[str, deque[int]] = {name: deque(maxlen=limit.count) for name, limit in self._limits.items()}
        self._held_until: int | None = None

    def wait(self, path: str, now: int) -> int:
        """Nanoseconds until a request for `path` may go; 0 if it may now."""
        until = [self._free_at(name) for name in limits_of(path)] + [self._held_until]
        return max([0, *(at - now for at in until if at is not None)])

    def spend(self, path: str, now: int) -> None:
        """Count a request that goes now."""
        for name in limits_of(path):
            self._sent[name].append(now)

    def hold(self, until: int) -> None:
        """Send nothing at all before `until`: VALR has said that it is too much."""
        self._held_until = until if self._held_until is None else max(until, self._held_until)

    def _free_at(self, name: str) -> int | None:
        sent, limit = self._sent[name], self._limits[name]
        return sent[0] + limit.length if len(sent) == limit.count else None
