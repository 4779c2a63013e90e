"""A hash chain over canonical outputs, hashed in chunks: one head, whatever the pace it grew at."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

CHUNK = 4096
"""Outputs a chunk. Hashing each alone would cost more than making most of them."""


class Chunk(NamedTuple):
    """The state of a chain after a chunk: enough to find the first chunk that differs."""

    chain: str
    outputs: int
    digest: str
    first_ts: int
    last_ts: int


class Chain:
    """Collects canonical bytes; `head` covers all of them in order."""

    __slots__ = ("_buffer", "_first", "_hash", "_last", "count", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self._hash = hashlib.blake2b(digest_size=32)
        self._buffer: list[bytes] = []
        self._first = self._last = 0

    def add(self, ts: int, raw: bytes) -> Chunk | None:
        """Add one output; return the chunk it completes."""
        buffer = self._buffer
        if not buffer:
            self._first = ts
        self._last = ts
        buffer.append(raw)
        self.count += 1
        return self.close() if len(buffer) >= CHUNK else None

    def close(self) -> Chunk | None:
        """Hash what is waiting; return the chunk, if there was any."""
        if not self._buffer:
            return None
        self._hash.update(b"".join(self._buffer))
        self._buffer.clear()
        return Chunk(self.name, self.count, self._hash.copy().hexdigest()[:32], self._first, self._last)

    @property
    def head(self) -> str:
        """Hex digest of everything added so far."""
        found = self._hash.copy()
        found.update(b"".join(self._buffer))
        return found.hexdigest()
