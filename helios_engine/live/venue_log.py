"""What a run's venue was told, beside the journal: records in frames, as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from helios_engine.errors import JournalError, StorageError
from helios_engine.journal.frames import FrameWriter, read_frames

FILE = "venue.hlj"


class VenueLog:
    """Takes nothing before `begin` or `go_on`, and nothing after a `problem` with the disk: the run goes on without."""

    def __init__(self, place: Path) -> None:
        self._path = place / FILE
        self._file: FrameWriter | None = None
        self.records = 0
        self.problem = ""

    def begin(self) -> None:
        """Start over, whatever lay there."""
        self.close()
        self._path.unlink(missing_ok=True)
        self.records = 0
        self._do(lambda: self._open(None))

    def go_on(self, at: int, records: int) -> None:
        """Append behind byte `at`, where so many records end; what follows them is cut off, since it is told again."""
        self.close()
        self.records = records
        self._do(lambda: self._open(at))

    def write(self, record: list[Any]) -> None:
        """Append a record."""
        file = self._file
        if file is not None:
            self.records += 1
            self._do(lambda: file.append(record))

    def flush(self) -> int:
        """Hand everything to the operating system; the file's size then."""
        file = self._file
        if file is not None:
            self._do(file.flush)
        return 0 if self._file is None else self._file.size

    def reaches(self, size: int) -> bool:
        """Whether the file has so many bytes."""
        return self._path.is_file() and self._path.stat().st_size >= size

    def read(self, until: int, records: int) -> Iterator[Any]:
        """The records up to byte `until`. JournalError if they are not so many."""
        found = 0
        for record in read_frames(self._path, until=until):
            found += 1
            yield record
        if found != records:
            raise JournalError(f"{self._path}: expected {records} records up to byte {until}, found {found}")

    def close(self) -> None:
        """Write the rest."""
        file, self._file = self._file, None
        if file is not None:
            self._do(file.close)

    def _open(self, at: int | None) -> None:
        self._file = FrameWriter(self._path, at)

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except StorageError as error:
            self.problem = str(error)
            file, self._file = self._file, None
            if file is not None:
                with suppress(StorageError):  # it is what `problem` says already
                    file.close()
