"""The catalog: data sets written whole or not at all, and read back in streamed blocks."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence

import msgspec
import pyarrow as pa

from helios_engine.bodies import Instrument
from helios_engine.catalog import parts, tables
from helios_engine.catalog.manifest import (
    FILE,
    Issue,
    Manifest,
    Part,
    has_manifest,
    in_order,
    read_manifest,
    write_manifest,
)
from helios_engine.catalog.naming import can_name_a_folder
from helios_engine.catalog.parts import CHUNK_ROWS
from helios_engine.catalog.place import Location, Place, place
from helios_engine.catalog.session import Session
from helios_engine.errors import AbsentError, DataError, OvertakenError


class Catalog:
    """Data sets at `<kind>/<name>[/<timeframe>]/` under a folder or an fsspec URL.

    One process may write a data set while others read it: a reader keeps the revision that it began with
    until the second commit after it.
    """

    def __init__(self, root: Location) -> None:
        self.place = place(root)

    @property
    def url(self) -> str:
        """Where the catalog lies."""
        return self.place.url

    def folders(self) -> list[Place]:
        """Where data sets lie: below the kinds' own folders, so that a catalog inside this one stays apart."""
        return [folder for kind in sorted(tables.LAYOUTS) for folder in self.place.child(kind).find(FILE)]

    def inside(self) -> list[str]:
        """Where other catalogs lie below this one, which are no part of it."""
        below = {folder.url for folder in self.place.find(FILE)} - {folder.url for folder in self.folders()}
        kinds = "|".join(tables.LAYOUTS)
        return sorted({re.sub(f"/({kinds})/[^/]+(/[^/]+)?$", "", url) for url in below})

    def at(self, folder: Place) -> Dataset:
        """The data set in a folder; DataError if it cannot be read, or is another one than its place says."""
        dataset = Dataset(folder)
        m = dataset.manifest
        if (home := self.folder(m.kind, m.name, m.timeframe).url) != folder.url:
            raise DataError(
                f"{folder.url}: its manifest says {m.title}, which belongs in {home}: the folder was renamed or is a "
                "copy; move it there, or out of the catalog"
            )
        return dataset

    def datasets(self, kind: str = "") -> list[Dataset]:
        """Every data set, or those of one kind, in the order of their paths."""
        return [dataset for dataset in map(self.at, self.folders()) if kind in ("", dataset.manifest.kind)]

    def dataset(self, kind: str, name: str, timeframe: str = "") -> Dataset:
        """One data set; AbsentError says which ones there are instead, DataError what is wrong with it."""
        folder = self.folder(kind, name, timeframe)
        if not has_manifest(folder):
            there = ", ".join(d.name for d in self.datasets()) or "none"
            wanted = " ".join(filter(None, (kind, name, timeframe)))
            raise AbsentError(
                f"no {wanted} in the catalog {self.url}; there are: {there}. `helios-engine data import` brings more"
            )
        return self.at(folder)

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """Write data sets block by block; nothing counts before their `commit`, and drafts are gone at the end."""
        with self.place.staging() as staging:
            yield Session(self.folder, staging)

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
        clock_offset: int = 0,
    ) -> Manifest:
        """Add a table of an instrument, in units of its scales, and return the manifest.

        The same rows again change nothing, rows beside those at hand are added, and rows that contradict them need
        `replace`. A crash leaves the old state or the new one. Raises DataError, StorageError.
        """
        with self.session() as session:
            writer = session.writer(kind, instrument.instrument, timeframe)
            writer.add(table, instrument.price_scale, instrument.size_scale)
            return writer.commit(instrument, source=source, issues=issues, replace=replace, clock_offset=clock_offset)

    def folder(self, kind: str, name: str, timeframe: str = "") -> Place:
        """Where a data set lies or would lie; DataError for a name that no folder may have."""
        tables.layout(kind)
        for word in (name, *filter(None, [timeframe])):
            if not can_name_a_folder(word):
                raise DataError(f"{word!r} cannot name a folder; expected a name such as BTCZAR.VALR")
        found = self.place.child(kind).child(name)
        return found.child(timeframe) if timeframe else found


class Dataset:
    """The rows of one kind, name and timeframe, at the revision of its manifest."""

    def __init__(self, folder: Place) -> None:
        self.folder = folder
        self.manifest = read_manifest(folder)

    @property
    def name(self) -> str:
        """`bars BTCZAR.VALR 1h`"""
        return self.manifest.title

    def verify(self) -> None:
        """Compare every file with the manifest; DataError names the first that differs."""
        for part in self.manifest.parts:
            path = f"{self.folder.url}/{part.name}"
            try:
                found = self.folder.digest(part.name)
            except OSError as error:
                raise DataError(
                    f"{path}: cannot be read: {error.strerror or error}; import the data again with --replace"
                ) from None
            if found != part.sha256:
                raise DataError(
                    f"{path}: its content is not what the manifest says (truncated or changed); "
                    "import the data again with --replace"
                )

    def blocks(
        self, start: int, stop: int, chunk_rows: int = CHUNK_ROWS, columns: Sequence[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Rows with `start <= ts < stop` as batches of at most `chunk_rows`, in order, in the data set's scales.

        `columns` names what is read from the files; `ts` always is.
        """
        m = self.manifest
        for part in m.parts:
            if part.last < start or part.first >= stop:
                continue
            same = (part.price_scale, part.size_scale) == (m.price_scale, m.size_scale)
            for batch in parts.read_part(self._place_of(part), part, m.kind, start, stop, chunk_rows, columns):
                yield batch if same else self._scaled(batch, (part.price_scale, part.size_scale))

    def table(self, start: int = 0, stop: int = 2**63 - 1, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of a span as one table, in the data set's scales."""
        batches = [batch.replace_schema_metadata(None) for batch in self.blocks(start, stop, columns=columns)]
        if not batches:
            wanted = tables.SCHEMAS[self.manifest.kind]
            return wanted.empty_table() if columns is None else wanted.empty_table().select(["ts", *columns])
        return pa.Table.from_batches(batches)

    def note(self, issues: Sequence[Issue]) -> Manifest:
        """Replace what is known against the data; a new revision if that differs. OvertakenError if rows changed."""
        with self.folder.writing():
            now = read_manifest(self.folder)
            changed = in_order(issues)
            if now.parts != self.manifest.parts:
                raise OvertakenError(f"{self.folder.url}: the data changed while it was checked; check it again")
            if changed != now.issues:
                now = msgspec.structs.replace(now, issues=changed, revision=now.revision + 1)
                write_manifest(self.folder, now)
            self.manifest = now
            return now

    def _place_of(self, part: Part) -> Place:
        return self.folder

    def _scaled(self, batch: pa.RecordBatch, have: tuple[int, int]) -> pa.RecordBatch:
        m = self.manifest
        table = parts.rescale(pa.Table.from_batches([batch]), m.kind, have, (m.price_scale, m.size_scale))
        return table.combine_chunks().to_batches()[0]
