"""What one instrument's market offered, as its tape, quotes and book say and nobody else."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from helios_engine.bodies import BookDelta, BookSnapshot, Print, Quote, Trade
from helios_engine.events import Body

SEEN = frozenset({Trade, Print, Quote, BookSnapshot, BookDelta})
"""Bodies that a venue matches on."""
DEALS = frozenset({Trade, Print})


class Offered:
    """The market of one instrument after its last event: number of the input, time, and what it was.

    Where the data has several kinds of events, a taker is granted the best of what any of them offers: which of them a
    venue matches on is its user's choice.
    """

    def __init__(self) -> None:
        self.number, self.ts, self.gap = -1, 0, 0
        self.body: Body | None = None
        self.events = 0
        self.first = 0
        self.is_deals_only, self.is_on_bars = True, False
        self.tape_bid: Decimal | None = None
        self.tape_ask: Decimal | None = None
        self._bid: Decimal | None = None
        self._ask: Decimal | None = None
        self._bids: dict[Decimal, float] = {}
        self._asks: dict[Decimal, float] = {}

    def take(self, number: int, ts: int, body: Body) -> None:
        """Follow the market by one event, the input of that number at `ts` (ns UTC)."""
        self.gap = ts - self.ts if self.events else 0
        self.first = self.first or ts
        self.events += 1
        self.number, self.ts, self.body = number, ts, body
        if isinstance(body, Trade | Print):
            self.is_on_bars = self.is_on_bars or isinstance(body, Print)
            self._dealt(exact(body.price), body.side if isinstance(body, Trade) else "")
        else:
            self.is_deals_only = False
            self._quoted(body)

    @property
    def mean_gap(self) -> int:
        """The mean time between two events (ns)."""
        return (self.ts - self.first) // max(1, self.events - 1)

    @property
    def deal(self) -> Trade | Print | None:
        """The last event, if it was a deal."""
        return self.body if isinstance(self.body, Trade | Print) else None

    def best(self, *, is_buy: bool) -> Decimal | None:
        """The best price that a taker of that side could get at the last event; nothing if nobody offered any."""
        found = list(self._shown(is_ask=is_buy))
        if self.deal is not None:
            found.append(exact(self.deal.price))
        return (min(found) if is_buy else max(found)) if found else None

    def reached(self, price: Decimal, *, is_buy: bool) -> Literal["", "queue", "met"]:
        """How the last event came to the price of a resting order.

        Not at all; by a deal at that price which somebody before us in the queue may have had; or for certain: by a
        deal beyond it, or by an offer of the other side at it, which a buyer's trade shows to a purchase.
        """
        best = self.best(is_buy=is_buy)
        if best is None or (best > price if is_buy else best < price):
            return ""
        shown, deal = self._shown(is_ask=is_buy), self.deal
        is_met = best != price or price in shown
        is_met = is_met or (isinstance(deal, Trade) and deal.side == ("BUY" if is_buy else "SELL"))
        return "met" if is_met else "queue"

    def woke(self, trigger: Decimal, *, is_buy: bool) -> Literal["", "before", "now"]:
        """Whether the last event brought anything to a stop's trigger, or only an older deal lies there, or nothing."""

        def beyond(price: Decimal) -> bool:
            return price >= trigger if is_buy else price <= trigger

        found = [*self._shown(is_ask=True), *self._shown(is_ask=False)]
        if self.deal is not None:
            found.append(exact(self.deal.price))
        if any(map(beyond, found)):
            return "now"
        older = (self.tape_bid, self.tape_ask)
        return "before" if any(beyond(price) for price in older if price is not None) else ""

    def shown(self, price: Decimal, *, is_buy: bool) -> Decimal | None:
        """The quantity that was there for a taker at a price, where the last event says so."""
        if self.deal is not None:
            return exact(self.deal.quantity)
        levels = self._asks if is_buy else self._bids
        return exact(levels[price]) if price in levels else None

    def _shown(self, *, is_ask: bool) -> list[Decimal]:
        levels = self._asks if is_ask else self._bids
        found = [min(levels) if is_ask else max(levels)] if levels else []
        quoted = self._ask if is_ask else self._bid
        return found if quoted is None else [*found, quoted]

    def _dealt(self, price: Decimal, side: str) -> None:
        """What a tape alone says of bid and ask: sellers hit bids, buyers lift asks, and the two do not cross."""
        if side != "SELL":
            self.tape_ask = price
            self.tape_bid = self.tape_bid and min(self.tape_bid, price)
        if side != "BUY":
            self.tape_bid = price
            self.tape_ask = self.tape_ask and max(self.tape_ask, price)

    def _quoted(self, body: Body) -> None:
        match body:
            case Quote():
                self._bid, self._ask = exact(body.bid), exact(body.ask)
            case BookSnapshot():
                self._bids = {exact(price): quantity for price, quantity in body.bids}
                self._asks = {exact(price): quantity for price, quantity in body.asks}
            case BookDelta():
                side = self._bids if body.side == "BUY" else self._asks
                if body.quantity:
                    side[exact(body.price)] = body.quantity
                else:
                    side.pop(exact(body.price), None)


def exact(value: float) -> Decimal:
    """The decimal that a venue printed, of the float nearest to it."""
    return Decimal(repr(value))
