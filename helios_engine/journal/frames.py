"""The journal's file: a magic line, then frames of compressed records, each with length and CRC.

A frame is `magic(4) | length(u32) | crc32(u32) | zlib(msgpack records)`. A file that was cut or
damaged is read up to the last whole frame, and says so.
"""

from __future__ import annotations

import errno
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from helios_engine.errors import JournalError
from helios_engine.files import storage_error
from helios_engine.journal.framing import HEAD, pack, scan, unpack

FILE_MAGIC = b"HELIOS-JOURNAL 1\n"
_FRAME_MAGIC = b"\xf5HLF"
_ARRAY = struct.Struct(">BI")
_FRAME_BYTES = 1 << 18


class FrameWriter:
    """Append records; each frame is written whole. With `at`, the file goes on there: what lies behind is cut off."""

    def __init__(self, path: Path, at: int | None = None) -> None:
        self.path = path
        self._pending: list[bytes] = []
        self._size = 0
        self._encode = msgspec.msgpack.Encoder().encode
        try:
            self._file: BinaryIO = path.open("xb" if at is None else "r+b", buffering=0)
            if at is None:
                self._file.write(FILE_MAGIC)
            else:
                self._file.truncate(at)
                self._file.seek(at)
        except OSError as error:
            raise storage_error(path, error) from error

    def append(self, record: Any) -> None:
        """Add a record; it reaches the file with its frame."""
        raw = self._encode(record)
        self._pending.append(raw)
        self._size += len(raw)
        if self._size >= _FRAME_BYTES:
            self.flush()

    @property
    def size(self) -> int:
        """Bytes of whole frames in the file, its magic line included."""
        return self._file.tell()

    def flush(self) -> None:
        """Write what is pending as one frame; a frame that does not fit is taken back whole."""
        if not self._pending:
            return
        # msgpack's array32 head, so that a frame is one msgpack array of records.
        records = _ARRAY.pack(0xDD, len(self._pending)) + b"".join(self._pending)
        payload = zlib.compress(records, 1)
        frame = pack(payload, _FRAME_MAGIC)
        good = self._file.tell()
        try:
            written = self._file.write(frame)
            if written != len(frame):
                raise OSError(errno.ENOSPC, "only a part of a frame was written")
        except OSError as error:
            self._file.seek(good)  # or the next frame would lie behind a hole
            self._file.truncate(good)
            raise storage_error(self.path, error) from error
        self._pending.clear()
        self._size = 0

    def close(self) -> None:
        """Write the rest and make the file durable."""
        if self._file.closed:
            return
        try:
            self.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()


def read_frames(path: Path, *, salvage: bool = False, since: int = 0, until: int | None = None) -> Iterator[Any]:
    """Yield the records of a journal; JournalError at a bad frame, or a silent end with `salvage`.

    With `since`, the first frame is the one that begins at that byte. With `until`, frames from that byte on are left
    alone: they may be being written.
    """
    with _opened(path) as file:
        file.seek(max(since, file.tell()))
        decoder = msgspec.msgpack.Decoder()
        number = 0
        while (until is None or file.tell() < until) and (head := file.read(HEAD.size)):
            payload = _payload(file, head)
            if payload is None:
                if salvage:
                    return
                raise JournalError(
                    f"{path}: frame {number} is cut or damaged; what precedes it is whole: "
                    "`helios-engine runs show` reads that far"
                )
            yield from decoder.decode(zlib.decompress(payload))
            number += 1


def last_frame(path: Path) -> tuple[int, int]:
    """Where the last whole frame begins and ends, both the end of the magic line if there is none.

    JournalError if whole frames lie behind one that is damaged: that is no torn end, which may be cut off.
    """
    with _opened(path) as file:
        begin = end = file.tell()
        while (head := file.read(HEAD.size)) and _payload(file, head) is not None:
            begin, end = end, file.tell()
        file.seek(end)
        if next(scan(file.read(), 1, _FRAME_MAGIC), None) is not None:
            raise JournalError(
                f"{path}: damaged at byte {end}, in the middle: whole frames lie behind it; put the file back as it "
                "was: to go on from here would forget what is behind"
            )
        return begin, end


def _opened(path: Path) -> BinaryIO:
    """A journal's file behind its magic line."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise JournalError(f"{path}: cannot be read: {error.strerror}") from error
    if file.read(len(FILE_MAGIC)) != FILE_MAGIC:
        file.close()
        raise JournalError(f"{path} is not a Helios journal: it does not begin with {FILE_MAGIC!r}")
    return file


def _payload(file: BinaryIO, head: bytes) -> bytes | None:
    if len(head) < HEAD.size:
        return None
    _, length, _ = HEAD.unpack(head)
    return unpack(head + file.read(length), 0, _FRAME_MAGIC)
