"""The few past events that bring nautilus' market up to date when something may match again."""

from __future__ import annotations

import numpy as np

from helios_engine.bodies import Print, Quote, Trade
from helios_engine.timeline import Passed

Tape = Trade | Print
_BUY = 1


class Memory:
    """Past trades, prints and quotes whose effect on nautilus' market equals that of all of them.

    That market is (bid, ask, last, best level). In 1.221 a buyer's trade at p sets ask = p and bid = min(bid, p); a
    seller's sets bid = p and ask = max(ask, p); a print without side, and a quote, set both. So what counts is the
    last event of another side, the most extreme since, the last, and the last trade before a quote.
    """

    def __init__(self) -> None:
        self._before: Tape | None = None
        self._quote: Quote | None = None
        self._anchor: Tape | None = None
        self._extreme: Tape | None = None
        self._last: Tape | None = None

    def add(self, body: Tape | Quote) -> None:
        """Remember an event that was not shown to nautilus."""
        if type(body) is Quote:
            self._before = self._last or self._before
            self._quote, self._anchor, self._extreme, self._last = body, None, None, None
            return
        assert not isinstance(body, Quote)
        last, side = self._last, _side(body)
        if not side:
            self._anchor = self._extreme = None
        elif last is not None and _side(last) != side:
            self._anchor, self._extreme = last, None
        elif last is not None and (self._extreme is None or _beyond(last, self._extreme, side)):
            self._extreme = last
        self._last = body

    def only(self, body: Print) -> None:
        """Remember a print that was not shown, and nothing before it."""
        self._before = self._quote = self._anchor = self._extreme = None
        self._last = body

    def take(self) -> list[Tape | Quote]:
        """The events to show now, oldest first; none if nautilus is up to date."""
        if self._last is None and self._quote is None:
            return []
        kept = (self._before, self._quote, self._anchor, self._extreme, self._last)
        self._before = self._quote = self._anchor = self._extreme = self._last = None
        return [body for body in kept if body is not None]


def telling(passed: Passed) -> list[int]:
    """Rows of trades in which a memory, given these alone, is as if it had been given all (see Memory).

    They are the last of another side than the last one's, the most extreme after it, and the last.
    """
    rows, start, stop = passed
    sides, last = rows["side"][start:stop], stop - 1
    side = int(sides[-1])
    if side == 0:  # it sets both bid and ask
        return [last]
    others = np.flatnonzero(sides != side)
    first = start + int(others[-1]) if len(others) else start
    since = first + 1 if len(others) else first
    prices = rows["price"][since:last]
    extreme = [since + int(prices.argmin() if side == _BUY else prices.argmax())] if len(prices) else []
    return sorted({first, *extreme, last})


def _side(body: Tape) -> str:
    return body.side if type(body) is Trade else ""


def _beyond(body: Tape, other: Tape, side: str) -> bool:
    return body.price < other.price if side == "BUY" else body.price > other.price
