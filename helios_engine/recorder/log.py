"""Read a log: every entry in order, whatever was cut or damaged named as a gap where it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from helios_engine.errors import JournalError
from helios_engine.recorder.entries import Frame, Gap, Header, Mark, Numbered, Seal
from helios_engine.recorder.segment import SegmentFile, segments


class Placed(NamedTuple):
    """An entry, the segment it lies in (number), and that segment's header, if it is not lost."""

    segment: int
    header: Header | None
    entry: Numbered


class LogReader:
    """A log in a folder, also while it is written: then it is read up to where it is whole.

    What is behind the last whole frame of the last segment is no gap but the end. A last segment that is missing
    as a whole cannot be missed: nothing that is left speaks of it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def entries(self) -> Iterator[Numbered]:
        """Frames, gaps and marks in order of seq, none twice. JournalError if numbers fall."""
        return (placed.entry for placed in self.placed())

    def frames(self) -> Iterator[Frame]:
        """The frames alone."""
        return (entry for entry in self.entries() if isinstance(entry, Frame))

    def placed(self) -> Iterator[Placed]:
        """Entries with their places."""
        place = _Place()
        header: Header | None = None
        for path in segments(self.folder):
            file = SegmentFile(path)
            missing = place.until(file.name.first_seq, f"{path.name}: what precedes it is missing")
            yield from (Placed(file.name.number - 1, header, gap) for gap in missing)
            header = None
            for _, entry in file.frames():
                if isinstance(entry, Header):
                    header = entry
                    continue
                end = entry.next_seq if isinstance(entry, Seal) else entry.seq
                gaps = place.until(end, f"{path.name}: cut or damaged")
                yield from (Placed(file.name.number, header, gap) for gap in gaps)
                if not isinstance(entry, Seal):
                    place.reached(entry)
                    yield Placed(file.name.number, header, entry)


class _Place:
    """How far a reader has come."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._recv = self._mono = 0

    def until(self, seq: int, why: str) -> Iterator[Gap]:
        """The gap before `seq`, if anything is missing; JournalError if `seq` was passed already."""
        expected = seq if self._next is None else self._next
        if seq < expected:
            raise JournalError(
                f"{why.partition(':')[0]}: expected entry {expected}, found {seq}: two logs lie in one folder, or a "
                "segment is there twice; move one out"
            )
        self._next = seq
        if seq > expected:
            yield Gap(expected, self._recv, self._mono, seq - expected, why)

    def reached(self, entry: Frame | Gap | Mark) -> None:
        """`entry` is the next one."""
        self._next = entry.seq + 1
        if not isinstance(entry, Mark):
            self._recv, self._mono = entry.recv_ns, entry.mono_ns
