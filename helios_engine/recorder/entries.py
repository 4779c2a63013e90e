"""What a log holds: frames as they came, gaps, heads of what was parsed, and the two ends of a segment."""

from __future__ import annotations

from typing import Literal

import msgspec

from helios_engine.errors import JournalError

Direction = Literal["in", "out"]
LARGEST = 16 << 20
"""Bytes of the largest frame that is recorded; what is larger becomes a gap."""


class _Entry(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A record of a log, as a msgpack array that begins with its tag."""


class Frame(_Entry, frozen=True, tag="frame"):
    """What came from or went to a connection: wall clock (ns UTC, may step back), monotonic clock (ns), bytes."""

    seq: int
    recv_ns: int
    mono_ns: int
    connection: str
    direction: Direction
    raw: bytes


class Gap(_Entry, frozen=True, tag="gap"):
    """Something is missing here: how many frames (None: nobody knows), and why."""

    seq: int
    recv_ns: int
    mono_ns: int
    count: int | None
    reason: str


class Mark(_Entry, frozen=True, tag="mark"):
    """The chain of parsed inputs: its head and length after every entry before this one, and the parser's name."""

    seq: int
    parser: str
    inputs: int
    head: str


class Header(_Entry, frozen=True, tag="segment"):
    """How a segment begins.

    `session` is the first seq of its session. `floor_ns` is the latest receive time so far: no input of a session is
    older than what its first header says, whatever the clock says. `previous` is the digest of the segment before.
    """

    number: int
    first_seq: int
    session: int
    floor_ns: int
    previous: str
    opened_ns: int
    about: dict[str, str]


class Seal(_Entry, frozen=True, tag="seal"):
    """How a segment ends: the seq that follows, the digest (blake2b) of every byte before this, and why it ended."""

    next_seq: int
    digest: str
    reason: str


Numbered = Frame | Gap | Mark
Entry = Frame | Gap | Mark | Header | Seal
encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[Entry] = msgspec.msgpack.Decoder(Entry)


def decode(payload: bytes) -> Entry:
    """The entry of a frame whose CRC was right; JournalError if it is none, so that nothing is guessed."""
    try:
        return _decoder.decode(payload)
    except msgspec.MsgspecError as error:
        raise JournalError(
            f"a whole frame of the log holds no entry that is known here ({error}); a newer version wrote it: read it "
            "with that version"
        ) from error
