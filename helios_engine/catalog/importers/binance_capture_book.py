"""The sequence of a captured order book: which depth updates belong to it, and where it breaks."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from helios_engine.catalog.importers.binance_capture_messages import Levels
from helios_engine.catalog.manifest import Issue

_KEPT = 2000
"""Updates kept in case a snapshot that is older than them comes late: about 20 seconds of the fastest stream."""


class Update(NamedTuple):
    """A snapshot or a depth update: the rows of one message. Times in ns; `place` is its `file:line`."""

    ts: int
    ts_event: int
    first: int
    last: int
    previous: int
    bids: Levels
    asks: Levels
    line: int
    file: str
    snapshot: bool = False

    @property
    def place(self) -> str:
        """`file:line`"""
        return f"{self.file}:{self.line}"


class Book:
    """Decides, message by message, what is written.

    A REST snapshot is older than the updates that arrived while it was on its way: those that came before it in
    the file and end after its `lastUpdateId` are applied behind it, at its time, for the book is known from then on.
    """

    def __init__(self, *, chained: bool) -> None:
        self._chained = chained
        self._last: int | None = None
        self._is_fresh = False
        self._recent: deque[Update] = deque(maxlen=_KEPT)
        self._broken = ""
        self._left_out: list[int] = [0, 0, 0]
        self.issues: list[Issue] = []

    def update(self, update: Update) -> bool:
        """Take a depth update; whether it is to be written."""
        self._recent.append(update)
        if self._last is None:
            return self._leave_out(update)
        if self._is_fresh and update.last <= self._last:
            return False
        if not self._goes_on(update):
            wanted = f"pu {self._last}" if self._chained else f"U {self._last + 1}"
            found = f"pu {update.previous}" if self._chained else f"U {update.first}"
            self._broken = f"the sequence broke at {update.place}: {found}, expected {wanted}"
            self._last = None
            return self._leave_out(update)
        self._last, self._is_fresh = update.last, False
        return True

    def snapshot(self, snapshot: Update) -> list[Update]:
        """Take a snapshot; returns the updates from before it that go on from it, at its time."""
        late = [update for update in self._recent if update.last > snapshot.last]
        self._last, self._is_fresh = snapshot.last, True
        if late and not self._goes_on(late[0]):
            late = []
        for number, update in enumerate(late):
            if not self._goes_on(update):
                late = late[:number]
                break
            self._last, self._is_fresh = update.last, False
        self._report(f"until the snapshot at {snapshot.place}", snapshot.ts, len(late))
        if len(late) < sum(update.last > snapshot.last for update in self._recent):
            self._recent.clear()
        return [update._replace(ts=snapshot.ts) for update in late]

    def pause(self, file: str, before: str) -> None:
        """A file is at its end: say what was left out of it; `before` is the file that may hold the snapshot."""
        where = f"to the end of {file}"
        if not self._broken:
            where += f", since no snapshot came before them; import {before} in the same command, before {file}"
        self._report(where, self._left_out[2] + 1, 0)

    def _goes_on(self, update: Update) -> bool:
        if self._last is None:
            return False
        if self._is_fresh:
            return (update.previous if self._chained else update.first - 1) <= self._last
        return (update.previous if self._chained else update.first - 1) == self._last

    def _leave_out(self, update: Update) -> bool:
        count, begin, _ = self._left_out
        self._left_out = [count + 1, begin or update.ts, update.ts]
        return False

    def _report(self, until: str, end: int, kept: int) -> None:
        """Turn what was left out so far into an Issue; `kept` of it were written after all."""
        count, begin, _ = self._left_out
        self._left_out = [0, 0, 0]
        broken, ended = self._broken, until.startswith("until")
        if ended:
            self._broken = ""
        if count and broken:
            detail = f"{broken}; {count - kept:,} depth updates were left out {until}"
            self._add("book_gap", "error", begin, max(end, begin + 1), detail, "quarantined")
        elif count > kept:
            detail = f"{count - kept:,} depth updates were left out {until}"
            detail += ", which already contains them" if ended else ""
            self._add("no_snapshot", "info" if ended else "error", begin, max(end, begin + 1), detail, "")

    def _add(self, kind: str, severity: str, begin: int, end: int, detail: str, state: str) -> None:
        self.issues.append(
            Issue(
                kind=kind, severity=severity, ts_from=begin, ts_to=end, detail=detail, state=state, origin="import"
            )
        )  # fmt: skip
