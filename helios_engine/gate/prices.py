"""At what price: known, worth the instrument's minimum, within the collar, and not too much in one order."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal

from helios_engine.bodies import BookSnapshot, OrderIntent, Quote
from helios_engine.gate.holdings import Case
from helios_engine.gate.limits import Limits
from helios_engine.ledger import Ledger


class Prices:
    """Knows the last prices from the ledger, and the best bid and ask of each instrument if it was told."""

    def __init__(self, limits: Limits, ledger: Ledger) -> None:
        self._ledger = ledger
        self._collar, self._largest = limits.price_collar, limits.max_notional
        self._touch: dict[str, tuple[float, float]] = {}

    def quote(self, ts: int, body: Quote) -> None:
        """Remember the best bid and ask."""
        self._compare(body.instrument, body.bid, body.ask)

    def book(self, ts: int, body: BookSnapshot) -> None:
        """Remember the best bid and ask of a book; a book without one of them is none to compare with."""
        bid, ask = (side[0][0] if side else math.nan for side in (body.bids, body.asks))
        self._compare(body.instrument, bid, ask)

    def known(self, case: Case) -> str | None:
        """Nothing can be judged before the instrument has a price."""
        last = self._ledger.prices.get(case.order.instrument)
        if last is None:
            return f"no_price: none of {case.order.instrument} is known yet"
        return None if _is_price(last) else f"no_price: the last of {case.order.instrument} is {last}"

    def minimum(self, case: Case) -> str | None:
        """The instrument's smallest value, in its quote currency, at the order's own price or the last one."""
        order, least = case.order, self._ledger.instruments[case.order.instrument].min_notional
        value = order.quantity * (order.price or order.trigger or self._last(order))
        return f"min_notional: {value:.8g} is under the minimum {least}" if value < least else None

    def losing_side(self, case: Case) -> str | None:
        """A limit price may not give away more than the collar; holds for every order."""
        order = case.order
        if self._collar is None or order.price is None:
            return None
        sign = 1 if order.side == "BUY" else -1
        for what, reference in self._references(order, order.trigger):
            distance = order.price / reference - 1
            if sign * distance > self._collar:
                return self._too_far("price", order.price, distance, what, reference)
        return None

    def both_sides(self, case: Case) -> str | None:
        """No price of an order that adds risk may be further away than the collar, nor the market that it takes."""
        if self._collar is None:
            return None
        order = case.order
        for name, price in self._named(order):
            after = order.trigger if name == "price" else None
            for what, reference in self._references(order, after):
                distance = price / reference - 1
                if abs(distance) > self._collar:
                    return self._too_far(name, price, distance, what, reference)
        return None

    def notional(self, case: Case) -> str | None:
        """The value of one order at its worst price, in the report currency."""
        if self._largest is None:
            return None
        order = case.order
        rate = self._ledger.rate(self._ledger.instruments[order.instrument].quote)
        if rate is None:
            return f"max_notional: cannot be judged: no price of {order.instrument} in the report currency"
        value = case.left * self.worst(order) * rate
        return f"max_notional: {value:.2f}, limit {self._largest}" if value > self._largest else None

    def worst(self, order: OrderIntent) -> Decimal:
        """The highest price that an order's value must be reckoned with: a purchase may cost no more than its limit."""
        if order.price is not None and order.side == "BUY":
            return order.price
        last = self._last(order)
        if order.type == "TRAILING_STOP":
            return max(last, self._wakes(order, last))
        return max(last, *(price for price in (order.price, order.trigger) if price is not None), last)

    def _named(self, order: OrderIntent) -> Iterator[tuple[str, Decimal]]:
        """Prices that an order names; of a market order the one that it would meet."""
        if order.price is not None:
            yield "price", order.price
        if order.type == "TRAILING_STOP":
            yield "trigger", self._wakes(order, self._last(order))
        elif order.trigger is not None:
            yield "trigger", order.trigger
        elif order.price is None and order.instrument in self._touch:
            yield "market", self._taken(order)

    def _references(self, order: OrderIntent, trigger: Decimal | None) -> Iterator[tuple[str, Decimal]]:
        """What a price is compared with. A stop-limit meets the market of its trigger, not that of now."""
        if trigger is not None:
            yield "the trigger", trigger
            return
        yield "the last price", self._last(order)
        if order.instrument in self._touch:
            yield "the ask" if order.side == "BUY" else "the bid", self._taken(order)

    def _compare(self, instrument: str, bid: float, ask: float) -> None:
        if _is_price(bid) and _is_price(ask):
            self._touch[instrument] = (bid, ask)
        else:
            self._touch.pop(instrument, None)

    def _taken(self, order: OrderIntent) -> Decimal:
        """The side of the quote that an order would take."""
        bid, ask = self._touch[order.instrument]
        return Decimal(repr(ask if order.side == "BUY" else bid))

    def _last(self, order: OrderIntent) -> Decimal:
        return Decimal(repr(self._ledger.prices[order.instrument]))

    def _too_far(self, name: str, price: Decimal, distance: Decimal, what: str, reference: Decimal) -> str:
        away = f"{abs(distance):.2%} from {what} {reference}"
        return f"price_collar: {name} {price} is {away}, limit {self._collar or 0:.2%}"

    @staticmethod
    def _wakes(order: OrderIntent, last: Decimal) -> Decimal:
        """Where a trailing stop wakes up at first."""
        if order.trigger is not None:
            return order.trigger
        offset = order.offset or Decimal(0)
        return last + offset if order.side == "BUY" else last - offset


def _is_price(value: float) -> bool:
    return math.isfinite(value) and value > 0
