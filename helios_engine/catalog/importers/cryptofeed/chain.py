"""Books whose changes go on from a REST snapshot: what is older is dropped, and every change must follow the last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from helios_engine.catalog.importers.cryptofeed.reader import Start, gap
from helios_engine.catalog.importers.cryptofeed.stream import Level, Stream


class Change(NamedTuple):
    """A message of changes: its first and last number, and the last of the message before where the venue tells it.

    Where `first` is 0 the venue numbers nothing: changes are only told from those the snapshot holds.
    """

    place: str
    ts: int
    event: int | None
    first: int
    last: int
    before: int | None
    levels: Sequence[Level]


class _Book:
    def __init__(self, starts: Sequence[Start]) -> None:
        self.starts = sorted(starts, key=lambda start: start.ts)
        self.last: int | None = None
        self.begun = 0
        self.early: list[Change] = []


class Chain:
    """The books of a stream, each waiting for its snapshot.

    A change that was received before the snapshot it goes on from is known with the snapshot, not before.
    """

    def __init__(self, out: Stream, starts: Mapping[str, Sequence[Start]], *, numbered: bool = True) -> None:
        self._out, self._starts, self._numbered = out, starts, numbered
        self._books: dict[str, _Book] = {}

    def change(self, symbol: str, change: Change) -> None:
        """Take a message in the order of receipt."""
        if change.event is not None:
            self._out.measure(change.event)
        book = self._books.setdefault(symbol, _Book(self._starts.get(symbol, ())))
        while book.starts and book.starts[0].ts <= change.ts:
            self._begin(symbol, book)
        if book.last is not None:
            self._follow(symbol, book, change)
        elif book.starts:
            book.early.append(change)
        else:
            self._out.unread(f"changes of a book without a snapshot ({symbol})")

    def restart(self) -> None:
        """A new connection of a venue without numbers: what came between is not known to be nothing."""
        for book in self._books.values():
            book.last = None

    def finish(self) -> None:
        """The stream is at its end: snapshots that are still to come hold what was received before them."""
        for symbol, book in self._books.items():
            while book.starts:
                self._begin(symbol, book)
        alone = len(self._starts.keys() - self._books.keys())
        if alone:
            self._out.unread("REST snapshots of books that did not change", alone)

    def _begin(self, symbol: str, book: _Book) -> None:
        start = book.starts.pop(0)
        if book.last is not None and start.sequence < book.last:
            self._out.unread("REST snapshots older than the book")
            return
        if start.event is not None:
            self._out.measure_at(start.ts, start.place, start.event)
        levels = start.levels
        sequence = start.sequence if self._numbered else 0
        self._out.levels_at(start.ts, start.place, symbol, start.event, sequence, levels, snapshot=True)
        book.last, book.begun = start.sequence, start.ts
        early, book.early = book.early, []
        for change in early:
            if book.last is None:
                book.early.append(change)
            else:
                self._follow(symbol, book, change)

    def _follow(self, symbol: str, book: _Book, change: Change) -> None:
        assert book.last is not None
        if change.last <= book.last:
            self._out.unread("messages of changes that the snapshot holds already")
            return
        if self._numbered and not _joins(change, book.last):
            gap(self._out, symbol, book.last, change.first)
            book.last = None
            return
        book.last = change.last
        sequence = change.last if self._numbered else 0
        ts = max(change.ts, book.begun)
        self._out.levels_at(ts, change.place, symbol, change.event, sequence, change.levels, snapshot=False)


def _joins(change: Change, last: int) -> bool:
    """Whether nothing is missing between a number and a change that ends after it."""
    return change.before <= last if change.before is not None else change.first <= last + 1
