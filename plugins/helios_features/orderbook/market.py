"""What is remembered of one instrument: its book or quotes, its last trade, and the open windows."""

from __future__ import annotations

from helios_engine.bodies import BookDelta, BookSnapshot, Quote, Trade
from helios_features.orderbook.book import MOST, Book, Numbering, Top
from helios_features.orderbook.flow import Window, flow_terms
from helios_features.orderbook.glance import depth_imbalance, microprice_bps, spread_bps


class Market:
    """A book as soon as one is heard of, quotes until then; the two are never mixed.

    All changes of one ts are one update: a message comes as several deltas, between which the book is neither
    the old one nor the new one. So an update is looked at when something later, or a row, is asked for.
    """

    def __init__(self, levels: int, deep: int, sequence: Numbering, max_age: int) -> None:
        self.levels, self.deep, self.max_age = levels, deep, max_age
        self.book = Book(sequence)
        self.quoted: Top | None = None
        self.has_book = self.is_pending = False
        self.heard = self.traded = self.boundary = 0
        self.price = self.tick = 0.0
        self.before: Top | None = None
        self.windows: dict[str, Window] = {}

    def on_book(self, body: BookSnapshot | BookDelta, ts: int) -> str:
        """Follow the book; returns why it cannot be believed any more, or nothing."""
        if not self.has_book:
            self.has_book = True
            self.interrupt()
        book, self.heard = self.book, ts
        lost = book.snapshot(body, ts) if isinstance(body, BookSnapshot) else book.delta(body, ts)
        if lost:
            self.interrupt()
        self.is_pending = True
        return lost

    def on_quote(self, body: Quote, ts: int) -> None:
        """Take the best prices and sizes, each quote being an update of its own."""
        self.heard = ts
        sizes = body.bid_quantity, body.ask_quantity
        is_sound = 0.0 < body.bid < body.ask <= MOST and all(0.0 <= size <= MOST for size in sizes)
        self.quoted = (((body.bid, sizes[0]),), ((body.ask, sizes[1]),)) if is_sound else None
        self._step(self.quoted)

    def on_trade(self, body: Trade, ts: int) -> None:
        """Take the tick rule and the traded quantity further."""
        if not (0.0 < body.price <= MOST and 0.0 < body.quantity <= MOST):
            self.price = self.tick = 0.0
            for window in self.windows.values():
                window.is_tape_whole = False
            return
        if self.price and body.price != self.price:
            self.tick = 1.0 if body.price > self.price else -1.0
        self.price, self.traded = body.price, ts
        for window in self.windows.values():
            window.trade(body.side, body.quantity)

    def settle(self) -> None:
        """Look at the update that is complete now."""
        if self.is_pending:
            self.is_pending = False
            self._step(self.book.top(self.deep))

    def interrupt(self) -> None:
        """What came before and what comes now do not belong together: no flow can be told between them."""
        self._step(None)

    def row(self, name: str, now: int) -> list[float | None]:
        """The features as they stand at `now`, and the flows of the window `name`, which begins anew."""
        top = self.book.top(self.levels) if self.has_book else self.quoted
        if now - self.heard > self.max_age:
            top = None
        glance: list[float | None] = [None] * 3
        if top is not None:
            spread = spread_bps(top[0][0][0], top[1][0][0])
            glance = [spread, depth_imbalance(top, self.levels), microprice_bps(top)]
        flows: list[float | None] = [None] * self.deep
        imbalance: float | None = None
        if name in self.windows:
            flows, imbalance = self.windows[name].read()
        if top is None:
            flows = [None] * self.deep
        self._begin(name)
        tick = self.tick if self.tick and now - self.traded <= self.max_age else None
        return [*glance, *flows, tick, imbalance]

    def _begin(self, name: str) -> None:
        window = self.windows[name] = Window(self.deep)
        window.is_tape_whole = True
        before = self.before
        window.is_whole = [bool(before and flow_terms(before, before, level)) for level in range(self.deep)]

    def _step(self, top: Top | None) -> None:
        before, self.before = self.before, top
        if not self.windows or (top is not None and top == before):
            return
        for level in range(self.deep):
            terms = flow_terms(before, top, level) if before and top else None
            for window in self.windows.values():
                if terms is None:
                    window.lose(level)
                else:
                    window.add(level, terms)
