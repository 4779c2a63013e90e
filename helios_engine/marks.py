"""What instruments are worth, from inputs that stages may know, and how much of them was traded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from helios_engine.bodies import Bar, BookSnapshot, MarkPrice, Quote, Trade
from helios_engine.events import Body
from helios_engine.ledger import Ledger
from helios_engine.timeline import Passed

Hear = Callable[[int, Any], None]


class Marks:
    """Sets the ledger's prices: of trades and bars, never of prints.

    The middle of a quote or book counts while there is no trade or bar. Once the venue tells mark prices of an
    instrument, they alone count, as they do for its margin and funding.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._prices = ledger.prices
        self.volumes: dict[str, float] = {}
        """Base volume that was traded in each instrument so far: of its trades, or else of its shortest bars."""
        self._shortest: dict[str, int] = {}
        self._marked: set[str] = set()
        self._traded: set[str] = set()

    def hears(self) -> dict[type[Body], Hear]:
        """Which inputs count, and who takes them."""
        return {Trade: self._trade, Bar: self._bar, Quote: self._quote, BookSnapshot: self._book, MarkPrice: self._mark}

    def _trade(self, ts: int, body: Trade) -> None:
        name = body.instrument
        if name not in self._marked:
            self._prices[name] = body.price
        self.volumes[name] = self.volumes.get(name, 0.0) + body.quantity
        if self._shortest.get(name) != 0:
            self._shortest[name] = 0
            self._traded.add(name)

    def pass_over(self, passed: Passed) -> None:
        """Take in many trades of one instrument: as each in turn, the sum of sizes bit for bit."""
        rows, start, stop = passed
        name = rows.instrument
        if name not in self._marked:
            self._prices[name] = float(rows["price"][stop - 1])
        sizes = np.concatenate([[self.volumes.get(name, 0.0)], rows["quantity"][start:stop]])
        self.volumes[name] = float(np.add.accumulate(sizes)[-1])
        if self._shortest.get(name) != 0:
            self._shortest[name] = 0
            self._traded.add(name)

    def _bar(self, ts: int, body: Bar) -> None:
        name, length = body.instrument, body.ts_close - body.ts_open
        if name not in self._marked:
            self._traded.add(name)
            self._prices[name] = body.close
        known = self._shortest.get(name)
        if known is None or length < known:
            self._shortest[name], self.volumes[name] = length, 0.0
        if length == self._shortest[name]:
            self.volumes[name] += body.volume

    def _quote(self, ts: int, body: Quote) -> None:
        self._middle(body.instrument, body.bid, body.ask)

    def _book(self, ts: int, body: BookSnapshot) -> None:
        if body.bids and body.asks:
            self._middle(body.instrument, body.bids[0][0], body.asks[0][0])

    def _mark(self, ts: int, body: MarkPrice) -> None:
        self._marked.add(body.instrument)
        self._prices[body.instrument] = body.price

    def _middle(self, name: str, bid: float, ask: float) -> None:
        if name not in self._traded and name not in self._marked:
            self._prices[name] = (bid + ask) / 2
