"""Artefacts: what was learnt or measured before a run, and from when on a run may use it.

Beside `NAME` lies `NAME.provenance.json`, a `Provenance`. A model that saw the data of a run when it was trained is no
model of that run, however well the clock is kept: so a run may start at `usable_from` at the earliest.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

import msgspec

from helios_engine.errors import ConfigError, DataError
from helios_engine.files import write_whole
from helios_engine.timeframe import UNITS, iso, nanoseconds, parse_time

SUFFIX = ".provenance.json"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_HEX = re.compile(r"[0-9a-f]{64}")


class Provenance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an artefact comes from. Times are ISO 8601, UTC where no zone is said; durations as `1d` or `15m`.

    A day without a time of day is meant whole: `trained_through` and `knowledge_cutoff` reach to its end. Labels of the
    last rows reach `label_horizon` further, and `embargo` is the distance kept after them (Lopez de Prado, Advances in
    Financial Machine Learning, chapter 7). `knowledge_cutoff` is a language model's. `schema_digest` and `data_digest`
    name the features and the data it was trained on, in whatever way its maker does; `source` says who made it, how.
    """

    sha256: str
    trained_from: str = ""
    trained_through: str = ""
    label_horizon: str = "0s"
    embargo: str = "0s"
    knowledge_cutoff: str = ""
    schema_digest: str = ""
    data_digest: str = ""
    source: str = ""

    @property
    def usable_from(self) -> int:
        """The earliest start of a run that may use it, ns UTC: after all that it has seen."""
        trained = cutoff = 0
        if self.trained_through:
            trained = _end(self.trained_through) + nanoseconds(self.label_horizon) + nanoseconds(self.embargo)
        if self.knowledge_cutoff:
            cutoff = _end(self.knowledge_cutoff)
        return max(trained, cutoff)

    @property
    def reach(self) -> str:
        """What it has seen, in words."""
        told = []
        if self.trained_through:
            more = [("label horizon", self.label_horizon), ("embargo", self.embargo)]
            added = "".join(f" + {name} {length}" for name, length in more if nanoseconds(length))
            told.append(f"trained through {self.trained_through}{added}")
        if self.knowledge_cutoff:
            told.append(f"knowledge cutoff {self.knowledge_cutoff}")
        return ", ".join(told)


class Artefact(NamedTuple):
    """A file or folder, its sha256, and where it comes from if that is known."""

    path: Path
    sha256: str
    provenance: Provenance | None

    @classmethod
    def load(cls, path: str | Path) -> Artefact:
        """Read an artefact's provenance and hold its content against it.

        Raises DataError if there is no such file, its sidecar cannot be read, or is that of another content.
        """
        path = Path(path)
        found = cls(path, digest(path), _provenance(path))
        if found.provenance is not None and found.provenance.sha256 != found.sha256:
            raise DataError(
                f"{path}: its content is not what {path.name}{SUFFIX} speaks of: expected sha256 "
                f"{found.provenance.sha256[:12]}…, found {found.sha256[:12]}…; put the right file there, or write its "
                f"provenance anew with `helios-engine artefact stamp {path}`"
            )
        return found


def sidecar(path: Path) -> Path:
    """Where the provenance of an artefact lies."""
    return path.with_name(path.name + SUFFIX)


def digest(path: Path) -> str:
    """The sha256 of a file in hex; of a folder, that of the names and digests of its files in order of their names.

    Raises DataError if it cannot be read, or for a link to a folder in it, whose content would not count.
    """
    try:
        if not path.is_dir():
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        whole = hashlib.sha256()
        for each in sorted(path.rglob("*"), key=lambda p: p.relative_to(path).as_posix()):
            if each.is_symlink() and each.is_dir():
                raise DataError(f"{each}: a link to a folder cannot be part of an artefact; copy its files")
            if not each.is_dir():
                whole.update(f"{each.relative_to(path).as_posix()}\0{digest(each)}\n".encode())
        return whole.hexdigest()
    except FileNotFoundError:
        raise DataError(f"no artefact at {path}; the setting that names it is relative to the config file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def stamp(path: Path, provenance: Provenance) -> Path:
    """Write the provenance of an artefact beside it and return the sidecar's path; its `sha256` is computed here.

    Raises DataError if there is no such artefact, ConfigError if the dates make no sense, StorageError.
    """
    written = msgspec.structs.replace(provenance, sha256=digest(path))
    wrong = _wrong(written)
    if wrong:
        raise ConfigError(f"{path}: {wrong}")
    place = sidecar(path)
    write_whole(place, msgspec.json.format(msgspec.json.encode(written), indent=1) + b"\n")
    return place


def _provenance(path: Path) -> Provenance | None:
    place = sidecar(path)
    try:
        found = msgspec.json.decode(place.read_bytes(), type=Provenance)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise DataError(f"{place}: not a readable provenance: {error}; `helios-engine artefact stamp`") from None
    wrong = _wrong(found)
    if wrong:
        raise DataError(f"{place}: {wrong}")
    return found


def _wrong(p: Provenance) -> str:
    """What is wrong with a provenance, or nothing."""
    if not _HEX.fullmatch(p.sha256):
        return f"sha256 must be 64 hex digits, found {p.sha256!r}"
    if bool(p.trained_from) != bool(p.trained_through):
        return "trained_from and trained_through belong together; give both"
    if not p.trained_through and not p.knowledge_cutoff:
        return "it says neither trained_through nor knowledge_cutoff; what has seen no data needs no provenance"
    try:
        for length in (p.label_horizon, p.embargo):
            nanoseconds(length)
        begin, end = (parse_time(p.trained_from or 0), _end(p.trained_through) if p.trained_through else 0)
        if p.knowledge_cutoff:
            _end(p.knowledge_cutoff)
    except ValueError as error:
        return f"expected ISO 8601 times and durations such as '1d': {error}"
    return f"trained_from {iso(begin)} lies after trained_through {iso(end)}" if begin > end else ""


def _end(text: str) -> int:
    """The time a text names, ns UTC; of a day without a time of day its end."""
    ts = parse_time(text)
    return ts + UNITS["d"] if _DAY.fullmatch(text.strip()) else ts
