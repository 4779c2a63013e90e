"""Malformed variants of frames and bodies, from a seed: broken bytes, broken trees, absurd numbers and times."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

ABSURD: tuple[Any, ...] = (
    "NaN", "Infinity", "-Infinity", "1e5", "1E-5", "1e2000000", "1_000", "١٢٣", "１２", "²", "+1", "-1", "-0", "0",
    "00", "007", "1.", ".5", "1.2.3", "1,5", " 1", "1 ", "1\n", "1\x00", "", "0x10", "9" * 18, "9" * 19, "9" * 5000,
    "0." + "0" * 17 + "1", "0." + "1" * 19, "123456789012345678.123456789012345678", 0, 1, -1, 1.5, 1.0, 1e300,
    2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63), 10**40, True, False, None, [], {}, [[]], ["1", "2", "3"],
    {"price": "1"},
    "2024-02-30T00:00:00Z", "2024-03-27T12:33:19", "2024-03-27T12:33:19.1234567890Z", "2024-03-27T12:33:19.Z",
    "2024-03-27T25:00:00Z", "2024-03-27T12:33:60Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
    "2024-03-27T12:33:19.918+02:00", "2024-03-27T12:33:19-0930", "2024-03-27T12:33:19+99:99", "２024-03-27T12:33:19Z",
    "2024-03-27 12:33:19Z", "1700000000", 1700000000, 1700000000000, 1.7e12, "BUY", "sideways", "btczar", "../../etc",
    "BTC\u200bZAR", "\ud800", "A" * 10_000, "<html>",
)  # fmt: skip
_BYTES = (b"NaN", b"Infinity", b"1e400", b"1e999999999", b"-0.0", b"1.0", b"\xff", b"\x00", b"\\ud800", b"\\u0000",
          b'"', b"{", b"}", b"[", b"]", b",", b":", b"null", b"9" * 400, b"[" * 2000, b'{"a":' * 2000,
          b"<html>")  # fmt: skip


def variants(whole: Any, count: int, seed: int) -> Iterator[bytes]:
    """`count` variants of a JSON value; the same for the same seed."""
    draw = random.Random(seed)
    text = json.dumps(whole, separators=(",", ":")).encode()
    for _ in range(count):
        yield _broken_bytes(text, draw) if draw.random() < 0.4 else _broken_tree(whole, draw)


def _broken_bytes(text: bytes, draw: random.Random) -> bytes:
    for _ in range(draw.choice((1, 1, 1, 2, 5))):
        at = draw.randrange(len(text) + 1)
        to = min(len(text), at + draw.choice((0, 1, 1, 3, 20)))
        match draw.randrange(5):
            case 0:
                text = text[:at]
            case 1:
                text = text[:at] + text[to:]
            case 2:
                text = text[:at] + draw.randbytes(draw.choice((1, 1, 4))) + text[to:]
            case 3:
                text = text[:at] + draw.choice(_BYTES) + text[to:]
            case _:
                text = text[:at] + text[at:to] * 2 + text[to:]
    return text


def _broken_tree(whole: Any, draw: random.Random) -> bytes:
    tree = {"": copy.deepcopy(whole)}
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        holder, key = draw.choice(list(_places(tree)))
        match draw.randrange(6):
            case 0 if isinstance(holder, dict) and holder is not tree:
                del holder[key]
            case 1 if isinstance(holder, dict) and holder is not tree:
                holder[str(key).swapcase()] = holder.pop(key)
            case 2 if isinstance(holder[key], str) and holder[key]:
                at = draw.randrange(len(holder[key]) + 1)
                holder[key] = holder[key][:at] + draw.choice("0123456789.-+eE_ ١Z:T") + holder[key][at:]
            case 3 if isinstance(holder, list):
                holder.insert(draw.randrange(len(holder) + 1), holder[key])
            case _:
                holder[key] = copy.deepcopy(draw.choice(ABSURD))
    return json.dumps(tree[""], separators=(",", ":")).encode()


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    for key, value in list(tree.items() if isinstance(tree, dict) else enumerate(tree)):
        yield tree, key
        if isinstance(value, dict | list):
            yield from _places(value)
