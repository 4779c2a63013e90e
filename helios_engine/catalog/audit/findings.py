"""Bad rows to findings: the first of a UTC day by themselves, the others in one that is told when the day is over.

So much is told that nothing is hidden, and no more than a person can read. A finding follows from rows up to its
`ts_to`: the sixth bad row of a day does not change what was said of the first, and how many there were in all is
said at midnight.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from helios_engine.catalog.audit.scan import Times
from helios_engine.catalog.manifest import Issue
from helios_engine.timeframe import DAY, UNITS, iso

SINGLY = 5
"""So many findings of one sort are told by themselves on one UTC day, unless the sort says otherwise."""
LONG = UNITS["h"]
"""What misses so much time is always told by itself."""
LASTING = frozenset({"zero_volume", "crossed", "locked", "triangle"})
"""Kinds that are told as a `Stretch`."""


class Sort(NamedTuple):
    """What is looked for: the kind and severity of its findings, `many` of them in words, and their state.

    `singly` of them are told by themselves on one UTC day.
    """

    kind: str
    severity: str
    many: str
    state: str = ""
    singly: int = SINGLY


class _Rest(NamedTuple):
    rows: int
    begin: int
    missing: int


class Findings:
    """Findings as they come, oldest first; memory grows with the days that have some, not with rows."""

    def __init__(self, origin: str = "check") -> None:
        self._origin = origin
        self._told: list[Issue] = []
        self._seen: dict[tuple[Sort, int], int] = {}
        self._rest: dict[tuple[Sort, int], _Rest] = {}

    def rows(
        self,
        sort: Sort,
        at: NDArray[np.intp],
        begin: Times,
        end: Times,
        say: Callable[[int], str],
        missing: Times | None = None,
    ) -> None:
        """Findings about the rows at `at`, each from `begin` until `end`, when it is known; `say` puts one in words.

        `missing` is how much time (ns), from `begin` on, has no data.
        """
        if at.size == 0:
            return
        days = (end[at] - 1) // DAY
        edges = [0, *(np.flatnonzero(days[1:] != days[:-1]) + 1).tolist(), at.size]
        for low, high in itertools.pairwise(edges):
            self._day(sort, int(days[low]), at[low:high], begin, end, say, missing)

    def one(self, sort: Sort, begin: int, end: int, detail: str, missing: int = 0) -> None:
        """One finding."""
        span = np.array([begin], np.int64), np.array([end], np.int64)
        self.rows(sort, np.zeros(1, np.intp), *span, lambda _: detail, np.array([missing], np.int64))

    def issues(self) -> Iterator[Issue]:
        """All of them, the days' rests last."""
        yield from self._told
        for (sort, day), rest in self._rest.items():
            detail = f"{rest.rows:,} more {sort.many} on {iso(day * DAY)[:10]}"
            if rest.missing:
                detail += f", {rest.missing / UNITS['s']:,.0f} s in all"
            yield self._issue(sort, rest.begin, (day + 1) * DAY, detail, rest.missing)

    def _day(
        self, sort: Sort, day: int, at: NDArray[Any], begin: Times, end: Times, say: Callable[[int], str], missing: Any
    ) -> None:
        seen = self._seen.get((sort, day), 0)
        single = np.arange(at.size) < sort.singly - seen
        if missing is not None:
            single |= missing[at] >= LONG
        self._seen[sort, day] = seen + at.size
        for row in at[single].tolist():
            lost = int(missing[row]) if missing is not None else 0
            self._told.append(self._issue(sort, int(begin[row]), int(end[row]), say(row), lost))
        others = at[~single]
        if others.size:
            lost = int(np.sum(missing[others])) if missing is not None else 0
            rest = self._rest.get((sort, day), _Rest(0, int(begin[others[0]]), 0))
            first = min(rest.begin, int(np.min(begin[others])))
            self._rest[sort, day] = _Rest(rest.rows + others.size, first, rest.missing + lost)

    def _issue(self, sort: Sort, begin: int, end: int, detail: str, missing: int) -> Issue:
        return Issue(
            kind=sort.kind,
            severity=sort.severity,
            ts_from=begin,
            ts_to=end,
            detail=detail,
            state=sort.state,
            missing=missing,
            origin=self._origin,
        )


class Stretch:
    """A state that lasts, such as a crossed book: told after `least` rows and ten, a hundred, … times as many.

    Its whole length is told when it has ended, because nobody knows it before. What one finding says of the start
    another one says again of the whole: `latest` leaves the last word of each.
    """

    def __init__(self, findings: Findings, sort: Sort, least: int, said: str) -> None:
        self._findings, self._sort, self._least, self._said = findings, sort, least, said
        self._count = self._begin = self._end = 0
        self._worst = 0.0

    def feed(self, bad: NDArray[np.bool_], begin: Times, end: Times, known: Times, worst: Any = None) -> None:
        """Rows in order, each from `begin` until `end` and known at `known`; `worst` is named with the stretch."""
        edges = np.flatnonzero(np.diff(bad.astype(np.int8))) + 1
        marks = [0, *edges.tolist(), bad.size] if bad.size else []
        for low, high in itertools.pairwise(marks):
            if bad[low]:
                if self._count or high - low >= self._least or high == bad.size:
                    self._grow(low, high, begin, end, known, worst)
            elif self._count:
                self._close(int(known[low]))

    def _grow(self, low: int, high: int, begin: Times, end: Times, known: Times, worst: Any) -> None:
        if self._count == 0:
            self._begin = int(begin[low])
        step = self._least
        while step <= self._count + high - low:
            if step > self._count:
                row = low + step - self._count - 1
                self._reach(worst, low, row + 1)
                self._tell(step, int(end[row]), int(known[row]), "so far")
            step *= 10
        self._reach(worst, low, high)
        self._count, self._end = self._count + high - low, int(end[high - 1])

    def _reach(self, worst: Any, low: int, high: int) -> None:
        if worst is not None:
            self._worst = max(self._worst, float(np.max(worst[low:high])))

    def _close(self, known: int) -> None:
        count, milestone = self._count, self._least
        while milestone < count:
            milestone *= 10
        if count > self._least and milestone != count:
            self._tell(count, self._end, known, "")
        self._count, self._worst = 0, 0.0

    def _tell(self, count: int, end: int, known: int, so_far: str) -> None:
        words = self._said.format(count=f"{count:,}", worst=f"{self._worst:.2%}")
        until = f"{so_far} " if so_far and count > 1 else ""
        detail = f"{words} {until}from {iso(self._begin)} to {iso(end)}"
        self._findings.one(self._sort, self._begin, max(known, end), detail)


def latest(issues: Iterable[Issue]) -> list[Issue]:
    """Issues without those of lasting states that a later one, which begins at the same time, tells whole."""
    found = list(issues)
    longest: dict[tuple[str, int], int] = {}
    for issue in found:
        key = (issue.kind, issue.ts_from)
        longest[key] = max(longest.get(key, 0), issue.ts_to)
    return [i for i in found if i.kind not in LASTING or i.ts_to == longest[i.kind, i.ts_from]]
