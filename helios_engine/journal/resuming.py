"""Go on with the journal of a killed run: what is made again must be what is on record, then the rest is new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from helios_engine.errors import JournalError
from helios_engine.journal.frames import FrameWriter, last_frame, read_frames


class ResumedWriter(FrameWriter):
    """Takes every record of the run from its beginning, and writes only those that are not in the file yet.

    JournalError if a record is not what the file has in its place: the run cannot be gone on from.
    """

    def __init__(self, path: Path, since: int = 0) -> None:
        """With `since`, the records before that byte are taken for granted: the first record follows them."""
        self.number, self._since = 0, since
        _, end = last_frame(path)
        self._recorded: Iterator[Any] | None = read_frames(path, since=since, until=end)
        super().__init__(path, at=end)

    def append(self, record: Any) -> None:
        """Compare a record with the file, or add it behind the last."""
        if self._recorded is not None:
            before = next(self._recorded, None)
            if before is not None:
                self._compare(before, record)
                return
            self._recorded = None
        super().append(record)

    def caught_up(self) -> None:
        """Every record of the killed run has been made again. JournalError if one has not."""
        before = None if self._recorded is None else next(self._recorded, None)
        if before is not None:
            raise JournalError(f"{self.path}: the killed run went on with {_short(before)}, made again it does not")
        self._recorded = None

    def _compare(self, before: Any, record: Any) -> None:
        self.number += 1
        if before[0] == "header":  # library versions and paths may differ; the inputs that follow decide
            return
        now = msgspec.msgpack.decode(self._encode(record))
        if now != before:
            raise JournalError(
                f"{self.path}: record {self.number}{f' behind byte {self._since}' if self._since else ''} of the "
                f"killed run reads {_short(before)}, made again it is "
                f"{_short(now)}: config, plugins or libraries have changed, so this run cannot be gone on with; "
                "start a new one"
            )


def _short(record: Any) -> str:
    text = repr(record)
    return text if len(text) <= 160 else text[:157] + "..."
