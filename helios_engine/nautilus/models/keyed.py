"""Draws that depend on what they are for, and not on how many were made before."""

from __future__ import annotations

import hashlib


def draw(seed: int, *key: str | int) -> float:
    """A number in [0, 1), uniform over keys; the same seed and key always give the same one.

    A stream of random numbers would hand an order another draw as soon as one more order is sent. So each draw is
    the first 53 bits of blake2b over seed and key.
    """
    text = "\x1f".join(str(part) for part in (seed, *key))
    raw = hashlib.blake2b(text.encode(), digest_size=8).digest()
    bits: int = int.from_bytes(raw, "big") >> 11
    return bits / 2**53
