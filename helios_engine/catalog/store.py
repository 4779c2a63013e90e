"""Write data sets whole or not at all, and read them back in streamed blocks."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from helios_engine.bodies import Instrument
from helios_engine.catalog import tables
from helios_engine.catalog.manifest import FILE, Issue, Manifest, Part, read_manifest, write_manifest
from helios_engine.errors import DataError, HeliosError
from helios_engine.files import storage_error
from helios_engine.logs import component

CHUNK_ROWS = 65_536


class Catalog:
    """A folder of data sets: `<kind>/<instrument>[/<timeframe>]/`."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def datasets(self) -> list[Dataset]:
        """Every data set, in the order of their paths."""
        return [Dataset(path.parent) for path in sorted(self.root.rglob(FILE))]

    def dataset(self, kind: str, instrument: str, timeframe: str = "") -> Dataset:
        """One data set; DataError says which ones there are instead."""
        folder = self._folder(kind, instrument, timeframe)
        if not (folder / FILE).is_file():
            there = ", ".join(d.name for d in self.datasets()) or "none"
            wanted = " ".join(filter(None, (kind, instrument, timeframe)))
            raise DataError(
                f"no {wanted} in the catalog {self.root}; there are: {there}. `helios-engine data import` brings more"
            )
        return Dataset(folder)

    def write(
        self,
        kind: str,
        instrument: Instrument,
        table: pa.Table,
        *,
        timeframe: str = "",
        source: str = "",
        issues: tuple[Issue, ...] = (),
        replace: bool = False,
    ) -> Manifest:
        """Add rows to a data set and return its manifest.

        The same rows again change nothing; rows after or before those at hand are added; rows between
        them need `replace`. A crash leaves the old state or the new one. Raises DataError, StorageError.
        """
        folder = self._folder(kind, instrument.instrument, timeframe)
        before = read_manifest(folder) if (folder / FILE).is_file() and not replace else None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            parts = _write_parts(folder, table, instrument)
            manifest = Manifest(
                kind=kind,
                instrument=instrument,
                timeframe=timeframe,
                price_scale=instrument.price_scale,
                size_scale=instrument.size_scale,
                parts=parts,
                source=source,
                issues=issues,
            )
            if before is not None:
                manifest = _merged(folder, before, manifest)
            write_manifest(folder, manifest)
        except OSError as error:
            _sweep(folder)
            raise storage_error(folder, error) from error
        except HeliosError:
            _sweep(folder)
            raise
        _sweep(folder)
        extra = {"folder": str(folder.relative_to(self.root)), "rows": manifest.rows, "revision": manifest.revision}
        component("catalog").info("data set written", extra=extra)
        return manifest

    def _folder(self, kind: str, instrument: str, timeframe: str) -> Path:
        if kind not in tables.SCHEMAS:
            raise DataError(f"unknown kind of data {kind!r}; known: {', '.join(tables.SCHEMAS)}")
        if not instrument or "/" in instrument or "\\" in instrument or instrument.startswith("."):
            raise DataError(f"instrument {instrument!r} cannot name a folder; expected a name such as BTCZAR.VALR")
        folder = self.root / kind / instrument
        return folder / timeframe if timeframe else folder


