"""What one instrument's models learn of its market, in the order in which it happens."""

from __future__ import annotations

from decimal import Decimal

from helios_engine.bodies import BookDelta, BookSnapshot, Instrument, Print, Quote, Trade
from helios_engine.events import Body
from helios_engine.nautilus.models.queue import Queue
from helios_engine.nautilus.models.slippage import Slippage
from helios_engine.nautilus.models.tape import DIGITS, Deal, Depth, FillModel, units


class Watch:
    """Turns market events into units for the models; every event is to be noted, shown to nautilus or not."""

    def __init__(self, definition: Instrument, fills: FillModel | None, slips: Slippage | None) -> None:
        self.fills, self.slips = fills, slips
        self.deal: Deal | None = None
        self.has_quotes = self.is_inside_bar = False
        self._bid = self._ask = 0
        self._number = 0
        self.define(definition)

    def define(self, definition: Instrument) -> None:
        """Take the definition that holds from now on: its decimals, tick and lot."""
        self._prices, self._sizes = definition.price_scale, definition.size_scale
        if self.fills is not None:
            self.fills.lot = units(definition.lot)
        if self.slips is not None:
            self.slips.tick = units(definition.tick)

    def note(self, body: Body) -> None:
        """Take in a market event; `deal` is it afterwards, or None if it was no deal."""
        self.deal = None
        if isinstance(body, Trade | Print):
            side = body.side if isinstance(body, Trade) else ""
            self._number += 1
            self.deal = Deal(self._number, self._price(body.price), self._size(body.quantity), side)
            if self.slips is not None:
                self._follow(self.deal)
                self.slips.deal(body.ts_event, self.deal)
        elif isinstance(body, Quote | BookSnapshot | BookDelta):
            if not self.has_quotes and self.slips is not None:
                self.slips.quoted()
            self.has_quotes = True
            if isinstance(self.fills, Queue):
                self._levels(self.fills, body)

    def slipped(self, side: str, price: Decimal, quantity: Decimal) -> Decimal:
        """What a market order of `quantity` is filled at, where the market is thought to give `price`."""
        if self.slips is None:
            return price
        found = units(price)
        if not self.has_quotes:
            found = max(found, self._ask) if side == "BUY" else min(found, self._bid or found)
        cost = self.slips.cost(found, units(quantity))
        return Decimal(found + cost if side == "BUY" else found - cost).scaleb(-DIGITS)

    def _follow(self, deal: Deal) -> None:
        """Follow nautilus' market on trades: a buyer's moves the ask, a seller's the bid, and neither crosses."""
        if deal.side != "SELL":
            self._ask, self._bid = deal.price, min(self._bid or deal.price, deal.price)
        if deal.side != "BUY":
            self._bid, self._ask = deal.price, max(self._ask, deal.price)

    def _levels(self, queue: Queue, body: Quote | BookSnapshot | BookDelta) -> None:
        if isinstance(body, Quote):
            bid = self._depth("BUY", body.bid, body.bid_quantity)
            queue.quote(bid, self._depth("SELL", body.ask, body.ask_quantity))
        elif isinstance(body, BookDelta):
            queue.book([self._depth(body.side, body.price, body.quantity)], is_whole=False)
        else:
            levels = [self._depth("BUY", *level) for level in body.bids]
            queue.book([*levels, *(self._depth("SELL", *level) for level in body.asks)], is_whole=True)

    def _depth(self, side: str, price: float, quantity: float) -> Depth:
        return Depth(side, self._price(price), self._size(quantity))

    def _price(self, value: float) -> int:
        return _exactly(value, self._prices)

    def _size(self, value: float) -> int:
        return _exactly(value, self._sizes)


def _exactly(value: float, scale: int) -> int:
    # The float is the one nearest to a decimal of so many digits: rounding gives that decimal back.
    found: int = round(value * 10**scale) * 10 ** (DIGITS - scale)
    return found
