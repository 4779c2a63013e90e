"""A hash chain over canonical outputs: one head, and a state so small that a run can go on from it."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

CHUNK = 4096
"""Outputs a chunk: so finely is the first difference of two runs found."""
FOLD = 64
"""Outputs that are hashed together. Each alone would cost more than making most of them."""


class Chunk(NamedTuple):
    """The state of a chain after a chunk: enough to find the first chunk that differs."""

    chain: str
    outputs: int
    digest: str
    first_ts: int
    last_ts: int


class Chain:
    """Collects canonical bytes; `head` covers all of them in order.

    The state is a digest, since a running hash object cannot be saved: after every `FOLD` outputs it becomes
    blake2b(state + outputs), and the head is blake2b(state + outputs since). Both follow from the outputs alone.
    """

    __slots__ = ("_buffer", "_first", "_last", "_state", "count", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self._state = b""
        self._buffer: list[bytes] = []
        self._first = self._last = 0

    def add(self, ts: int, raw: bytes) -> Chunk | None:
        """Add one output; return the chunk it completes."""
        if not self.count % CHUNK:
            self._first = ts
        self._last = ts
        buffer = self._buffer
        buffer.append(raw)
        self.count += 1
        if len(buffer) < FOLD:
            return None
        self._state = self._digest().digest()
        buffer.clear()
        return None if self.count % CHUNK else self._chunk()

    def close(self) -> Chunk | None:
        """The chunk that is not complete, if there is any; it changes nothing."""
        return self._chunk() if self.count % CHUNK else None

    @property
    def head(self) -> str:
        """Hex digest of everything added so far."""
        return self._digest().hexdigest()

    def save(self) -> list[Any]:
        """All that the chain knows, as plain values."""
        return [self.name, self.count, self._state, list(self._buffer), self._first, self._last]

    def restore(self, saved: list[Any]) -> None:
        """Be the chain that was saved."""
        self.name, self.count, self._state, buffer, self._first, self._last = saved
        self._buffer[:] = buffer

    def _chunk(self) -> Chunk:
        return Chunk(self.name, self.count, self.head[:32], self._first, self._last)

    def _digest(self) -> hashlib.blake2b:
        return hashlib.blake2b(self._state + b"".join(self._buffer), digest_size=32)
