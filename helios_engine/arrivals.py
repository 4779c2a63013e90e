"""What every order met on its way: the price it was decided at, the market it arrived in, what came of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from helios_engine.bodies import (
    BookDelta,
    BookSnapshot,
    Fill,
    ModifyIntent,
    OrderAccepted,
    OrderCanceled,
    OrderIntent,
    OrderModified,
    Print,
    Quote,
    Reject,
    Trade,
)
from helios_engine.events import Body

ZERO = Decimal(0)
QUOTED = frozenset({Quote, BookSnapshot, BookDelta})
"""Bodies that say what the best bid and ask are."""


class Touch:
    """The best bid and ask of every instrument that has quotes or books."""

    def __init__(self) -> None:
        self._quotes: dict[str, tuple[float, float]] = {}
        self._books: dict[str, tuple[dict[float, float], dict[float, float]]] = {}

    def note(self, body: Body) -> None:
        """Take in a quote, a book, or a changed level."""
        match body:
            case Quote():
                self._quotes[body.instrument] = (body.bid, body.ask)
            case BookSnapshot():
                self._books[body.instrument] = (dict(body.bids), dict(body.asks))
            case BookDelta() if body.instrument in self._books:
                side = self._books[body.instrument][0 if body.side == "BUY" else 1]
                if body.quantity:
                    side[body.price] = body.quantity
                else:
                    side.pop(body.price, None)

    def best(self, instrument: str) -> tuple[float, float] | None:
        """Bid and ask now; nothing without both, and nothing where they cross, as they do between two changes."""
        found = self._quotes.get(instrument)
        if instrument in self._books:
            bids, asks = self._books[instrument]
            found = (max(bids), min(asks)) if bids and asks else None
        return found if found is not None and 0 < found[0] <= found[1] else None


class Order:
    """One order between its decision and its end; prices are per unit of the base, times ns UTC."""

    def __init__(self, ts: int, intent: OrderIntent, price: float | None) -> None:
        self.intent, self.decided, self.decision_price = intent, ts, price
        self.quantity = intent.quantity
        self.arrived: int | None = None
        self.arrival_price: float | None = None
        self.touch: tuple[float, float] | None = None
        self.filled = self.paid = self.taken = ZERO
        self.asked: Decimal | None = None

    def row(self, ended: int | None, end: str, price: float | None) -> tuple[Any, ...]:
        """The row of `results.ORDERS`."""
        intent, touch = self.intent, self.touch or (None, None)
        average = float(self.paid / self.filled) if self.filled else None
        words = (intent.id, intent.instrument, intent.side, intent.type)
        before = (float(self.quantity), self.decision_price, self.arrived, self.arrival_price, *touch)
        return (self.decided, *words, *before, float(self.filled), average, float(self.taken), ended, end, price)


class Arrivals:
    """Follows every order that passed the gate, and hands out a row when it is over.

    A price is the middle of bid and ask where there are quotes or books, the last trade's or print's elsewhere.
    """

    def __init__(self) -> None:
        self.touch = Touch()
        self._open: dict[str, Order] = {}

    def sent(self, ts: int, intent: Body, last: float | None) -> None:
        """An intent has passed the gate; `last` is the last price that stages may know."""
        if isinstance(intent, OrderIntent):
            self._open[intent.id] = Order(ts, intent, self._middle(intent.instrument, last))
        elif isinstance(intent, ModifyIntent) and intent.quantity is not None and intent.id in self._open:
            self._open[intent.id].asked = intent.quantity

    def answer(self, ts: int, body: Body, met: Body | None) -> tuple[Any, ...] | None:
        """Take in the venue's answer to the market event `met`; the order's row, if this was its end."""
        order = self._open.get(getattr(body, "id", ""))
        if order is None:
            return None
        now = self._middle(order.intent.instrument, _price(met, order.intent.instrument))
        if order.arrived is None:
            order.arrived, order.arrival_price = ts, now
            order.touch = self.touch.best(order.intent.instrument)
        match body:
            case Fill():
                order.filled += body.quantity
                order.paid += body.quantity * body.price
                order.taken += body.quantity if body.liquidity == "TAKER" else ZERO
                return self._over(order, ts, "filled", now) if order.filled >= order.quantity else None
            case OrderModified():
                order.quantity = body.quantity
            case OrderCanceled():
                return self._over(order, ts, body.reason, now)
            case Reject() if not body.reason.startswith(("modify:", "cancel:")):
                return self._over(order, ts, "rejected", now)
            case OrderAccepted() if order.asked is not None:  # a venue that only acknowledges a change
                order.quantity, order.asked = order.asked, None
        return None

    def rest(self, last: dict[str, float]) -> list[tuple[Any, ...]]:
        """Rows of what is still open at the run's end, at the last prices."""
        left = list(self._open.values())
        self._open.clear()
        return [o.row(None, "open", self._middle(o.intent.instrument, last.get(o.intent.instrument))) for o in left]

    def _over(self, order: Order, ts: int, end: str, price: float | None) -> tuple[Any, ...]:
        del self._open[order.intent.id]
        return order.row(ts, end, price)

    def _middle(self, instrument: str, otherwise: float | None) -> float | None:
        best = self.touch.best(instrument)
        return otherwise if best is None else (best[0] + best[1]) / 2


def _price(met: Body | None, instrument: str) -> float | None:
    return met.price if isinstance(met, Trade | Print) and met.instrument == instrument else None
