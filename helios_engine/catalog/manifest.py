"""What a data set says of itself: `manifest.json` beside its files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from helios_engine.bodies import Instrument
from helios_engine.catalog.place import Place
from helios_engine.errors import DataError

FILE = "manifest.json"
FORMAT = 2


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One Parquet file: name, sha256, rows, first and last availability (ns UTC), and its own scales."""

    name: str
    sha256: str
    rows: int
    first: int
    last: int
    price_scale: int = 0
    size_scale: int = 0


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """A doubt about the rows between two times (ns UTC); severity is info, warn or error.

    `quarantined` rows stay in the data, but nothing should be built on them until somebody confirms them, which makes
    them `confirmed`. `filled` rows were not in the source: a repair made them; `repaired` ones it changed or dropped.
    `missing` is how much time (ns) has no data: a gap reaches from `ts_from` so far, and `ts_to` is when it was known
    to be over. `origin` is who found it: import, check, triangle (pairs compared) or repair. What a check finds
    follows from the rows up to `ts_to` alone, so that a run may be told of it then.
    """

    kind: str
    severity: str
    ts_from: int
    ts_to: int
    detail: str
    state: str = ""
    missing: int = 0
    origin: str = "check"


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What computed the rows of a features set: schema and columns, stage, config, plugins, and the data behind it.

    `config` is the config's digest, `plugins` the identities of all that took part, `pins` the digest of each feed,
    `begin` when the inputs began, ns UTC: a later beginning gives other rows until all is warm.
    `rank` is the place among inputs of one time: behind market data, or behind the tick if a tick made a row.
    """

    schema: str
    columns: tuple[str, ...]
    stage: str
    config: str
    plugins: tuple[str, ...]
    pins: dict[str, str]
    begin: int
    rank: int

    @property
    def schema_digest(self) -> str:
        """Hex digest of the schema's name and its columns in order."""
        return hashlib.blake2b(msgspec.json.encode([self.schema, self.columns]), digest_size=16).hexdigest()


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A data set: what it holds, of which instrument, in which files, and what is known against it.

    `name` is the folder: an instrument, a venue (definitions) or a plugin's body. The scales are those of the
    finest part. `clock_offset` (ns) was added to receive times at import. `source` names files, never paths.
    `retired` are the files of the revision before: readers that began then may still finish. `made` is there for
    features.
    """

    format: int = FORMAT
    kind: str
    name: str
    instrument: Instrument | None = None
    timeframe: str = ""
    price_scale: int = 0
    size_scale: int = 0
    parts: tuple[Part, ...]
    revision: int = 1
    clock_offset: int = 0
    source: str = ""
    issues: tuple[Issue, ...] = ()
    retired: tuple[str, ...] = ()
    made: Made | None = None

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
    def title(self) -> str:
        """`bars BTCZAR.VALR 1h`"""
        return " ".join(filter(None, (self.kind, self.name, self.timeframe)))

    @property
    def digest(self) -> str:
        """Hex digest that changes when any row, the instrument, a scale, a doubt or the features' schema does."""
        fixed = (self.kind, self.name, self.instrument, self.timeframe, self.price_scale, self.size_scale)
        content = msgspec.json.encode([fixed, [part.sha256 for part in self.parts], self.issues])
        if self.made is not None:
            content += msgspec.json.encode([self.made.schema_digest, self.made.rank])
        return hashlib.blake2b(content, digest_size=16).hexdigest()


def in_order(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Issues as a manifest has them: each once, by time."""
    return tuple(sorted(set(issues), key=lambda i: (i.ts_from, i.ts_to, i.kind, i.detail)))


def read_manifest(folder: Place) -> Manifest:
    """Read a data set's manifest; DataError if it is missing or not one of ours."""
    path = f"{folder.url}/{FILE}"
    try:
        found = msgspec.json.decode(folder.read(FILE), type=Manifest)
    except FileNotFoundError:
        raise DataError(
            f"no data set at {folder.url}: {FILE} is missing; `helios-engine data ls` lists what there is"
        ) from None
    except (OSError, msgspec.DecodeError) as error:
        raise DataError(f"{path}: not a readable manifest: {error}; import the data again with --replace") from None
    if found.format != FORMAT:
        raise DataError(f"{path}: format {found.format}, expected {FORMAT}; import the data again with this version")
    if not found.parts:
        raise DataError(f"{path}: the data set has no files; import the data again with --replace")
    return found


def has_manifest(folder: Place) -> bool:
    """Whether there is a data set in this folder."""
    return FILE in folder.names()


def write_manifest(folder: Place, manifest: Manifest) -> None:
    """Put a manifest in place in one step: until then the data set is what it was."""
    folder.write(FILE, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
