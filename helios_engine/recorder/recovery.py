"""Open a log again: what a killed recorder left is sealed as it is, and nothing of it is removed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from helios_engine.errors import JournalError
from helios_engine.files import storage_error, sync_path, write_whole
from helios_engine.journal.framing import pack
from helios_engine.recorder.entries import Frame, Gap, Header, Seal, encode
from helios_engine.recorder.segment import SegmentFile, name_of, segments

_KILLED = "the recorder before this one was killed, or could not write its end"


class Resumed(NamedTuple):
    """Where a log goes on: numbers, the digest of its last segment, and what is to be said of its end."""

    number: int = 1
    next_seq: int = 0
    previous: str = ""
    floor_ns: int = 0
    gap: str = ""


def resume(folder: Path) -> Resumed:
    """Seal the last segment if its recorder could not, and say where to go on. Raises JournalError, StorageError.

    Bytes behind its last whole frame are kept beside it as `.torn`; damage before that stays where it is.
    """
    paths = segments(folder)
    while paths:
        path = paths.pop()
        file = SegmentFile(path)
        next_seq, session_seal = file.name.first_seq, None
        seen, floor = False, 0
        for found, entry in file.frames():
            seen = True
            match entry:
                case Seal():
                    session_seal = (entry, found.begin)
                    next_seq = max(next_seq, entry.next_seq)
                case Header():
                    floor = max(floor, entry.floor_ns)
                case Frame() | Gap():
                    next_seq, floor = entry.seq + 1, max(floor, entry.recv_ns)
                case _:
                    next_seq = entry.seq + 1
        if not seen:
            # Killed before its header was whole: it never held anything.
            _set_aside(path)
            continue
        number = file.name.number + 1
        if session_seal is not None:
            seal, begin = session_seal
            # Sealed as full and nothing behind it: it was killed between two segments.
            gap = {"closed": "", "full": _KILLED}.get(seal.reason, f"the recorder before this one {seal.reason}")
            return Resumed(number, next_seq, file.digest(begin), floor, gap)
        digest = _seal(file, next_seq)
        return Resumed(number, next_seq, digest, floor, _KILLED)
    return Resumed()


def _seal(file: SegmentFile, next_seq: int) -> str:
    """End a segment behind its last whole frame, and return its digest."""
    end, torn = file.good_end, file.data[file.good_end :]
    name, digest = name_of(file.path), file.digest(file.good_end)
    if torn:
        write_whole(file.path.with_suffix(".torn"), torn)
    block = pack(encode(Seal(next_seq, digest, "was killed")), name.key, end, name.seed)
    try:
        with file.path.open("r+b") as handle:
            handle.truncate(end)
            handle.seek(end)
            handle.write(block)
            handle.flush()
            os.fsync(handle.fileno())
    except OSError as error:
        raise storage_error(file.path, error) from error
    return digest


def _set_aside(path: Path) -> None:
    target = path.with_suffix(".torn")
    if target.exists():
        raise JournalError(f"{target} is there already, beside {path.name}, which holds nothing whole; move it away")
    path.rename(target)
    sync_path(path.parent)
