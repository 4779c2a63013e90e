"""The order book between the events that nautilus sees: what has changed, and whether a side is empty."""

from __future__ import annotations

from typing import NamedTuple

from helios_engine.bodies import BookDelta, BookSnapshot
from helios_engine.nautilus.memory import Memory, Tape


class Changes(NamedTuple):
    """Levels that changed up to `ts_event`: `(side, price, quantity)`, quantity 0 for one that is gone.

    `is_whole` says that these are all the levels of the book.
    """

    instrument: str
    ts_event: int
    is_whole: bool
    levels: tuple[tuple[str, float, float], ...]


class BookMemory:
    """Every level of a book, those that nautilus has not heard of yet, and the trades since.

    A book with an empty side is never passed over: nautilus then keeps the best price of that side's last level, which
    depends on every step.
    """

    def __init__(self) -> None:
        self._levels: dict[str, dict[float, float]] = {"BUY": {}, "SELL": {}}
        self._changed: dict[tuple[str, float], float] = {}
        self._is_whole = False
        self._ts = 0
        self._before: Tape | None = None
        self._trades = Memory()

    def apply(self, body: BookSnapshot | BookDelta) -> bool:
        """Follow the book; whether it must be shown, because a side is, or was, empty."""
        had = self._two_sided()
        if isinstance(body, BookDelta):
            side = self._levels[body.side]
            if body.quantity:
                side[body.price] = body.quantity
            else:
                side.pop(body.price, None)
        else:
            self._levels = {"BUY": dict(body.bids), "SELL": dict(body.asks)}
        return not (had and self._two_sided())

    def add(self, body: Tape | BookSnapshot | BookDelta) -> None:
        """Remember an event that was not shown to nautilus; a book's was applied before."""
        if isinstance(body, BookDelta):
            self._changed[body.side, body.price] = body.quantity
        elif isinstance(body, BookSnapshot):
            self._changed, self._is_whole = dict(levels_of(body)), True
        else:
            self._trades.add(body)
            return
        self._ts = body.ts_event
        taken = self._trades.take()
        if taken:
            self._before = taken[-1]  # type: ignore[assignment]

    def is_one_sided(self) -> bool:
        """Whether a side is empty, so that trades must be shown too."""
        return not self._two_sided()

    def stirs(self, body: Tape | BookSnapshot | BookDelta) -> bool:
        """Whether an event must be shown, because a side is empty, or will be with it."""
        if not self._two_sided():
            return True
        if isinstance(body, BookSnapshot):
            return not (body.bids and body.asks)
        if not isinstance(body, BookDelta) or body.quantity:
            return False
        side = self._levels[body.side]
        return len(side) == 1 and body.price in side

    def take(self, name: str) -> list[Tape | Changes]:
        """The events to show now, oldest first; none if nautilus is up to date."""
        found: list[Tape | Changes] = []
        if self._before is not None:
            found.append(self._before)
        if self._changed or self._is_whole:
            levels = tuple((side, price, quantity) for (side, price), quantity in self._changed.items())
            found.append(Changes(name, self._ts, self._is_whole, levels))
        self._before, self._changed, self._is_whole = None, {}, False
        return [*found, *self._trades.take()]  # type: ignore[list-item]

    def _two_sided(self) -> bool:
        return bool(self._levels["BUY"] and self._levels["SELL"])


def levels_of(body: BookSnapshot) -> list[tuple[tuple[str, float], float]]:
    """The levels of a snapshot, by side and price."""
    return [
        *((("BUY", price), quantity) for price, quantity in body.bids),
        *((("SELL", price), quantity) for price, quantity in body.asks),
    ]


def whole(body: BookSnapshot) -> Changes:
    """A snapshot as changes that replace the book."""
    levels = tuple((side, price, quantity) for (side, price), quantity in levels_of(body))
    return Changes(body.instrument, body.ts_event, True, levels)
