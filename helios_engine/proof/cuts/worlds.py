"""Whole catalogs with another future: what was available at the cut is the same file, the rest is not."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from helios_engine.catalog.manifest import FILE, Manifest, Part, read_manifest
from helios_engine.catalog.place import LocalPlace
from helios_engine.errors import NotAvailableError
from helios_engine.proof.cuts.futures import Future, altered

LINKED, ALTERED = "linked", "altered"
REACH = 1
"""Files after the one with the cut that are altered; what lies beyond is removed, because that is cheap."""


def make_world(catalog: str, future: Future, folder: Path, printed: Collection[tuple[str, str]]) -> Path:
    """Write the catalog with another future into `folder`, a new one; returns it.

    Files that end before the cut are linked, not copied. `printed` are instrument and timeframe of the
    bars whose prints the venue is shown. Raises NotAvailableError for a catalog that is not a folder of this machine.
    """
    if "://" in catalog:
        raise NotAvailableError(f"the prover alters copies of a local catalog; {catalog} is remote: download it first")
    root = Path(catalog)
    for path in sorted(root.rglob(FILE)):
        source, target = path.parent, folder / path.parent.relative_to(root)
        manifest = read_manifest(LocalPlace(source))
        target.mkdir(parents=True)
        is_printed = manifest.kind == "bars" and (manifest.name, manifest.timeframe) in printed
        _write_dataset(source, target, manifest, future, is_printed)
    return folder


def read_ahead(catalog: str, future: Future) -> None:
    """Read the files that this future, and others near it, will alter."""
    for path in sorted(Path(catalog).rglob(FILE)):
        manifest = read_manifest(LocalPlace(path.parent))
        for part, change in _changes(manifest, future):
            if change == ALTERED:
                _rows(path.parent / part.name)


def _changes(manifest: Manifest, future: Future) -> Iterator[tuple[Part, str]]:
    """What becomes of each file that is not removed."""
    touched = _is_touched(manifest, future)
    changed = 0
    for part in manifest.parts:
        if not touched or part.last <= future.cut or (future.until and part.first > future.until):
            yield part, LINKED
        elif changed <= REACH or future.until:
            changed += 1
            yield part, ALTERED


def _write_dataset(source: Path, target: Path, manifest: Manifest, future: Future, printed: bool) -> None:
    touched = _is_touched(manifest, future)
    parts: list[Part] = []
    for part, change in _changes(manifest, future):
        if change == LINKED:
            parts.append(_linked(source, target, part))
        else:
            new = _altered(source, target, part, manifest.kind, future, printed)
            parts += [new] if new is not None else []
    if not parts:
        parts.append(_alone(source, target, manifest.parts[0], manifest.kind, future))
    known = tuple(i for i in manifest.issues if i.ts_to <= future.cut) if touched else manifest.issues
    instrument = manifest.instrument
    if instrument is not None and instrument.delisted > future.cut:
        instrument = msgspec.structs.replace(instrument, delisted=0)  # nobody knew yet
    written = msgspec.structs.replace(manifest, parts=tuple(parts), issues=known, retired=(), instrument=instrument)
    (target / FILE).write_bytes(msgspec.json.encode(written))


def _is_touched(manifest: Manifest, future: Future) -> bool:
    if manifest.last <= future.cut:
        return False
    return future.only in ("", manifest.name)


def _linked(source: Path, target: Path, part: Part) -> Part:
    try:
        os.link(source / part.name, target / part.name)
    except OSError:  # another file system
        shutil.copyfile(source / part.name, target / part.name)
    return part


def _altered(source: Path, target: Path, part: Part, kind: str, future: Future, printed: bool) -> Part | None:
    new = altered(_rows(source / part.name), kind, future, printed)
    return _written(target, part, new) if new.num_rows else None


def _alone(source: Path, target: Path, part: Part, kind: str, future: Future) -> Part:
    """Nothing of a data set was known yet, but one without rows is none: one row stays, with another content.

    It has another price, or, where there is none, what the last row of its file holds.
    """
    rows = _rows(source / part.name)
    priced = altered(rows, kind, future._replace(kind="shock"), False)
    if priced.num_rows:
        return _written(target, part, priced.slice(0, 1))
    last = rows.slice(rows.num_rows - 1)
    return _written(target, part, last.set_column(0, rows.schema.field("ts"), rows["ts"].slice(0, 1)))


@lru_cache(maxsize=32)
def _rows(path: Path) -> pa.Table:
    """A file of this world; who forks children for several cuts in it has read it for all of them."""
    found: pa.Table = pq.ParquetFile(path).read(use_threads=False)
    return found


def _written(target: Path, part: Part, new: pa.Table) -> Part:
    path = target / part.name
    pq.write_table(new, path, compression="none", use_dictionary=False, row_group_size=65_536)
    with path.open("rb") as file:
        sha = hashlib.file_digest(file, "sha256").hexdigest()
    first, last = new["ts"][0].as_py(), new["ts"][-1].as_py()
    return msgspec.structs.replace(part, sha256=sha, rows=new.num_rows, first=first, last=last)
