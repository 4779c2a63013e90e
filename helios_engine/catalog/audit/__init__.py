"""What is wrong with a data set: every kind has its checks, and each finding follows from the past alone.

A finding is true of the rows up to its `ts_to` whatever comes after: the same data cut off later has the same
findings until then, so that a run may be told of a finding at its `ts_to` and knows nothing of the future.
Only `future` looks at a clock, that of the check.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from helios_engine.catalog.audit.bars import Gap, check_bars, gaps
from helios_engine.catalog.audit.books import check_books
from helios_engine.catalog.audit.ticks import check_funding, check_quotes, check_times, check_trades, tick_gaps
from helios_engine.catalog.drafted import Drafted
from helios_engine.catalog.manifest import Issue, Manifest
from helios_engine.catalog.place import Place
from helios_engine.catalog.store import Dataset

_CHECKS = {
    "bars": check_bars,
    "trades": check_trades,
    "quotes": check_quotes,
    "books": check_books,
    "funding": check_funding,
}


def audit(dataset: Dataset, now: int | None = None) -> list[Issue]:
    """Check every row again; returns all that is known against the data, with what imports and repairs noted.

    Somebody's confirmation of a quarantined row is kept while the same is found of it. `now` (ns UTC) is the time
    of the check, by default the clock's. Raises DataError for unreadable files.
    """
    moment = time.time_ns() if now is None else now
    found = _CHECKS.get(dataset.manifest.kind, check_times)(dataset, moment)
    kept = [issue for issue in dataset.manifest.issues if issue.origin != "check"]
    confirmed = {_what(i): i for i in dataset.manifest.issues if i.origin == "check" and i.state == "confirmed"}
    issues = [*kept, *(confirmed.get(_what(i), i) for i in found)]
    return sorted(issues, key=lambda i: (i.ts_from, i.ts_to, i.kind, i.detail))


def audit_drafts(folder: Place, drafts: Path, manifest: Manifest) -> list[Issue]:
    """The same for a data set that is about to be written. Raises DataError for unreadable files."""
    return audit(Drafted(folder, drafts, manifest))


def all_gaps(dataset: Dataset) -> Iterator[Gap]:
    """Every gap with its exact span, also those that the findings of a day tell together. Raises DataError."""
    kind = dataset.manifest.kind
    if kind == "bars":
        yield from gaps(dataset)
    elif kind in _CHECKS:
        yield from tick_gaps(dataset)


def _what(issue: Issue) -> tuple[str, int, int, str]:
    return issue.kind, issue.ts_from, issue.ts_to, issue.detail


__all__ = ["Gap", "all_gaps", "audit", "audit_drafts"]