class Dataset:
    """The rows of one kind, instrument and timeframe."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = read_manifest(folder)

    @property
    def name(self) -> str:
        """`bars BTCZAR.VALR 1h`"""
        m = self.manifest
        return " ".join(filter(None, (m.kind, m.instrument.instrument, m.timeframe)))

    def verify(self) -> None:
        """Compare every file with the manifest; DataError names the first that differs."""
        for part in self.manifest.parts:
            path = self.folder / part.name
            try:
                stat = path.stat()
                found = _sha256(path, stat.st_mtime_ns, stat.st_size)
            except OSError as error:
                raise DataError(
                    f"{path}: cannot be read: {error.strerror}; import the data again with --replace"
                ) from None
            if found != part.sha256:
                raise DataError(
                    f"{path}: its content is not what the manifest says (truncated or changed); "
                    "import the data again with --replace"
                )

    def blocks(self, start: int, stop: int, chunk_rows: int = CHUNK_ROWS) -> Iterator[pa.RecordBatch]:
        """Rows with `start <= ts < stop` as record batches of at most `chunk_rows`, in order."""
        wanted = [part for part in self.manifest.parts if part.last >= start and part.first < stop]
        for part in wanted:
            path = self.folder / part.name
            try:
                file = ds.dataset(path, schema=tables.SCHEMAS[self.manifest.kind], format="parquet")
                keep = (ds.field("ts") >= start) & (ds.field("ts") < stop)
                inside = part.first >= start and part.last < stop
                scan = file.scanner(
                    filter=None if inside else keep, batch_size=chunk_rows, use_threads=False, batch_readahead=1
                )
                for batch in scan.to_batches():
                    if batch.num_rows:
                        self._check_known(batch, path)
                        yield batch
            except (pa.ArrowInvalid, OSError) as error:
                raise DataError(
                    f"{path}: not a readable Parquet file: {error}; import the data again with --replace"
                ) from None

    def _check_known(self, batch: pa.RecordBatch, path: Path) -> None:
        if self.manifest.kind != "bars":
            return
        known, close = batch["ts"].to_numpy(), batch["ts_close"].to_numpy()
        if (known < close).any():
            row = int((known < close).argmax())
            raise DataError(
                f"{path}: the bar that opens at {batch['ts_open'][row].as_py()} is known at {known[row]}, "
                f"before it closes at {close[row]}: that would be look-ahead; import it again with the right --stamp"
            )


def _write_parts(folder: Path, table: pa.Table, instrument: Instrument) -> tuple[Part, ...]:
    """One file for each UTC month, named by its content."""
    months = table["ts"].to_numpy().astype("datetime64[ns]").astype("datetime64[M]")
    parts = []
    edges = np.flatnonzero(np.concatenate([[True], months[1:] != months[:-1]])).tolist()
    scales = {b"price_scale": str(instrument.price_scale), b"size_scale": str(instrument.size_scale)}
    for begin, end in zip(edges, [*edges[1:], table.num_rows], strict=True):
        rows = table.slice(begin, end - begin).replace_schema_metadata(scales)
        draft = folder / f".{os.getpid()}-{begin}.draft"
        pq.write_table(rows, draft, compression="zstd", row_group_size=CHUNK_ROWS, write_statistics=True)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        sha = hashlib.sha256(draft.read_bytes()).hexdigest()
        name = f"{months[begin]}-{sha[:8]}.parquet"
        draft.replace(folder / name)
        first, last = rows["ts"][0].as_py(), rows["ts"][-1].as_py()
        parts.append(Part(name=name, sha256=sha, rows=rows.num_rows, first=first, last=last))
    return tuple(parts)


def _merged(folder: Path, before: Manifest, new: Manifest) -> Manifest:
    if {part.sha256 for part in new.parts} <= {part.sha256 for part in before.parts}:
        return before
    if before.instrument != new.instrument or before.clock_offset != new.clock_offset:
        raise DataError(
            f"{folder}: the data set has another definition of {before.instrument.instrument} "
            f"(scales {before.price_scale}/{before.size_scale}, new {new.price_scale}/{new.size_scale}); "
            "name --tick and --lot of the first import, or use --replace"
        )
    if new.first <= before.last and before.first <= new.last:
        raise DataError(
            f"{folder}: the new rows overlap with the {before.rows:,} rows at hand; use --replace to start over"
        )
    early, late = sorted((before, new), key=lambda m: m.first)
    source = ", ".join(dict.fromkeys([*before.source.split(", "), *new.source.split(", ")]))
    issues = tuple(sorted((*before.issues, *new.issues), key=lambda i: i.ts_from))
    return Manifest(
        kind=new.kind,
        instrument=new.instrument,
        timeframe=new.timeframe,
        price_scale=new.price_scale,
        size_scale=new.size_scale,
        parts=(*early.parts, *late.parts),
        revision=before.revision + 1,
        source=source,
        issues=issues,
    )


def _sweep(folder: Path) -> None:
    """Remove files that no manifest names; what a killed import left goes here too."""
    if not folder.is_dir():
        return
    named = {part.name for part in read_manifest(folder).parts} if (folder / FILE).is_file() else set()
    for path in folder.iterdir():
        if path.is_file() and path.name != FILE and path.name not in named:
            path.unlink(missing_ok=True)


@lru_cache(maxsize=4096)
def _sha256(path: Path, mtime: int, size: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
