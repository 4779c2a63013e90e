"""Order books: replayed level by level; a book whose best bid reaches its best ask has lost something."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Any

import numpy as np

from helios_engine.catalog.audit.scan import Span, gap_issues, per_day, runs, scan
from helios_engine.catalog.audit.ticks import QUIET
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.store import Dataset

_COLUMNS = ("ts_event", "sequence", "snapshot", "side", "price", "quantity")


class _Side:
    """One side of a book: its levels, and the best of them by a heap that forgets lazily."""

    def __init__(self, sign: int) -> None:
        self._sign, self._levels, self._heap = sign, dict[int, int](), list[int]()

    def clear(self) -> None:
        self._levels.clear()
        self._heap.clear()

    def put(self, price: int, quantity: int) -> None:
        if quantity == 0:
            self._levels.pop(price, None)
            return
        if price not in self._levels:
            heappush(self._heap, self._sign * price)
        self._levels[price] = quantity

    @property
    def best(self) -> int | None:
        while self._heap and self._sign * self._heap[0] not in self._levels:
            heappop(self._heap)
        return self._sign * self._heap[0] if self._heap else None


def check_books(dataset: Dataset) -> Iterator[Issue]:
    """Every finding in a set of book rows."""
    spans: dict[str, list[Span]] = {"order": [], "early": [], "quiet": [], "crossed": [], "blind": []}
    replay = _Replay(spans)
    for block in scan(dataset, _COLUMNS):
        c = block.columns
        ts, silence = c["ts"], np.diff(c["ts"], prepend=c["ts"][:1])
        spans["order"] += runs(silence < 0, ts, ts + 1, block.pairs)
        spans["early"] += runs(ts < c["ts_event"], ts, ts + 1, block.old)
        for at in np.flatnonzero(silence > QUIET).tolist():
            if at >= block.pairs:
                spans["quiet"].append(Span(int(ts[at - 1]), int(ts[at]), 1))
        replay.feed({name: values[block.old :] for name, values in c.items()})
    replay.settle()
    yield from per_day(spans["order"], "order", "error", "rows are older than the one before")
    yield from per_day(
        spans["early"], "latency", "error", "rows were received before the venue made them: use --clock-offset"
    )
    yield from per_day(spans["blind"], "no_snapshot", "error", "changes before any snapshot: the book is not known yet")
    yield from per_day(spans["crossed"], "crossed", "error", "moments at which the best bid reaches the best ask")
    yield from gap_issues(spans["quiet"], "span of more than 10 minutes without changes,")


class _Replay:
    """The book as it goes; looked at whenever a message, all rows of one ts and sequence, is complete."""

    def __init__(self, spans: dict[str, list[Span]]) -> None:
        self._spans, self._bids, self._asks = spans, _Side(-1), _Side(1)
        self._message: tuple[int, int, bool] | None = None
        self._known = False

    def feed(self, c: dict[str, Any]) -> None:
        names = ("ts", "sequence", "snapshot", "side", "price", "quantity")
        for ts, sequence, snapshot, side, price, quantity in zip(*(c[n].tolist() for n in names), strict=True):
            if self._message != (ts, sequence, snapshot):
                self.settle()
                self._message = (ts, sequence, snapshot)
                if snapshot:
                    self._bids.clear()
                    self._asks.clear()
                    self._known = True
                elif not self._known:
                    self._spans["blind"].append(Span(ts, ts + 1, 1))
            if side:
                (self._bids if side > 0 else self._asks).put(price, quantity)

    def settle(self) -> None:
        """Look at the book after the last message."""
        if self._message is None or not self._known:
            return
        bid, ask = self._bids.best, self._asks.best
        if bid is not None and ask is not None and bid >= ask:
            ts = self._message[0]
            self._spans["crossed"].append(Span(ts, ts + 1, 1))
