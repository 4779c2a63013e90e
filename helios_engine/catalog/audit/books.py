"""Order books: replayed level by level; a book whose best bid reaches its best ask has lost something."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Any

import numpy as np

from helios_engine.catalog.audit.findings import Findings, Sort, Stretch
from helios_engine.catalog.audit.scan import scan
from helios_engine.catalog.audit.ticks import common, silence
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.store import Dataset

_COLUMNS = ("ts_event", "sequence", "snapshot", "side", "price", "quantity")
_MESSAGE = ("ts", "sequence", "snapshot", "side", "price", "quantity")
_CROSSED = Sort("crossed", "error", "stretches with the best bid at or above the best ask")
_BLIND = Sort("no_snapshot", "error", "messages before any snapshot")
_BACK = Sort("sequence", "error", "messages whose sequence falls")
_FALSE = Sort("impossible", "error", "levels with a price or a quantity that cannot be")


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
            if len(self._heap) > 2 * len(self._levels) + 1000:
                self._heap = sorted({*(self._sign * p for p in self._levels), self._sign * price})
        self._levels[price] = quantity

    @property
    def best(self) -> int | None:
        while self._heap and self._sign * self._heap[0] not in self._levels:
            heappop(self._heap)
        return self._sign * self._heap[0] if self._heap else None


def check_books(dataset: Dataset, now: int) -> Iterator[Issue]:
    """Every finding in a set of book rows; `now` (ns UTC) is when the check is made.

    A crossing ends with the message that uncrosses the book.
    """
    findings = Findings()
    replay, quiet = _Replay(findings), silence("books")
    for block in scan(dataset, _COLUMNS):
        c, ts = block.columns, block.columns["ts"]
        common(findings, block, quiet, now)
        false = ((c["price"] <= 0) & (c["side"] != 0)) | (c["quantity"] < 0)
        findings.rows(_FALSE, block.new(false), ts, ts + 1, lambda i: "a price is not positive, or a quantity negative")
        replay.feed({name: values[block.old :] for name, values in c.items()})
    replay.finish()
    yield from findings.issues()


class _Replay:
    """The book as it goes; looked at whenever a message, all rows of one ts and sequence, is complete."""

    def __init__(self, findings: Findings) -> None:
        self._findings, self._bids, self._asks = findings, _Side(-1), _Side(1)
        self._message: tuple[int, int, bool] | None = None
        self._known = False
        self._ts: list[int] = []
        self._bad: list[bool] = []
        self._crossed = Stretch(findings, _CROSSED, 1, "{count} messages with the best bid at or above the best ask")

    def feed(self, c: dict[str, Any]) -> None:
        """Rows in order; a message may go on in the next ones."""
        for ts, sequence, snapshot, side, price, quantity in zip(*(c[n].tolist() for n in _MESSAGE), strict=True):
            if self._message != (ts, sequence, snapshot):
                self._settle()
                self._begin((ts, sequence, snapshot))
            if side:
                (self._bids if side > 0 else self._asks).put(price, quantity)
        self._tell()

    def finish(self) -> None:
        """Look at the book after the last message."""
        self._settle()
        self._tell()

    def _begin(self, message: tuple[int, int, bool]) -> None:
        ts, sequence, snapshot = message
        if not snapshot and not self._known:
            self._findings.one(_BLIND, ts, ts + 1, "a change before any snapshot: the book is not known yet")
        if not snapshot and self._message is not None and sequence < self._message[1]:
            self._findings.one(_BACK, ts, ts + 1, f"the sequence falls from {self._message[1]} to {sequence}")
        if snapshot:
            self._bids.clear()
            self._asks.clear()
            self._known = True
        self._message = message

    def _settle(self) -> None:
        if self._message is None or not self._known:
            return
        bid, ask = self._bids.best, self._asks.best
        self._ts.append(self._message[0])
        self._bad.append(bid is not None and ask is not None and bid >= ask)

    def _tell(self) -> None:
        """Whole blocks of messages, of which the last one may still go on."""
        ts = np.array(self._ts, np.int64)
        self._crossed.feed(np.array(self._bad, np.bool_), ts, ts + 1, ts + 1)
        self._ts, self._bad = [], []
