"""How good a data set is, day by day, from its span and what is known against it, and from nothing else.

The score of a UTC day, from 0 to 100:

    100 × covered × (1 − quarantined) − 30 × errors − 2 × warnings, and never below 0

- covered: the share of the day, as far as the span reaches into it, that is not missing; a filled time counts half;
- quarantined: the share of it that unconfirmed quarantine covers;
- errors: findings of severity error that touch the day;
- warnings: findings of severity warn that touch it, without what is missing, filled or confirmed, because the first
  two count above and the third is settled.

The score of the data set is the mean of its days, each weighted by how much of it the span covers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from helios_engine.catalog.audit.findings import latest
from helios_engine.catalog.manifest import Issue, Manifest
from helios_engine.timeframe import DAY, timeframe_ns

_ERROR, _WARNING = 30.0, 2.0


class DayScore(msgspec.Struct, kw_only=True):
    """One UTC day: its beginning and how much of it the span covers (ns), score, shares, findings."""

    day: int
    length: int
    score: float = 100.0
    covered: float = 1.0
    quarantined: float = 0.0
    errors: int = 0
    warnings: int = 0


def span_of(manifest: Manifest) -> tuple[int, int]:
    """Where a data set begins and ends (ns UTC): bars begin when the first one opens."""
    length = timeframe_ns(manifest.timeframe) if manifest.kind == "bars" else 0
    return manifest.first - length, max(manifest.last, manifest.first - length + 1)


def day_scores(manifest: Manifest, issues: Iterable[Issue]) -> list[DayScore]:
    """Every UTC day of the span, also those without rows, with its score."""
    begin, end = span_of(manifest)
    days = {day: DayScore(day=day, length=part) for day, part in _days(begin, end)}
    missing, filled = dict.fromkeys(days, 0), dict.fromkeys(days, 0)
    quarantined: list[tuple[int, int]] = []
    for issue in latest(issues):
        if issue.missing:
            _lay(missing, issue.ts_from, issue.ts_from + issue.missing)
        elif issue.state == "filled":
            _lay(filled, issue.ts_from, issue.ts_to)
        if issue.state == "quarantined":
            quarantined.append((issue.ts_from, issue.ts_to))
        _count(days, issue)
    held = dict.fromkeys(days, 0)
    for low, high in _union(quarantined):
        _lay(held, low, high)
    for day, found in days.items():
        found.covered = max(0.0, 1.0 - (missing[day] + filled[day] / 2) / found.length)
        found.quarantined = min(1.0, held[day] / found.length)
        whole = 100.0 * found.covered * (1.0 - found.quarantined)
        found.score = max(0.0, whole - _ERROR * found.errors - _WARNING * found.warnings)
    return list(days.values())


def total_score(days: Sequence[DayScore]) -> float:
    """The score of a data set, from 0 to 100."""
    return math.fsum(day.score * day.length for day in days) / math.fsum(day.length for day in days)


def _count(days: dict[int, DayScore], issue: Issue) -> None:
    settled = issue.missing or issue.state in ("confirmed", "filled")
    if issue.severity == "info" or (issue.severity == "warn" and settled):
        return
    for day, _ in _days(issue.ts_from, max(issue.ts_to, issue.ts_from + 1)):
        if day in days:
            days[day].errors += issue.severity == "error"
            days[day].warnings += issue.severity == "warn"


def _days(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Days that a span touches, with how much of each it covers."""
    for day in range(begin // DAY * DAY, end, DAY):
        yield day, min(end, day + DAY) - max(begin, day)


def _lay(on: dict[int, int], begin: int, end: int) -> None:
    for day, part in _days(begin, end):
        if day in on:
            on[day] += part


def _union(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    last: tuple[int, int] | None = None
    for low, high in sorted(spans):
        if last is not None and low <= last[1]:
            last = last[0], max(high, last[1])
            continue
        if last is not None:
            yield last
        last = low, high
    if last is not None:
        yield last
