"""`repairs.json` beside a manifest: every value that a repair changed, as it was and as it is.

The log is written before the manifest that it speaks of, under the same lock, so that no change is ever without its
record. A record whose manifest never came, because the machine stopped between the two, is recognised: a repair is in
force while the manifest names its findings, and each of those names its repair.
"""

from __future__ import annotations

from typing import Any

import msgspec

from helios_engine.catalog.manifest import Issue, Manifest
from helios_engine.catalog.place import Place
from helios_engine.errors import DataError

FILE = "repairs.json"
ROW, ROWS = "row", "rows"
"""Columns of a change that is about a whole row, or about the bars of a gap."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One value, or one row, as it was and as it is; numbers are decimal text.

    `revision` is that of the data set with the change. `ts` (ns UTC) names the row: a bar's opening, else the time
    it was known. `column` may be `row`, with all values of a row that was dropped (`after` is null), or `rows`, for
    the bars that fill a gap (`before` is null). `known` is when the row was known, of bars the first one. `place`
    counts the rows of the same `known` before this one.
    """

    revision: int
    ts: int
    column: str
    before: Any
    after: Any
    why: str
    known: int
    place: int = 0


class Repair(msgspec.Struct, frozen=True, kw_only=True):
    """One command's changes and the findings that mark them; `undoes` is the number of the repair it takes back."""

    number: int
    revision: int
    what: str
    changes: tuple[Change, ...]
    issues: tuple[Issue, ...] = ()
    undoes: int = 0

    def holds(self, manifest: Manifest) -> bool:
        """Whether the data set has these changes."""
        return bool(self.issues) and set(self.issues) <= set(manifest.issues)


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """All repairs of a data set, oldest first, also those that were undone or that an import started over."""

    format: int = 1
    repairs: tuple[Repair, ...] = ()

    @property
    def next(self) -> int:
        """The number of the next repair."""
        return max((repair.number for repair in self.repairs), default=0) + 1

    def last(self, manifest: Manifest) -> Repair | None:
        """The last repair that holds."""
        return next((repair for repair in reversed(self.repairs) if repair.holds(manifest)), None)

    def plus(self, repair: Repair) -> Log:
        """With one more."""
        return msgspec.structs.replace(self, repairs=(*self.repairs, repair))


def read_log(folder: Place) -> Log:
    """The log of a data set, empty if nothing was repaired yet. DataError if it cannot be read."""
    try:
        found = msgspec.json.decode(folder.read(FILE), type=Log)
    except FileNotFoundError:
        return Log()
    except (OSError, msgspec.DecodeError) as error:
        raise DataError(
            f"{folder.url}/{FILE}: not a readable log of repairs: {error}; put it right, or move it away"
        ) from None
    if found.format != 1:
        raise DataError(
            f"{folder.url}/{FILE}: format {found.format}, expected 1; repair with the version that wrote it"
        )
    return found


def write_log(folder: Place, log: Log) -> None:
    """Put the log in place in one step. Raises StorageError."""
    folder.write(FILE, msgspec.json.format(msgspec.json.encode(log), indent=1) + b"\n")
