"""A catalog checked again: files against the manifest, every row, pairs against each other, and a score a day."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from helios_engine.catalog.audit import Gap, all_gaps, audit
from helios_engine.catalog.audit.result import Checked, Checkup, score
from helios_engine.catalog.audit.score import span_of
from helios_engine.catalog.audit.triangle import Triangle, check_triangle, triangles
from helios_engine.catalog.manifest import Issue, Manifest, Part
from helios_engine.catalog.store import Catalog, Dataset
from helios_engine.errors import ConfigError, DataError, HeliosError
from helios_engine.timeframe import iso

Progress = Callable[[float, int], None]


class _Watched(Dataset):
    """A data set some of whose files cannot be read, which says how many rows have gone by."""

    def __init__(self, dataset: Dataset, parts: Sequence[Part], tell: Callable[[int], None]) -> None:
        self.folder = dataset.folder
        self.manifest = msgspec.structs.replace(dataset.manifest, parts=tuple(parts))
        self._tell = tell

    def blocks(self, *args: Any, **how: Any) -> Iterator[pa.RecordBatch]:
        """Rows as a data set has them."""
        for batch in super().blocks(*args, **how):
            self._tell(batch.num_rows)
            yield batch


def select(catalog: Catalog, kind: str = "", name: str = "", timeframe: str = "") -> tuple[list[Dataset], list[str]]:
    """Data sets of a catalog, and what cannot be read; empty words select everything. DataError if there are none."""
    found, unreadable = [], []
    for folder in catalog.folders():
        try:
            found.append(catalog.at(folder))
        except HeliosError as error:
            unreadable.append(str(error))
    wanted = [
        d
        for d in found
        if kind in ("", d.manifest.kind) and name in ("", d.manifest.name) and timeframe in ("", d.manifest.timeframe)
    ]
    if not wanted and not unreadable:
        words = " ".join(filter(None, (kind, name, timeframe))) or "data"
        there = ", ".join(d.name for d in found) or "none; `helios-engine data import` brings some"
        raise DataError(f"no {words} in the catalog {catalog.url}; there are: {there}")
    return wanted, unreadable


def check(
    catalog: Catalog,
    kind: str = "",
    name: str = "",
    timeframe: str = "",
    *,
    now: int | None = None,
    progress: Progress | None = None,
) -> Checkup:
    """Check data sets and store what is found: files by sha256, every row, and triangles that one of them is in.

    A damaged file is an error, and the others are checked without it; a data set that cannot be read at all is named
    in `unreadable` while the others are checked. DataError if nothing is selected.
    """
    wanted, unreadable = select(catalog, kind, name, timeframe)
    everything = select(catalog)[0]
    touched = {d.folder.url for d in wanted}
    circles = [t for t in triangles(everything) if touched & {leg.folder.url for leg in t}]
    counter = _Counter([*wanted, *(leg for circle in circles for leg in circle)], progress)
    moment = time.time_ns() if now is None else now
    sound: dict[str, Dataset] = {}
    found: dict[str, list[Issue]] = {}
    for dataset in wanted:
        damage, parts = _damage(dataset)
        watched = _Watched(dataset, parts, counter)
        try:
            issues = audit(watched, moment) if parts else list(dataset.manifest.issues)
        except HeliosError as error:
            unreadable.append(str(error))
            continue
        sound[dataset.folder.url] = watched
        found[dataset.folder.url] = [*damage, *(i for i in issues if i.origin != "triangle" and i.kind != "damaged")]
    for circle in circles:
        _circle(circle, sound, counter, found, unreadable)
    checked = []
    for dataset in wanted:
        if dataset.folder.url in found:
            try:
                checked.append(score(dataset.note(found[dataset.folder.url])))
            except HeliosError as error:
                unreadable.append(str(error))
    return Checkup(datasets=checked, unreadable=list(dict.fromkeys(unreadable)))


def confirm(dataset: Dataset, findings: Sequence[tuple[str, int]]) -> Manifest:
    """Take the quarantine off findings, each named by its kind and a time that it covers (ns UTC).

    Somebody knows then that they are true. ConfigError names those that wait, if one of them is not meant; then
    nothing is confirmed.
    """
    issues = list(dataset.manifest.issues)
    for kind, ts in findings:
        waiting = [i for i in issues if i.state == "quarantined"]
        meant = [i for i in waiting if i.kind == kind and i.ts_from <= ts < i.ts_to]
        if not meant:
            there = ", ".join(f"{i.kind}@{iso(i.ts_from)}" for i in waiting[:20]) or "none"
            more = f" and {len(waiting) - 20:,} more" if len(waiting) > 20 else ""
            raise ConfigError(f"{dataset.name}: nothing in quarantine is {kind}@{iso(ts)}; there are: {there}{more}")
        exact = [i for i in meant if i.ts_from == ts] or meant
        issues = [msgspec.structs.replace(i, state="confirmed") if i in exact else i for i in issues]
    return dataset.note(issues)


def gaps_of(dataset: Dataset) -> Iterator[Gap]:
    """Every gap of a data set with its exact span, in the files that are sound."""
    return all_gaps(_Watched(dataset, _damage(dataset)[1], lambda rows: None))


class _Counter:
    """Rows that have gone by, as a share of all."""

    def __init__(self, datasets: Sequence[Dataset], progress: Progress | None) -> None:
        self._all = max(1, sum(dataset.manifest.rows for dataset in datasets))
        self._done, self._progress = 0, progress

    def __call__(self, rows: int) -> None:
        self._done += rows
        if self._progress is not None:
            self._progress(self._done / self._all, self._done)


def _damage(dataset: Dataset) -> tuple[list[Issue], list[Part]]:
    """Files that are not what the manifest says, as errors, and those that are."""
    issues, sound = [], []
    begin = span_of(dataset.manifest)[0] - dataset.manifest.first
    for part in dataset.manifest.parts:
        try:
            is_same = dataset.folder.digest(part.name) == part.sha256
            why = "its content is not what the manifest says (truncated or changed)"
        except OSError as error:
            is_same, why = False, f"it cannot be read: {error.strerror or error}"
        if is_same:
            sound.append(part)
            continue
        low, high = part.first + begin, part.last + 1
        detail = f"{part.name}: {why}; {part.rows:,} rows are lost: import the data again with --replace"
        issues.append(
            Issue(kind="damaged", severity="error", ts_from=low, ts_to=high, detail=detail, missing=high - low)
        )
    return issues, sound


def _circle(
    circle: Triangle,
    sound: dict[str, Dataset],
    counter: _Counter,
    found: dict[str, list[Issue]],
    unreadable: list[str],
) -> None:
    """Check three pairs, and tell those of them that are being checked."""
    legs = [sound.get(leg.folder.url) or _Watched(leg, _damage(leg)[1], counter) for leg in circle]
    if not all(leg.manifest.parts for leg in legs):
        return
    try:
        issues = check_triangle(Triangle(*legs))
    except HeliosError as error:
        unreadable.append(str(error))
        return
    for leg in legs:
        if leg.folder.url in found:
            found[leg.folder.url] += issues


__all__ = ["Checked", "Checkup", "check", "confirm", "gaps_of", "select"]
