"""Which windows are made of which: a plan by which compiled code gets the statistics of all windows of a bar.

A window of n values is merged from two that are known, the newer of the same bar and the older of some bars before:
20 = 10 + 10, 10 = 5 + 5, 5 = 4 + 1. So each costs a few operations and not n; yet it is made of nothing but its own
values, in an order that depends on nothing else: nothing drifts, and a wild price is forgotten with the window.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

MEAN, SQUARES, POWERS = 1, 2, 4
"""How many numbers are kept of a window: its mean, and the sums of the second, third and fourth powers around it."""
HIGHEST, LOWEST = 5, 6


@dataclass(eq=False)
class Level:
    """The windows of one length of one column, one for each bar; `kind` is MEAN … POWERS, HIGHEST or LOWEST."""

    kind: int
    reach: int = 0
    """How many bars back it is looked at."""
    at: list[int] = field(default_factory=list)
    """Where in memory its numbers are, one stretch each, of `reach` old values and then the new ones."""

    @property
    def numbers(self) -> int:
        """How many numbers are kept of each window."""
        return self.kind if self.kind <= POWERS else 1


@dataclass(eq=False)
class Merge:
    """`out` is made of `newer`, of the last `new` values, and of `older`, of `old` values, `lag` bars before."""

    out: Level
    newer: Level
    older: Level
    new: int
    old: int
    lag: int


class Plan:
    """Windows that are wanted, and the merges that lead to them, each after those that it needs."""

    def __init__(self) -> None:
        self.merges: list[Merge] = []
        self.levels: list[Level] = []

    def column(self, reach: int = 0) -> Level:
        """A column of values that somebody else writes, and looks back in by `reach` bars."""
        return self._level(MEAN, reach)

    def means(self, column: Level, wanted: dict[int, int]) -> dict[int, Level]:
        """Windows by length; `wanted` says MEAN, SQUARES or POWERS for each length."""
        known = {1: column}
        for n in sorted(wanted):
            self._sum(known, n, MEAN)
            known[n].kind = max(known[n].kind, wanted[n]) if n > 1 else MEAN
        for merge in reversed(self.merges):  # what is merged into powers has to have them
            for part in (merge.newer, merge.older):
                if merge.out in known.values() and part is not column:
                    part.kind = max(part.kind, merge.out.kind)
        return known

    def extremes(self, column: Level, kind: int, lengths: tuple[int, ...]) -> dict[int, Level]:
        """The highest or lowest values of windows by length; here windows that are merged may overlap."""
        known = {1: column}
        for n in sorted(lengths):
            while max(k for k in known if k <= n) < n:
                most = max(k for k in known if k <= n)
                self._merge(known, min(2 * most, n), most, most, kind)
        return known

    def placed(self, start: int, room: int) -> int:
        """Give every level its place in memory from `start` on, with `room` for new values; returns where it ends."""
        for merge in self.merges:
            merge.older.reach = max(merge.older.reach, merge.lag)
        for level in self.levels:
            for _ in range(level.numbers):
                level.at.append(start + level.reach)
                start += level.reach + room
        return start

    def kept(self) -> Iterator[tuple[int, int]]:
        """Where old values begin, and how many there are, of each stretch that has any."""
        yield from ((at - level.reach, level.reach) for level in self.levels for at in level.at if level.reach)

    def _sum(self, known: dict[int, Level], n: int, kind: int) -> None:
        if n in known:
            return
        pairs = [k for k in known if n - k in known and 2 * k >= n]
        if not pairs:
            self._sum(known, n // 2 if n % 2 == 0 else n - 1, kind)
            pairs = [n // 2 if n % 2 == 0 else n - 1]
        self._merge(known, n, min(pairs), n - min(pairs), kind)

    def _merge(self, known: dict[int, Level], n: int, new: int, old: int, kind: int) -> None:
        known[n] = self._level(kind)
        self.merges.append(Merge(known[n], known[new], known[old], new, old, n - old))

    def _level(self, kind: int, reach: int = 0) -> Level:
        level = Level(kind, reach)
        self.levels.append(level)
        return level
