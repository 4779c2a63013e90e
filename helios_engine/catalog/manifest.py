"""What a data set says of itself: `manifest.json` beside its files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from helios_engine.bodies import Instrument
from helios_engine.errors import DataError
from helios_engine.files import write_whole

FILE = "manifest.json"
FORMAT = 1
Kind = str


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One Parquet file: name, sha256, rows, first and last availability (ns UTC)."""

    name: str
    sha256: str
    rows: int
    first: int
    last: int


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """A doubt about the rows between two times (ns UTC)."""

    kind: str
    severity: str
    ts_from: int
    ts_to: int
    detail: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A data set: what it holds, of which instrument, in which files, and what is known against it.

    `clock_offset` (ns) was added to receive times at import. `source` names files, never paths.
    """

    format: int = FORMAT
    kind: Kind
    instrument: Instrument
    timeframe: str = ""
    price_scale: int
    size_scale: int
    parts: tuple[Part, ...]
    revision: int = 1
    clock_offset: int = 0
    source: str = ""
    issues: tuple[Issue, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of all parts."""
        return sum(part.rows for part in self.parts)

    @property
    def first(self) -> int:
        """Availability of the first row, ns UTC."""
        return self.parts[0].first

    @property
    def last(self) -> int:
        """Availability of the last row, ns UTC."""
        return self.parts[-1].last

    @property
    def digest(self) -> str:
        """Hex digest that changes when any row, the instrument or a scale does."""
        fixed = (self.kind, self.instrument, self.timeframe, self.price_scale, self.size_scale)
        content = msgspec.json.encode([fixed, [part.sha256 for part in self.parts]])
        return hashlib.blake2b(content, digest_size=16).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Read a data set's manifest; DataError if it is missing or not one of ours."""
    path = folder / FILE
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise DataError(
            f"no data set at {folder}: {FILE} is missing; `helios-engine data ls` lists what there is"
        ) from None
    except (OSError, msgspec.DecodeError) as error:
        raise DataError(f"{path}: not a readable manifest: {error}; import the data again with --replace") from None
    if found.format != FORMAT:
        raise DataError(f"{path}: format {found.format}, expected {FORMAT}; import the data again with this version")
    if not found.parts:
        raise DataError(f"{path}: the data set has no files; import the data again with --replace")
    return found


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put a manifest in place in one step: until then the data set is what it was."""
    write_whole(folder / FILE, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
