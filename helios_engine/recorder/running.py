"""The head of what was parsed: one hash over all of it, as every recording's marks have it."""

from __future__ import annotations

import hashlib


class Running:
    """blake2b over canonical inputs in order; `count` says how many. It begins anew with every session."""

    def __init__(self) -> None:
        self.count = 0
        self._hash = hashlib.blake2b(digest_size=32)

    def add(self, raw: bytes) -> None:
        """Take in one input."""
        self._hash.update(raw)
        self.count += 1

    @property
    def head(self) -> str:
        """Hex digest of everything added so far."""
        return self._hash.hexdigest()
