"""One file of a log: a line, a header, entries, and a seal, each in a frame of its own.

The name is `number-first_seq-key.log`. The key is the magic of its frames and seeds their CRCs together with their
offsets, so that bytes that came from outside are never taken for a frame, wherever damage makes the reader resume.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from helios_engine.errors import JournalError
from helios_engine.files import storage_error, sync_path
from helios_engine.journal.framing import HEAD, Found, pack, scan
from helios_engine.recorder.entries import Entry, Header, Seal, decode, encode

LINE = b"HELIOS-LOG 1\n"
_NAME = re.compile(r"(\d{8})-(\d{15})-([0-9a-f]{8})\.log")
Sync = Callable[[int], None]


class Name(NamedTuple):
    """What a segment's name says."""

    number: int
    first_seq: int
    key: bytes

    def __str__(self) -> str:
        return f"{self.number:08d}-{self.first_seq:015d}-{self.key.hex()}.log"

    def seed(self, offset: int, length: int) -> int:
        """Where the CRC of a frame begins."""
        return zlib.crc32(offset.to_bytes(8, "little") + length.to_bytes(8, "little"), zlib.crc32(self.key))


def name_of(path: Path) -> Name:
    """The parts of a segment's name; JournalError if it is none."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise JournalError(f"{path}: expected a segment named NUMBER-FIRSTSEQ-KEY.log; was the file renamed?")
    return Name(int(match[1]), int(match[2]), bytes.fromhex(match[3]))


def segments(folder: Path) -> list[Path]:
    """The segments of a log in order; JournalError if there is no such folder."""
    if not folder.is_dir():
        raise JournalError(f"{folder}: no such folder; expected one that a recorder wrote")
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


class SegmentWriter:
    """A segment that is being written. Its header is on the disk when the constructor returns."""

    def __init__(self, folder: Path, header: Header, sync: Sync = os.fdatasync) -> None:
        self.name = Name(header.number, header.first_seq, os.urandom(4))
        self.path = folder / str(self.name)
        self.size = 0
        self._sync, self._hash = sync, hashlib.blake2b(digest_size=32)
        try:
            self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise storage_error(self.path, error) from error
        try:
            self._append(LINE, [len(LINE)])
            _, problem = self.write([encode(header)])
            if problem is not None:
                raise problem
            os.fsync(self._handle)
            sync_path(folder)
        except OSError as error:
            os.close(self._handle)
            with contextlib.suppress(OSError):  # a stub is harmless: recovery sets it aside
                self.path.unlink()
            raise storage_error(self.path, error) from error

    @property
    def digest(self) -> str:
        """Hex digest of every byte so far."""
        return self._hash.hexdigest()

    def write(self, payloads: Sequence[bytes]) -> tuple[int, OSError | None]:
        """Append entries with one call; returns how many lie whole in the file, and what kept the others out."""
        blocks, offset = [], self.size
        for payload in payloads:
            blocks.append(pack(payload, self.name.key, offset, self.name.seed))
            offset += HEAD.size + len(payload)
        return self._append(b"".join(blocks), list(accumulate(map(len, blocks))))

    def sync(self) -> None:
        """Have the disk say that it holds the segment. Raises OSError, after which nothing of it may be believed."""
        self._sync(self._handle)

    def seal(self, next_seq: int, reason: str) -> str:
        """Write the end and make it durable; returns the digest that the next header repeats. Raises OSError."""
        digest = self.digest
        _, error = self.write([encode(Seal(next_seq, digest, reason))])
        if error is not None:
            raise error
        self.sync()
        self.close()
        return digest

    def close(self) -> None:
        """Let the file go as it is."""
        os.close(self._handle)
        self._handle = -1  # the number may be another file's at once

    def _append(self, data: bytes, ends: Sequence[int]) -> tuple[int, OSError | None]:
        problem: OSError | None = None
        try:
            written = os.write(self._handle, data)
            if written < len(data):
                problem = OSError(errno.ENOSPC, "only a part was written")
        except OSError as error:
            written, problem = 0, error
        whole = sum(end <= written for end in ends)
        kept = ends[whole - 1] if whole else 0
        if kept < written:
            os.ftruncate(self._handle, self.size + kept)
            os.lseek(self._handle, self.size + kept, os.SEEK_SET)
        self._hash.update(data[:kept])
        self.size += kept
        return whole, problem


class SegmentFile:
    """A segment as it lies on the disk now; its bytes are read once."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, name_of(path)
        try:
            self.data = path.read_bytes()
        except OSError as error:
            raise JournalError(f"{path}: cannot be read: {error.strerror or error}") from error
        self.damage = 0
        """Bytes that belong to no whole frame; counted while `frames` runs."""
        self.good_end = 0
        """Where the last whole frame ends."""

    def frames(self) -> Iterator[tuple[Found, Entry]]:
        """Whole frames with their entries; what lies between them is counted as damage."""
        self.damage = 0 if self.data.startswith(LINE) else len(LINE)
        self.good_end = len(LINE)
        for found in scan(self.data, len(LINE), self.name.key, self.name.seed):
            self.damage += found.begin - self.good_end
            self.good_end = found.end
            yield found, decode(found.payload)
        self.damage += max(0, len(self.data) - self.good_end)

    def digest(self, end: int) -> str:
        """Hex digest of the bytes before `end`."""
        return hashlib.blake2b(self.data[:end], digest_size=32).hexdigest()
