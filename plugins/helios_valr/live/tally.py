"""Buckets made of trades, to hold VALR's own against: where both are whole, they say the same, or it is told."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from helios_engine.bodies import Bar, DataIssue, Trade
from helios_valr.live.bars import MINUTE, prices

KEPT = 30
"""Minutes of a pair that are remembered, and official buckets that wait for the trades of their time."""


class _Made(msgspec.Struct):
    """A bucket of trades. Of several trades in the first or last millisecond nobody knows which came first."""

    first: int
    last: int
    opens: set[float]
    closes: set[float]
    high: float
    low: float
    volume: Decimal = Decimal(0)

    def add(self, trade: Trade, quantity: Decimal) -> None:
        if trade.ts_event <= self.first:
            self.opens = {trade.price} | (self.opens if trade.ts_event == self.first else set())
            self.first = trade.ts_event
        if trade.ts_event >= self.last:
            self.closes = {trade.price} | (self.closes if trade.ts_event == self.last else set())
            self.last = trade.ts_event
        self.high, self.low = max(self.high, trade.price), min(self.low, trade.price)
        self.volume += quantity

    def agrees(self, bar: Bar) -> bool:
        ends = bar.open in self.opens and bar.close in self.closes
        return ends and (self.high, self.low, float(self.volume)) == (bar.high, bar.low, bar.volume)

    def __str__(self) -> str:
        opens, closes = (" or ".join(map(str, sorted(found))) for found in (self.opens, self.closes))
        return f"open {opens} high {self.high} low {self.low} close {closes} volume {float(self.volume)}"


class Tally:
    """Of one connection: what the trades make of each minute. Only minutes whose trades are all known are compared."""

    def __init__(self) -> None:
        self._whole_from: dict[str, int] = {}
        self._made: dict[str, dict[int, _Made]] = {}
        self._waiting: dict[str, list[Bar]] = {}
        self.compared = 0
        """How many official buckets were held against trades."""

    def whole_from(self, instrument: str, since: int) -> None:
        """The trades of an instrument are all known from `since` (ns UTC) on, and not before."""
        self._whole_from[instrument] = max(since, self._whole_from.get(instrument, 0))

    def trade(self, trade: Trade) -> None:
        """A trade, whenever it comes. It was read without loss, so that its float gives back the digits."""
        if trade.instrument not in self._whole_from:
            return
        made, opened = self._made.setdefault(trade.instrument, {}), trade.ts_event - trade.ts_event % MINUTE
        if opened not in made:
            price = trade.price
            made[opened] = _Made(trade.ts_event, trade.ts_event, {price}, {price}, price, price)
            for old in sorted(made)[:-KEPT]:
                del made[old]
        made[opened].add(trade, Decimal(repr(trade.quantity)))

    def bar(self, bar: Bar) -> None:
        """An official bucket; it waits until its trades are known too."""
        if bar.instrument in self._whole_from:
            waiting = self._waiting.setdefault(bar.instrument, [])
            waiting.append(bar)
            del waiting[:-KEPT]

    def differences(self, instrument: str, known_until: int) -> Iterator[DataIssue]:
        """Compare the buckets that ended before `known_until` (ns UTC), up to where every trade is known."""
        waiting = self._waiting.get(instrument, [])
        due = [bar for bar in waiting if bar.ts_close < known_until]
        if not due:
            return
        self._waiting[instrument] = waiting[len(due) :]
        for bar in due:
            if bar.ts_open < self._whole_from[instrument]:
                continue
            made = self._made.get(instrument, {}).get(bar.ts_open)
            self.compared += 1
            if made.agrees(bar) if made else bar.volume == 0:
                continue
            text = f"VALR says {prices(bar)}; its trades make {made or 'nothing'}"
            yield DataIssue(instrument, "bucket_differs", "warn", bar.ts_open, bar.ts_close, text)
