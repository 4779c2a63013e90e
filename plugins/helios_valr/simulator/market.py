"""One pair: a book, seeded orders that come and go, and the trades they make. No clock: the caller says when."""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import NamedTuple
from uuid import UUID

from helios_valr.simulator.book import BUY, SELL, Book, Entry, Fill

LOT = Decimal("0.00000001")
PRICES = {"BTC": 90_000, "ETH": 3_000, "SOL": 150, "XRP": 2}
QUOTES = ("USDT", "USDC", "ZAR", "USD", "EUR", "BTC")
KEPT = 20_000
"""How many trades, and how many mark prices, a pair remembers."""


class Traded(NamedTuple):
    """A trade; `at` is ns UTC, `sequence` grows by one over all trades of the pair."""

    at: int
    id: str
    sequence: int
    fill: Fill


class Change(NamedTuple):
    """What one order did to the book."""

    at: int
    entries: list[Entry]
    trades: list[Traded]


class Market:
    """`step` lets one more order come or go. The sequences of the two feeds grow by entries and by one."""

    def __init__(self, pair: str, seed: int, tick: Decimal | None = None) -> None:
        self.pair = pair
        self.is_perpetual = pair.endswith("PERP")
        self.quote = next((quote for quote in QUOTES if pair.removesuffix("PERP").endswith(quote)), "ZAR")
        self.base = pair.removesuffix("PERP").removesuffix(self.quote)
        self.tick = tick or (Decimal(1) if self.quote == "ZAR" else Decimal("0.1"))
        self.book = Book()
        self.trades: deque[Traded] = deque(maxlen=KEPT)
        self.marks: deque[tuple[int, int]] = deque(maxlen=KEPT)
        """Each mark price in ticks with its time: the middle of the book, when it moved."""
        self.full_sequence, self.l1_sequence, self.changed = 1_000, 500, 0
        self.draw = Random(f"{seed} {pair}")
        self._fair = int(PRICES.get(self.base, 100) * (18 if self.quote == "ZAR" else 1) / self.tick)
        self._count = 0

    def step(self, at: int) -> Change:
        """The next made-up order at `at` (ns UTC)."""
        return self.changed_by(at, *self._flow(at))

    def changed_by(self, at: int, entries: list[Entry], fills: list[Fill]) -> Change:
        """Note what orders did to the book at `at` (ns UTC)."""
        if entries:
            self.full_sequence += len(entries)
            self.l1_sequence += 1
            self.changed = at
        trades = []
        for fill in fills:
            self._count += 1
            trades.append(Traded(at, self.id(at), 1_400_000_000_000_000_000 + self._count, fill))
        self.trades.extend(trades)
        if (mark := self.mark) and (not self.marks or self.marks[-1][1] != mark):
            self.marks.append((at, mark))
        return Change(at, entries, trades)

    @property
    def mark(self) -> int:
        """The mark price in ticks: the middle of the book, the last one while a side is empty, at first 0."""
        bid, ask = self.book.best(BUY), self.book.best(SELL)
        if bid is None or ask is None:
            return self.marks[-1][1] if self.marks else 0
        return (bid + ask) // 2

    def price(self, ticks: int) -> str:
        """A price as VALR writes it."""
        return _text(ticks, self.tick)

    def quantity(self, lots: int) -> str:
        """A quantity as VALR writes it."""
        return _text(lots, LOT)

    def _flow(self, at: int) -> tuple[list[Entry], list[Fill]]:
        draw, book = self.draw, self.book
        width = max(2, self._fair // 5_000)
        self._fair = max(100 * width, self._fair + draw.randint(-width // 2, width // 2))
        side = draw.choice((BUY, SELL))
        size = draw.randrange(1, 50_000) * 1_000
        thin = min((BUY, SELL), key=lambda one: len(book.sides[one]))
        if len(book.sides[thin]) < 30:
            side = thin
        elif draw.random() < 0.15:
            best = book.best(-side) or self._fair
            return book.enter(side, best + side * width, "", size, rests=False)
        elif len(book.orders) > 100:
            return [book.cancel(draw.choice(list(book.orders)))], []
        return book.enter(side, self._fair - side * draw.randint(1, 30 * width), self.id(at), size, rests=True)

    def id(self, at: int) -> str:
        """A new id of a trade or an order."""
        # Version 7, as VALR's own: the milliseconds first, then chance.
        bits = (at // 1_000_000) << 80 | self.draw.getrandbits(76)
        return str(UUID(int=bits & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62))


@lru_cache(maxsize=100_000)
def _text(count: int, unit: Decimal) -> str:
    return f"{(count * unit).normalize():f}"
