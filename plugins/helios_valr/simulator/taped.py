"""A pair whose trades and book are those of a recording, said as VALR says them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from helios_engine.bodies import BookDelta, BookSnapshot, Quote, Trade
from helios_valr.simulator.book import BUY, SELL, Entry, Fill
from helios_valr.simulator.market import LOT, Change, Market

Told = BookDelta | BookSnapshot | Quote | Trade
LEVELS = 30
"""Of a made-up book, a side: more than the 25 that a checksum covers."""
APART = 5_000
"""A made-up level lies this part of the first price from the next: 2 basis points."""
ROOM = LEVELS * 3 // 2


class TapedMarket(Market):
    """`take` does what a recording says. Quantities have eight places; what is less is left out and counted.

    Where the recording has books (`has_book`) there is one made-up order a level, and trades leave the book alone.
    Where it has none, a thin book is made up around the quotes, or around the price of the last trade.
    """

    def __init__(self, pair: str, seed: int, tick: Decimal, has_book: bool, currencies: tuple[str, str] = ("", "")):
        super().__init__(pair, seed, tick)
        self.base, self.quote = currencies[0] or self.base, currencies[1] or self.quote
        self.has_book, self.left_out = has_book, 0
        self._last, self._side, self._apart = 0, BUY, 0

    def take(self, at: int, told: Iterable[Told]) -> Change:
        """One moment of the recording, at `at` (ns UTC)."""
        entries: list[Entry] = []
        fills: list[Fill] = []
        for body in told:
            match body:
                case Trade():
                    self._trade(at, body, entries, fills)
                case Quote():
                    self._quote(at, body, entries)
                case BookSnapshot():
                    self._whole(at, body, entries)
                case BookDelta():
                    side = BUY if body.side == "BUY" else SELL
                    self._set(at, side, self._ticks(body.price), self._lots(body.quantity), entries)
        return self.changed_by(at, entries, fills)

    def _trade(self, at: int, trade: Trade, entries: list[Entry], fills: list[Fill]) -> None:
        price, lots = self._ticks(trade.price), self._lots(trade.quantity)
        if price <= 0 or lots <= 0:
            self.left_out += 1
            return
        # Where the taker is not told, a higher price than the last was bought and a lower one sold.
        moved = BUY if price > self._last else SELL if price < self._last else self._side
        side = {"BUY": BUY, "SELL": SELL}.get(trade.side, moved)
        self._last, self._side = price, side
        if self.has_book:
            fills.append(Fill(price, lots, side))
            return
        self._clear(-side, price, entries)
        self._clear(side, price, entries)
        rested, _ = self.book.enter(-side, price, self.id(at), lots, rests=True)
        met, made = self.book.enter(side, price, "", lots, rests=False)
        entries += rested + met
        fills += made
        self._fill_up(at, price, price, entries)

    def _quote(self, at: int, quote: Quote, entries: list[Entry]) -> None:
        bid, ask = self._ticks(quote.bid), self._ticks(quote.ask)
        if not 0 < bid < ask:
            self.left_out += 1
            return
        self._clear(BUY, bid + 1, entries)
        self._clear(SELL, ask - 1, entries)
        self._set(at, BUY, bid, self._lots(quote.bid_quantity) or self._some(), entries)
        self._set(at, SELL, ask, self._lots(quote.ask_quantity) or self._some(), entries)
        self._fill_up(at, bid, ask, entries)

    def _whole(self, at: int, book: BookSnapshot, entries: list[Entry]) -> None:
        for side, levels in ((BUY, book.bids), (SELL, book.asks)):
            wanted = {self._ticks(price): self._lots(quantity) for price, quantity in levels}
            for price in self.book.prices(side):
                if price not in wanted:
                    self._drop(side, price, entries)
            for price, lots in wanted.items():
                self._set(at, side, price, lots, entries)

    def _set(self, at: int, side: int, price: int, lots: int, entries: list[Entry]) -> None:
        """Let `lots` rest at a price. What it would cross gives way: a recording may be late on one side."""
        if price <= 0 or self.book.level(side, price) == lots:
            return
        self._drop(side, price, entries)
        if lots > 0:
            self._clear(-side, price, entries)
            entries += self.book.enter(side, price, self.id(at), lots, rests=True)[0]

    def _clear(self, side: int, price: int, entries: list[Entry]) -> None:
        """Take away what rests at `price` or better."""
        for found in self.book.prices(side):
            if side * (found - price) < 0:
                break
            self._drop(side, found, entries)

    def _drop(self, side: int, price: int, entries: list[Entry]) -> None:
        entries += [self.book.cancel(order) for order in list(self.book.sides[side].get(price, ()))]

    def _fill_up(self, at: int, bid: int, ask: int, entries: list[Entry]) -> None:
        """Made-up levels below `bid` and above `ask`, on a grid, so that a small move changes little."""
        self._apart = self._apart or max(1, bid // APART)
        for side, edge in ((BUY, bid), (SELL, ask)):
            nearest = -(-bid // self._apart) if side == BUY else edge // self._apart
            for place in range(1, LEVELS + 1):
                price = (nearest - side * place) * self._apart
                if price > 0 and price not in self.book.sides[side]:
                    self._set(at, side, price, self._some(), entries)
            for price in self.book.prices(side)[ROOM:]:
                self._drop(side, price, entries)

    def _ticks(self, price: float) -> int:
        return round(Decimal(repr(price)) / self.tick)

    def _lots(self, quantity: float) -> int:
        return int(Decimal(repr(quantity)) / LOT)

    def _some(self) -> int:
        return self.draw.randrange(1, 50_000) * 1_000
