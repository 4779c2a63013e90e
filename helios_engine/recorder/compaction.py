"""Sealed segments into the catalog: written, read back, compared, and only then written down as done.

What is done stands in `compacted.json`. A crash anywhere leaves a segment to be done again, and its rows are known
again where they lie already. Raw segments stay unless their removal is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import filelock
import msgspec
import pyarrow as pa

from helios_engine.bodies import Instrument
from helios_engine.catalog.manifest import has_manifest
from helios_engine.catalog.parts import rescale
from helios_engine.catalog.store import Catalog
from helios_engine.codec import Codec
from helios_engine.errors import DataError, StorageError
from helios_engine.files import sync_path, write_whole
from helios_engine.recorder.checking import Checked, check
from helios_engine.recorder.entries import Frame, Mark
from helios_engine.recorder.parsing import Inputs, Parsed, replayed
from helios_engine.recorder.rows import Target, table, target
from helios_engine.recorder.segment import name_of, segments

FILE = "compacted.json"


class Compacted(msgspec.Struct, frozen=True):
    """A segment whose rows were read back from the catalog as they were parsed."""

    segment: str
    number: int
    rows: int
    datasets: tuple[str, ...]
    wrong: str
    """What is damaged in it; such a segment is never removed."""
    is_end: bool
    """Its session ended with it."""


def compacted(folder: Path) -> list[Compacted]:
    """What was compacted so far. DataError if the file that says so cannot be read."""
    path = folder / FILE
    if not path.exists():
        return []
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Compacted])
    except (msgspec.MsgspecError, OSError) as error:
        raise DataError(f"{path}: cannot be read: {error}; put it back, or remove it to compact all again") from error


class Compaction:
    """One pass over a log. `begin` makes the parser of a session; the log may be recorded meanwhile."""

    def __init__(self, folder: Path, catalog: Catalog, begin: Callable[[], Parsed], codec: Codec) -> None:
        self._folder, self._catalog, self._begin, self._codec = folder, catalog, begin, codec
        self._definitions: dict[str, Instrument] = {}

    def run(self, *, remove: bool = False) -> list[Compacted]:
        """Compact what is sealed and not done yet; returns that. With `remove`, raw segments of whole sessions go.

        Raises DataError, StorageError; what was done before the error stays done.
        """
        try:
            with filelock.FileLock(self._folder / ".compacting", timeout=0):
                done = self._compact()
                if remove:
                    self._remove()
        except filelock.Timeout:
            raise StorageError(f"{self._folder}: is being compacted by another process; wait for it") from None
        return done

    def _compact(self) -> list[Compacted]:
        known = {one.segment for one in compacted(self._folder)}
        # Looked at before anything is parsed: a segment that is sealed meanwhile waits for the next pass.
        sealed = [one for one in check(self._folder) if one.sealed and one.name not in known]
        todo = {name_of(self._folder / one.name).number: one for one in sealed}
        done: list[Compacted] = []
        rows: dict[Target, Inputs] = {}
        number = 0
        connection = ""
        for placed, _, inputs in replayed(self._folder, self._begin):
            if placed.segment != number:
                self._finish(todo, number, rows, done)
                number, rows = placed.segment, {}
            if isinstance(placed.entry, Mark):
                continue
            connection = placed.entry.connection if isinstance(placed.entry, Frame) else connection
            for ts, body in inputs:
                if isinstance(body, Instrument):
                    self._definitions[body.instrument] = body
                if number in todo:
                    rows.setdefault(target(body, connection or "recording", self._codec), []).append((ts, body))
        self._finish(todo, number, rows, done)
        for left in sorted(todo.keys() - {one.number for one in done}):
            self._finish(todo, left, {}, done)  # nothing whole lies in it
        return done

    def _finish(self, todo: dict[int, Checked], number: int, rows: dict[Target, Inputs], done: list[Compacted]) -> None:
        checked = todo.get(number)
        if checked is None:
            return
        for place, found in sorted(rows.items()):
            self._store(place, found, checked.name)
        is_end = checked.sealed != "full"
        names = tuple(" ".join(filter(None, place)) for place in sorted(rows))
        one = Compacted(checked.name, number, sum(map(len, rows.values())), names, checked.wrong, is_end)
        done.append(one)
        write_whole(self._folder / FILE, msgspec.json.format(msgspec.json.encode([*compacted(self._folder), one])))

    def _store(self, place: Target, rows: Inputs, segment: str) -> None:
        """Write rows unless they are there, then read them back. DataError if they are not what was parsed."""
        about = None if place.kind == "bodies" else self._definition(place)
        wanted = table(place, rows, about, self._codec)
        scales = (about.price_scale, about.size_scale) if about else (0, 0)
        if self._holds(place, wanted, scales):
            return
        with self._catalog.session() as session:
            writer = session.writer(*place)
            writer.add(wanted, *scales)
            writer.commit(about, source=f"recording {self._folder.name}")
        if not self._holds(place, wanted, scales):
            raise DataError(
                f"{' '.join(place)}: what was read back from {self._catalog.url} is not what was written from "
                f"{segment}; the raw segment is kept, and not counted as compacted"
            )

    def _holds(self, place: Target, wanted: pa.Table, scales: tuple[int, int]) -> bool:
        """Whether the catalog ends the span of these rows with them; before them lie those of the same moment."""
        if not has_manifest(self._catalog.folder(*place)):
            return False
        dataset = self._catalog.dataset(*place)
        m = dataset.manifest
        wanted = rescale(wanted, place.kind, scales, (m.price_scale, m.size_scale))
        there = dataset.table(wanted["ts"][0].as_py(), wanted["ts"][-1].as_py() + 1)
        tail = there.slice(max(0, there.num_rows - wanted.num_rows))
        return bool(tail.combine_chunks().equals(wanted.combine_chunks()))

    def _definition(self, place: Target) -> Instrument | None:
        if place.name in self._definitions:
            return self._definitions[place.name]
        known = [d.manifest.instrument for d in self._catalog.datasets() if d.manifest.name == place.name]
        return next((instrument for instrument in known if instrument is not None), None)

    def _remove(self) -> None:
        """Remove the raw of whole sessions: a parser needs a session from its first frame to read any of it.

        The last segment stays, because the numbers and digests of the next one go on from it.
        """
        done = {one.segment: one for one in compacted(self._folder)}
        session: list[Path] = []
        for path in segments(self._folder)[:-1]:
            session.append(path)
            one = done.get(path.name)
            if one is not None and not one.is_end:
                continue
            if all(old.name in done and not done[old.name].wrong for old in session):
                for old in session:
                    old.unlink()
                sync_path(self._folder)
            session = []
