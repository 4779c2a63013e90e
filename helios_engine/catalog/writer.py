"""One data set being written: blocks in, oldest first, and nothing counts until the commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from helios_engine.bodies import Instrument
from helios_engine.catalog import tables
from helios_engine.catalog.manifest import (
    Issue,
    Made,
    Manifest,
    Part,
    has_manifest,
    in_order,
    read_manifest,
    write_manifest,
)
from helios_engine.catalog.merging import check_made, merged_parts, same_definition
from helios_engine.catalog.parts import Piece, write_part
from helios_engine.catalog.place import Place
from helios_engine.catalog.truths import refuse
from helios_engine.errors import DataError, OvertakenError
from helios_engine.files import storage_error
from helios_engine.logs import component
from helios_engine.timeframe import iso

Audit = Callable[[Place, Path, Manifest], Sequence[Issue]]
"""All that is known against a data set, from its folder, the drafts that will be in it, and its manifest."""


class Writer:
    """Rows of one data set on their way into `folder`; `staging` holds drafts, memory one period at a time."""

    def __init__(self, folder: Place, staging: Path, kind: str, name: str, timeframe: str = "") -> None:
        tables.layout(kind)
        self._folder, self._staging = folder, staging
        self.kind, self.name, self.timeframe = kind, name, timeframe
        self.price_scale = self.size_scale = 0
        self._period = tables.period(kind, timeframe)
        self._open: list[Piece] = []
        self._label: np.datetime64 | None = None
        self._parts: list[Part] = []
        self.rows = 0
        self.last: int | None = None

    def add(self, table: pa.Table, price_scale: int = 0, size_scale: int = 0) -> None:
        """Add rows in order of time that are not older than those before; DataError if not. Raises StorageError."""
        if table.num_rows == 0:
            return
        ts = table["ts"].to_numpy()
        if self.last is not None and ts[0] < self.last:
            raise DataError(f"rows at {iso(int(ts[0]))} come after rows at {iso(self.last)}; add --sort")
        # A file that is not in order would be read wrongly, window by window, without a word.
        refuse(ts <= 0, lambda row: f"{self.name}: row {row + 1}", lambda i: f"time {ts[i]} is not after 1970")
        refuse(
            ts[1:] < ts[:-1],
            lambda row: f"{self.name}: row {row + 2}",
            lambda i: f"time {iso(int(ts[i + 1]))} is before that of the row above; put the rows oldest first",
        )
        self.last, self.rows = int(ts[-1]), self.rows + table.num_rows
        labels = tables.periods(ts, self._period)
        edges = np.flatnonzero(np.concatenate([[True], labels[1:] != labels[:-1]])).tolist()
        for begin, end in zip(edges, [*edges[1:], len(ts)], strict=True):
            if self._label is not None and labels[begin] != self._label:
                self._close()
            self._label = labels[begin]
            self._open.append((table.slice(begin, end - begin), price_scale, size_scale))
        self.price_scale = max(self.price_scale, price_scale)
        self.size_scale = max(self.size_scale, size_scale)

    def fresh(self) -> None:
        """Another file begins, which need not go on where the last one ended."""
        self._close()
        self.last = None

    def commit(self, instrument: Instrument | None = None, **about: Any) -> Manifest:
        """Prepare and install at once; `about` is what `prepare` takes."""
        self.prepare(instrument, **about)
        return self.install()

    def prepare(
        self,
        instrument: Instrument | None = None,
        *,
        source: str = "",
        issues: tuple[Issue, ...] = (),
        replace: bool = False,
        clock_offset: int = 0,
        audit: Audit | None = None,
        made: Made | None = None,
    ) -> None:
        """Join the rows with those at hand, and check both: what is refused is refused before anything counts.

        What the audit finds is in the manifest from the first moment on. Raises DataError, StorageError.
        """
        self._close()
        if not self._parts:
            raise DataError(f"no rows for {self.kind} {self.name} {self.timeframe}")
        new = Manifest(
            kind=self.kind,
            name=self.name,
            instrument=instrument,
            timeframe=self.timeframe,
            price_scale=max(self.price_scale, 0 if instrument is None else instrument.price_scale),
            size_scale=max(self.size_scale, 0 if instrument is None else instrument.size_scale),
            parts=tuple(self._parts),
            source=source,
            issues=issues,
            clock_offset=clock_offset,
            made=made,
        )
        self._outcome = partial(self._outcome_of, new, replace, audit)
        try:
            self._before, self._after = self._planned()
        except OSError as error:
            raise storage_error(Path(self._folder.url), error) from error

    def install(self) -> Manifest:
        """Put what was prepared in its place, and return the manifest. Raises DataError, StorageError."""
        try:
            with self._folder.writing():
                before = self._at_hand()
                # Somebody else may have written in between: then the rows are joined with theirs.
                manifest = self._after if before == self._before else self._outcome(before)
                manifest = self._install(before, manifest)
        except OSError as error:
            raise storage_error(Path(self._folder.url), error) from error
        about = {"dataset": manifest.title, "rows": manifest.rows, "revision": manifest.revision}
        component("catalog").info("data set written", extra=about)
        return manifest

    def _planned(self) -> tuple[Manifest | None, Manifest]:
        while True:
            before = self._at_hand()
            try:
                return before, self._outcome(before)
            except OvertakenError:
                if self._at_hand() == before:
                    raise

    def _at_hand(self) -> Manifest | None:
        return read_manifest(self._folder) if has_manifest(self._folder) else None

    def _outcome_of(self, new: Manifest, replace: bool, audit: Audit | None, before: Manifest | None) -> Manifest:
        manifest = self._joined(None if replace else before, new)
        if replace and before is not None:
            manifest = msgspec.structs.replace(manifest, revision=before.revision + 1)
        if audit is None:
            return manifest
        issues = in_order(audit(self._folder, self._staging, manifest))
        if issues == manifest.issues:
            return manifest
        revision = manifest.revision + (manifest is before)
        return msgspec.structs.replace(manifest, issues=issues, revision=revision)

    def _joined(self, before: Manifest | None, new: Manifest) -> Manifest:
        if before is None:
            return msgspec.structs.replace(new, parts=merged_parts(self._folder, self._staging, None, new))
        at_hand, brought = {part.sha256 for part in before.parts}, {part.sha256 for part in new.parts}
        made = check_made(self._folder, before, new)
        if brought <= at_hand:
            same = brought < at_hand or before.made == new.made
            return before if same else msgspec.structs.replace(before, made=new.made, revision=before.revision + 1)
        instrument = same_definition(self._folder, before, new)
        parts = merged_parts(self._folder, self._staging, before, new)
        issues = [*before.issues, *new.issues]
        return msgspec.structs.replace(
            new,
            instrument=instrument,
            price_scale=max(before.price_scale, new.price_scale),
            size_scale=max(before.size_scale, new.size_scale),
            parts=parts,
            revision=before.revision + 1,
            source=", ".join(dict.fromkeys([*before.source.split(", "), *new.source.split(", ")])),
            issues=in_order(issues),
            made=made,
        )

    def _install(self, before: Manifest | None, manifest: Manifest) -> Manifest:
        """Move the drafts to their names, then the manifest; remove what nobody can be reading any more."""
        kept = {part.name for part in manifest.parts}
        if before is not None and manifest != before:
            retired = tuple(part.name for part in before.parts if part.name not in kept)
            manifest = msgspec.structs.replace(manifest, retired=retired)
        for name in sorted(kept):
            draft = self._staging / name
            if draft.exists():
                self._folder.adopt(draft, name)
        if manifest != before:
            write_manifest(self._folder, manifest)
        for name in self._folder.names():
            is_old = name.endswith(".parquet") and name not in kept and name not in manifest.retired
            if is_old or name.endswith(".draft"):
                self._folder.remove(name)
        return manifest

    def _close(self) -> None:
        """Write the open period to a draft."""
        if not self._open:
            return
        try:
            self._parts.append(write_part(self._staging, self.kind, self._open, str(self._label)))
        except OSError as error:
            raise storage_error(Path(self._folder.url), error) from error
        self._open, self._label = [], None
