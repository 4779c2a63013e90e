"""A data set's columns in blocks, each with the last rows of the one before; and spans of bad rows to issues."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.store import Dataset
from helios_engine.timeframe import DAY, iso

Times = NDArray[np.int64]
_ROWS = 1 << 18
_OFTEN = 20
"""More gaps than this in one day are told as one finding."""


class Block(NamedTuple):
    """Columns of which the first `old` rows were in the block before."""

    columns: dict[str, Any]
    old: int

    @property
    def pairs(self) -> int:
        """The first row that is new and has one before it."""
        return max(self.old, 1)


class Span(NamedTuple):
    """Rows in a row with one thing wrong: from, to (ns), how many, and the worst of them."""

    begin: int
    end: int
    count: int  # type: ignore[assignment]
    worst: float = 0.0


def scan(dataset: Dataset, columns: Sequence[str], memory: int = 1) -> Iterator[Block]:
    """Blocks of the wanted columns as numpy arrays, `memory` rows of overlap."""
    tail: dict[str, Any] = {}
    for batch in dataset.blocks(0, 2**63 - 1, _ROWS, columns):
        new = {name: batch[name].to_numpy(zero_copy_only=False) for name in ("ts", *columns)}
        old = len(tail["ts"]) if tail else 0
        joined = {name: np.concatenate([tail[name], new[name]]) for name in new} if tail else new
        yield Block(joined, old)
        tail = {name: values[-memory:] for name, values in joined.items()}


def runs(bad: NDArray[np.bool_], begin: Times, end: Times, old: int, worst: Any = None) -> Iterator[Span]:
    """Spans of neighbouring bad rows among those that are new."""
    rows = np.flatnonzero(bad[old:]) + old
    if rows.size == 0:
        return
    breaks = np.flatnonzero(np.diff(rows) > 1) + 1
    for group in np.split(rows, breaks):
        first, last = int(group[0]), int(group[-1])
        value = float(np.max(worst[group])) if worst is not None else 0.0
        yield Span(int(begin[first]), int(end[last]), len(group), value)


def joined(spans: Iterable[Span]) -> list[Span]:
    """Spans that touch, as one: a block's border is not the data's."""
    found: list[Span] = []
    for span in spans:
        if found and found[-1].end == span.begin:
            last = found.pop()
            span = Span(last.begin, span.end, last.count + span.count, max(last.worst, span.worst))
        found.append(span)
    return found


def gap_issues(spans: Sequence[Span], what: str) -> Iterator[Issue]:
    """One issue a gap; a day with more than twenty becomes one issue. Depends on nothing after it."""
    by_day: dict[int, list[Span]] = {}
    for span in spans:
        by_day.setdefault(span.end // DAY, []).append(span)
    for day in sorted(by_day):
        group = by_day[day]
        if len(group) <= _OFTEN:
            for span in group:
                detail = f"{span.count:,} {what} missing from {iso(span.begin)} to {iso(span.end)}"
                length = span.end - span.begin
                yield Issue(
                    kind="gap", severity="warn", ts_from=span.begin, ts_to=span.end, detail=detail, missing=length
                )
        else:
            missing = int(np.sum([span.end - span.begin for span in group]))
            lost = int(np.sum([span.count for span in group]))
            detail = f"{lost:,} {what} missing in {len(group)} gaps, the longest {_longest(group)}"
            begin, end = group[0].begin, group[-1].end
            yield Issue(kind="gap", severity="warn", ts_from=begin, ts_to=end, detail=detail, missing=missing)


def per_day(spans: Iterable[Span], kind: str, severity: str, what: str) -> Iterator[Issue]:
    """One issue for each day with such rows, from the first of them to the last."""
    by_day: dict[int, list[Span]] = {}
    for span in spans:
        by_day.setdefault((span.end - 1) // DAY, []).append(span)
    for day in sorted(by_day):
        group = by_day[day]
        count = int(np.sum([span.count for span in group]))
        yield Issue(
            kind=kind, severity=severity, ts_from=group[0].begin, ts_to=group[-1].end, detail=f"{count:,} {what}"
        )


def _longest(group: Sequence[Span]) -> str:
    span = max(group, key=lambda s: s.end - s.begin)
    return f"from {iso(span.begin)} to {iso(span.end)}"
