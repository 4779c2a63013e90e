"""Hold every segment of a log against its own seal and against the one before it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from helios_engine.recorder.entries import Frame, Gap, Header, Seal
from helios_engine.recorder.segment import SegmentFile, segments


class Checked(NamedTuple):
    """A segment: its entries, what is missing by its own words, and what is wrong with it."""

    name: str
    size: int
    frames: int
    gaps: int
    first_ns: int
    last_ns: int
    steps_back: int
    """How often the wall clock stepped back between two frames."""
    sealed: str
    """Why it ended; empty if it is still written, or its recorder was killed."""
    wrong: str


def check(folder: Path) -> list[Checked]:
    """Every segment in order. A segment that a recorder writes now may end in the middle of a frame."""
    found, before, paths = [], "", segments(folder)
    for position, path in enumerate(paths):
        checked, digest = check_segment(path, before if position else None, is_last=position == len(paths) - 1)
        found.append(checked)
        before = digest
    return found


def check_segment(path: Path, before: str | None, *, is_last: bool) -> tuple[Checked, str]:
    """One segment, and the digest that the next header must repeat; `before` is None where nothing precedes it."""
    file = SegmentFile(path)
    header: Header | None = None
    seal: Seal | None = None
    frames = gaps = first = last = back = 0
    digest, wrong = "", []
    for place, entry in file.frames():
        match entry:
            case Header():
                header = entry
            case Seal():
                seal, digest = entry, file.digest(place.begin)
            case Frame():
                frames, first = frames + 1, first or entry.recv_ns
                back += entry.recv_ns < last
                last = entry.recv_ns
            case Gap():
                gaps += 1
    if file.damage and (seal is not None or not is_last):
        wrong.append(f"{file.damage} bytes are damaged")
    if header is None and not (is_last and seal is None):
        wrong.append("its header is lost")
    if seal is None and not is_last:
        wrong.append("its end is lost")
    if seal is not None and seal.digest != digest:
        wrong.append(f"its bytes have digest {digest[:12]}, its seal says {seal.digest[:12]}")
    if header is not None and before is not None and header.previous != before:
        wrong.append("what precedes it is not what it goes on from: a segment is missing or was changed")
    about = (path.name, len(file.data), frames, gaps, first, last, back, seal.reason if seal else "")
    return Checked(*about, "; ".join(wrong)), seal.digest if seal else ""
