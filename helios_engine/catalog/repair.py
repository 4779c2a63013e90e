"""Repairs, only on request: gaps filled with flat bars, rows in quarantine dropped, values set, and all of it undone.

Every repair is a new revision. What it changed is in `repairs.json` with both values, and the findings mark where.
A bar that fills a gap is known at its close like any other, though that the gap would end was not known then: data
with filled bars tells a run a little of the future, which is why they stay marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from helios_engine.catalog import tables, truths
from helios_engine.catalog.audit import audit_drafts
from helios_engine.catalog.manifest import Manifest, Part, in_order
from helios_engine.catalog.repair_log import Change, Log, Repair, read_log, write_log
from helios_engine.catalog.repair_plan import plan_drop, plan_fill, plan_set, plan_undo
from helios_engine.catalog.repair_rows import Units, changed, part_rows, spread
from helios_engine.catalog.store import Catalog, Dataset
from helios_engine.catalog.writer import Writer
from helios_engine.errors import DataError
from helios_engine.timeframe import timeframe_ns


def apply(catalog: Catalog, dataset: Dataset, repair: Repair) -> Manifest:
    """Make a planned repair: a new revision, whose record is on disk before it.

    A crash leaves the old revision or the new one. DataError if the data changed since the plan, or if a row then
    cannot be true. Raises StorageError. What is to be written is checked again, and that is part of the revision.
    """
    m, log = dataset.manifest, read_log(dataset.folder)
    dataset.verify()
    undone = next((r for r in log.repairs if r.number == repair.undoes), None)
    issues = [i for i in m.issues if undone is None or i not in undone.issues] + list(repair.issues)
    with catalog.place.staging() as staging:
        drafts = staging / "repair"
        drafts.mkdir()
        writer = _Repairing(dataset, drafts, log.plus(repair))
        _rewrite(dataset, repair, writer)
        return writer.commit(
            m.instrument,
            source=m.source,
            issues=in_order(issues),
            replace=True,
            clock_offset=m.clock_offset,
            audit=audit_drafts,
        )


class _Repairing(Writer):
    """A writer that keeps files as they are, and writes the log before the manifest."""

    def __init__(self, dataset: Dataset, staging: Path, log: Log) -> None:
        m = dataset.manifest
        super().__init__(dataset.folder, staging, m.kind, m.name, m.timeframe)
        self._repaired, self._log = m, log

    def keep(self, part: Part) -> None:
        """A file that is not changed."""
        self._close()
        self._parts.append(part)
        self.price_scale = max(self.price_scale, part.price_scale)
        self.size_scale = max(self.size_scale, part.size_scale)

    def _install(self, before: Manifest | None, manifest: Manifest) -> Manifest:
        if before != self._repaired:
            raise DataError(f"{self._folder.url}: the data changed while it was being repaired; repair it again")
        write_log(self._folder, self._log)
        return super()._install(before, manifest)


def _rewrite(dataset: Dataset, repair: Repair, writer: _Repairing) -> None:
    """Write the files that changes touch, and keep the others."""
    m, units = dataset.manifest, Units(dataset.manifest)
    length = timeframe_ns(m.timeframe) if m.kind == "bars" else 0
    touched: dict[int, list[Change]] = {}
    apart: list[pa.Table] = []
    for change in (one for whole in repair.changes for one in spread(m, whole)):
        number = _file_of(m, change)
        if number is None:
            apart.append(changed(tables.SCHEMAS[m.kind].empty_table(), units, [change], length))
        else:
            touched.setdefault(number, []).append(change)
    pieces: list[tuple[int, pa.Table | Part]] = [(table["ts"][0].as_py(), table) for table in apart]
    for number, part in enumerate(m.parts):
        pieces.append((part.first, _edited(dataset, part, touched[number], length) if number in touched else part))
    for _, piece in sorted(pieces, key=lambda pair: pair[0]):
        if isinstance(piece, Part):
            writer.keep(piece)
        elif piece.num_rows:
            writer.fresh()
            writer.add(piece, m.price_scale, m.size_scale)


def _edited(dataset: Dataset, part: Part, changes: Sequence[Change], length: int) -> pa.Table:
    m = dataset.manifest
    table = changed(part_rows(dataset, part), Units(m), changes, length)
    if table.num_rows:
        truths.check(
            m.kind, table, m.timeframe, lambda row: f"{m.title} after the repair, row {row + 1}", allow_ohlc=True
        )
    return table


def _file_of(m: Manifest, change: Change) -> int | None:
    """The file that a change is in or goes to: that of its period, and of several the last one that begins before."""
    period = tables.period(m.kind, m.timeframe)
    label = tables.periods(np.array([change.known]), period)[0]
    same = [n for n, part in enumerate(m.parts) if tables.periods(np.array([part.first]), period)[0] == label]
    return max((n for n in same if m.parts[n].first <= change.known), default=same[0] if same else None)


__all__ = ["apply", "plan_drop", "plan_fill", "plan_set", "plan_undo"]
