"""What is wrong with a data set: every kind has its checks, and each finding follows from the past alone."""

from __future__ import annotations

from helios_engine.catalog.audit.bars import check_bars
from helios_engine.catalog.audit.books import check_books
from helios_engine.catalog.audit.ticks import check_funding, check_quotes, check_trades
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.store import Dataset

_CHECKS = {
    "bars": check_bars,
    "trades": check_trades,
    "quotes": check_quotes,
    "books": check_books,
    "funding": check_funding,
}


def audit(dataset: Dataset) -> list[Issue]:
    """Check every row again; returns all that is known against the data, with what imports and repairs noted.

    Somebody's confirmation of a quarantined row is kept. Raises DataError for unreadable files.
    """
    check = _CHECKS.get(dataset.manifest.kind)
    found = list(check(dataset)) if check is not None else []
    kept = [issue for issue in dataset.manifest.issues if issue.origin != "check"]
    confirmed = {(i.kind, i.ts_from, i.ts_to): i for i in dataset.manifest.issues if i.state == "confirmed"}
    return [*kept, *(confirmed.get((i.kind, i.ts_from, i.ts_to), i) for i in found)]
