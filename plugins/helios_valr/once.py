"""Remember what was seen, so that a trade that comes twice, by stream and by REST or after a reconnect, counts once."""

from __future__ import annotations

from collections import OrderedDict

KEPT = 10_000
"""Ids a pair; far more than two pages of 100 and what a stream brings between two polls."""


class Once:
    """The latest ids of each pair. Memory is bounded: the oldest are forgotten."""

    def __init__(self, kept: int = KEPT) -> None:
        if kept < 1:
            raise ValueError(f"kept must be at least 1, was {kept}")
        self._kept = kept
        self._seen: dict[str, OrderedDict[str, None]] = {}

    def is_new(self, pair: str, trade_id: str) -> bool:
        """Whether this is the first time; from now on it is not."""
        seen = self._seen.setdefault(pair, OrderedDict())
        if trade_id in seen:
            return False
        seen[trade_id] = None
        if len(seen) > self._kept:
            seen.popitem(last=False)
        return True
