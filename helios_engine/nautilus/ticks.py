"""Market events of one instrument as nautilus' own, exactly: through integers, never through text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nautilus_trader.model.data import OrderBookDelta, OrderBookDeltas, QuoteTick, TradeTick
from nautilus_trader.model.enums import AggressorSide, BookAction, OrderSide
from nautilus_trader.model.identifiers import TradeId
from nautilus_trader.model.objects import FIXED_PRECISION, Price, Quantity

from helios_engine.bodies import BookDelta, Instrument, Print, Quote, Trade
from helios_engine.nautilus.book import Changes
from helios_engine.nautilus.instruments import price_digits, size_digits, trading_id

SIDES = {"BUY": AggressorSide.BUYER, "SELL": AggressorSide.SELLER, "": AggressorSide.NO_AGGRESSOR}
_BOOK_SIDES = {"BUY": OrderSide.BUY, "SELL": OrderSide.SELL}
_ONE = TradeId("1")  # matching never looks at the id of a public trade


class Ticker:
    """Turns bodies into ticks and book deltas with the digits of its nautilus instrument.

    A size that the source did not state, or that rounds to nothing, counts as the smallest one: an order may begin
    there, and pays for what is more, as nautilus does it.
    """

    def __init__(self, definition: Instrument, digits: int = 0) -> None:
        self.id = trading_id(definition.instrument)
        self._prices, self._sizes = max(digits, price_digits(definition)), size_digits(definition)
        self._price_units, self._size_units = float(10**self._prices), float(10**definition.size_scale)
        self._price_raw = 10 ** (FIXED_PRECISION - self._prices)
        self._size_raw = 10 ** (FIXED_PRECISION - definition.size_scale)

    def tick(self, body: Trade | Print) -> TradeTick:
        """The tick of a trade or print."""
        ts = body.ts_event
        return TradeTick.from_raw(
            self.id,
            round(body.price * self._price_units) * self._price_raw,
            self._prices,
            (round(body.quantity * self._size_units) or 1) * self._size_raw,
            self._sizes,
            SIDES[body.side] if type(body) is Trade else AggressorSide.NO_AGGRESSOR,
            _ONE,
            ts,
            ts,
        )

    def quote(self, body: Quote) -> QuoteTick:
        """The tick of a quote."""
        ts = body.ts_event
        return QuoteTick.from_raw(
            self.id,
            round(body.bid * self._price_units) * self._price_raw,
            round(body.ask * self._price_units) * self._price_raw,
            self._prices,
            self._prices,
            (round(body.bid_quantity * self._size_units) or 1) * self._size_raw,
            (round(body.ask_quantity * self._size_units) or 1) * self._size_raw,
            self._sizes,
            self._sizes,
            ts,
            ts,
        )

    def delta(self, body: BookDelta) -> OrderBookDelta:
        """One changed level."""
        return self._level(body.side, body.price, body.quantity, body.ts_event)

    def deltas(self, changes: Changes) -> OrderBookDeltas:
        """Many changed levels, which matching looks at when all are made."""
        ts = changes.ts_event
        found = [OrderBookDelta.clear(self.id, 0, ts, ts)] if changes.is_whole else []
        found += [self._level(side, price, quantity, ts) for side, price, quantity in changes.levels]
        return OrderBookDeltas(self.id, found)

    def price(self, value: Decimal) -> Price:
        """An order's price, exactly; it lies on the tick."""
        return Price.from_raw(int(value.scaleb(FIXED_PRECISION)), self._prices)

    def quantity(self, value: Decimal) -> Quantity:
        """An order's quantity, exactly; it is a multiple of the lot."""
        return Quantity.from_raw(int(value.scaleb(FIXED_PRECISION)), self._sizes)

    def _level(self, side: str, price: float, quantity: float, ts: int) -> Any:
        units = round(quantity * self._size_units)
        return OrderBookDelta.from_raw(
            self.id,
            BookAction.UPDATE if units else BookAction.DELETE,
            _BOOK_SIDES[side],
            round(price * self._price_units) * self._price_raw,
            self._prices,
            units * self._size_raw,
            self._sizes,
            0,
            0,
            0,
            ts,
            ts,
        )
