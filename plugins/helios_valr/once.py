"""Remember what was seen, so that a trade that comes twice, by stream and by REST or after a reconnect, counts once."""

from __future__ import annotations

import re
from collections import deque
from sys import getsizeof

KEPT = 10_000
"""Ids a pair; far more than two pages of 100 and what a stream brings between two polls."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Once:
    """The latest ids of each pair. Memory is bounded: the oldest are forgotten."""

    def __init__(self, kept: int = KEPT) -> None:
        if kept < 1:
            raise ValueError(f"kept must be at least 1, was {kept}")
        self._kept = kept
        self._seen: dict[str, tuple[set[int | str], deque[int | str]]] = {}

    def is_new(self, pair: str, trade_id: str) -> bool:
        """Whether this is the first time; from now on it is not."""
        found = self._seen.get(pair)
        if found is None:
            found = self._seen[pair] = set(), deque()
        seen, order = found
        key = _key(trade_id)
        if key in seen:
            return False
        seen.add(key)
        order.append(key)
        if len(order) > self._kept:
            seen.discard(order.popleft())
        return True

    @property
    def size(self) -> int:
        """Bytes that the ids take, of all pairs; each of a pair counts as much as its last."""
        size = 0
        for seen, order in self._seen.values():
            size += getsizeof(seen) + getsizeof(order) + len(order) * getsizeof(order[-1])
        return size

    def __len__(self) -> int:
        """How many ids are remembered, of all pairs."""
        count = 0
        for _, order in self._seen.values():
            count += len(order)
        return count


def _key(trade_id: str) -> int | str:
    """The id, as a number if it is a UUID: half the memory, and no two ids share one."""
    return int(trade_id.replace("-", ""), 16) if _UUID.fullmatch(trade_id) else trade_id
