"""Spread, depth and tick direction at the close of a bar, from quotes, books and trades."""

from __future__ import annotations

import math

from helios_engine.bodies import BookSnapshot, Quote, Trade
from helios_features.orderbook.book import Top
from helios_features.orderbook.glance import depth_imbalance, spread_bps

_UNKNOWN = math.nan


class Microstructure:
    """What was last heard of one instrument; each figure is forgotten `max_age` ns after it was heard.

    * spread, in basis points of the mid price: (ask − bid) / ((ask + bid) / 2) × 10⁴. Not known while the best bid is
      above the best ask.
    * depth, from −1 to 1: (bid quantity − ask quantity) / (bid quantity + ask quantity) over the first `levels` levels
      of a book; a quote tells it only with `levels` 1. Not known where a side has fewer levels, or one of them no
      quantity: other levels would be another figure.
    A book that goes on in deltas is not followed here: from the first of them on, what its snapshot told is not known
    until the next snapshot, or quote. The stage `features.microstructure` follows books level by level.

    * tick, the tick rule of Lee & Ready (1991): 1 if the last trade that changed the price raised it, −1 if it lowered
      it.
    """

    def __init__(self, levels: int, max_age: int) -> None:
        self.levels, self.max_age = levels, max_age
        self.spread = self.depth = self.tick = self.price = _UNKNOWN
        self.heard = [0, 0, 0]
        self.of_book = [False, False]

    def quote(self, body: Quote, now: int) -> None:
        """The best prices have changed."""
        self._spread(body.bid, body.ask, now)
        self.of_book[0] = False
        if self.levels == 1:
            self.of_book[1] = False
            self._depth((((body.bid, body.bid_quantity),), ((body.ask, body.ask_quantity),)), now)

    def book(self, body: BookSnapshot, now: int) -> None:
        """A whole book was told; one without bids or asks has neither spread nor depth."""
        top = body.bids, body.asks
        bid, ask = (side[0][0] if side else 0.0 for side in top)
        self._spread(bid, ask, now)
        self._depth(top, now)
        self.of_book = [True, True]

    def delta(self) -> None:
        """The book is no longer what its snapshot told."""
        if self.of_book[0]:
            self.spread = _UNKNOWN
        if self.of_book[1]:
            self.depth = _UNKNOWN

    def trade(self, body: Trade, now: int) -> None:
        """Somebody traded; at an unchanged price the direction stays, but it was heard anew."""
        if body.price != self.price and not math.isnan(self.price):
            self.tick = 1.0 if body.price > self.price else -1.0
        self.price, self.heard[2] = body.price, now

    def at(self, now: int) -> tuple[float, float, float]:
        """Spread, depth and tick as they stand; NaN for what is not known or too old."""
        oldest = now - self.max_age
        spread, depth, tick = (ts >= oldest for ts in self.heard)
        return (
            self.spread if spread else _UNKNOWN,
            self.depth if depth else _UNKNOWN,
            self.tick if tick else _UNKNOWN,
        )

    def _spread(self, bid: float, ask: float, now: int) -> None:
        self.spread = spread_bps(bid, ask) if 0.0 < bid <= ask else _UNKNOWN
        self.heard[0] = now

    def _depth(self, top: Top, now: int) -> None:
        depth = depth_imbalance(top, self.levels)
        self.depth = _UNKNOWN if depth is None else depth
        self.heard[1] = now
