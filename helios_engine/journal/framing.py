"""Frames in a file, `magic(4) | length(u32) | crc32(u32) | payload`, and finding them again behind damage."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

HEAD = struct.Struct("<4sII")
Seed = Callable[[int, int], int]
"""From a frame's offset and its payload's length, where its CRC begins."""


class Found(NamedTuple):
    """A whole frame: where it begins and ends in the file, and what it carries."""

    begin: int
    end: int
    payload: bytes


def unseeded(offset: int, length: int) -> int:
    """A CRC over the payload alone."""
    return 0


def pack(payload: bytes, magic: bytes, offset: int = 0, seed: Seed = unseeded) -> bytes:
    """The frame of a payload that will lie at `offset`."""
    return HEAD.pack(magic, len(payload), zlib.crc32(payload, seed(offset, len(payload)))) + payload


def unpack(data: bytes, offset: int, magic: bytes, seed: Seed = unseeded) -> bytes | None:
    """The payload of the frame at `offset`, or nothing if there is no whole one."""
    begin = offset + HEAD.size
    if begin > len(data):
        return None
    found, length, crc = HEAD.unpack_from(data, offset)
    if found != magic or begin + length > len(data):
        return None
    payload = data[begin : begin + length]
    return payload if zlib.crc32(payload, seed(offset, length)) == crc else None


def scan(data: bytes, offset: int, magic: bytes, seed: Seed = unseeded) -> Iterator[Found]:
    """Every whole frame from `offset` on; what lies between two of them is damaged.

    A frame inside the payload of another is never taken for one of the file as long as its outer frame is whole; to
    have it so behind damage too, `magic` must be unknown to whoever writes payloads, and `seed` depend on the offset.
    """
    while 0 <= offset < len(data):
        payload = unpack(data, offset, magic, seed)
        if payload is None:
            offset = data.find(magic, offset + 1)
            continue
        end = offset + HEAD.size + len(payload)
        yield Found(offset, end, payload)
        offset = end
