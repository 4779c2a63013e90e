"""Where intents leave and answers come back: the gate, the venue, and the ledger behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from helios_engine.bodies import (
    Account,
    Bar,
    BookDelta,
    BookSnapshot,
    CancelIntent,
    Fill,
    FundingPayment,
    FundingRate,
    Instrument,
    MarkPrice,
    ModifyIntent,
    OrderIntent,
    Print,
    Quote,
    Reject,
    Trade,
)
from helios_engine.events import Body
from helios_engine.gate import Gate
from helios_engine.ledger import Ledger
from helios_engine.stage import Venue

INTENTS = (OrderIntent, CancelIntent, ModifyIntent)
VENUE_DATA = frozenset({Trade, Quote, BookSnapshot, BookDelta, Print, MarkPrice, FundingRate})
"""Bodies the venue matches on or marks with; everything else would be work for nothing."""
MARKS = frozenset({Trade, Quote, BookSnapshot, Bar, MarkPrice})
"""Bodies that say what an instrument is worth."""


class Port:
    """The one way to a venue. Intents before `start` are turned away and counted."""

    def __init__(self, gate: Gate, ledger: Ledger, venue: Venue, start: int) -> None:
        self.gate, self.ledger, self.venue, self.start = gate, ledger, venue, start
        self.early = 0
        self.orders = 0
        self.fills = 0
        self.rejects: Counter[str] = Counter()
        self.volumes: dict[str, float] = {}
        """Base volume that was traded in each instrument so far: of its trades, or else of its shortest bars."""
        self._shortest: dict[str, int] = {}
        self._account: Account | None = None
        self._marked: set[str] = set()
        self._traded: set[str] = set()

    def open(self, ts: int, instruments: Iterable[Instrument]) -> None:
        """Start with the instruments known at `ts`."""
        known = list(instruments)
        for definition in known:
            self.ledger.instruments[definition.instrument] = definition
        self.venue.open(ts, known)

    def instrument(self, ts: int, definition: Instrument) -> None:
        """Take in a new or changed definition."""
        if self.ledger.instruments.get(definition.instrument) != definition:
            self.ledger.instruments[definition.instrument] = definition
            self.venue.instrument(ts, definition)

    def mark(self, body: Body) -> None:
        """Remember the last price that stages may know: of trades and bars, never of prints.

        The middle of a quote or book counts while there is no trade or bar. Once the venue tells mark prices of an
        instrument, they alone count, as they do for its margin and funding.
        """
        prices = self.ledger.prices
        if isinstance(body, MarkPrice):
            self._marked.add(body.instrument)
            prices[body.instrument] = body.price
        elif isinstance(body, Trade | Bar):
            if body.instrument not in self._marked:
                self._traded.add(body.instrument)
                prices[body.instrument] = body.price if isinstance(body, Trade) else body.close
            self._count(body)
        elif isinstance(body, Quote | BookSnapshot):
            middle = _middle(body)
            if middle is not None and body.instrument not in self._traded and body.instrument not in self._marked:
                prices[body.instrument] = middle

    def _count(self, body: Trade | Bar) -> None:
        name = body.instrument
        if isinstance(body, Trade):
            self.volumes[name] = self.volumes.get(name, 0.0) + body.quantity
            self._shortest[name] = 0
            return
        bar, length = body, body.ts_close - body.ts_open
        known = self._shortest.get(name)
        if known is None or length < known:
            self._shortest[name], self.volumes[name] = length, 0.0
        if length == self._shortest[name]:
            self.volumes[name] += bar.volume

    def submit(self, ts: int, intent: Body) -> Reject | None:
        """Send an intent through the gate to the venue; return the gate's no, if it says so."""
        assert isinstance(intent, INTENTS)
        reason = self._refusal(ts, intent)
        if reason is not None:
            self.rejects[f"gate: {_kind_of(reason)}"] += 1
            return Reject(intent.id, intent.instrument, "gate", reason)
        self.orders += isinstance(intent, OrderIntent)
        self.venue.send(ts, intent)
        return None

    def book(self, ts: int, answer: Body) -> list[Body]:
        """Take in a venue's answer; return the position and account that follow from it."""
        self.gate.hear(answer)
        if isinstance(answer, Reject):
            self.rejects[f"venue: {_kind_of(answer.reason)}"] += 1
        if isinstance(answer, FundingPayment):
            self.ledger.funding(answer)
            paid = self.account(ts)
            return [] if paid is None else [paid]
        if not isinstance(answer, Fill):
            return []
        self.fills += 1
        position = self.ledger.fill(answer)
        account = self.account(ts)
        return [position] if account is None else [position, account]

    def account(self, ts: int) -> Account | None:
        """The account, if it is not what it was when last asked; nothing while a price is missing."""
        self.gate.new_day(ts)
        found = self.ledger.account()
        if found is None or found == self._account:
            return None
        self._account = found
        return found

    def _refusal(self, ts: int, intent: Body) -> str | None:
        if ts < self.start:
            self.early += 1
            return "warm-up: the run has not started yet"
        if isinstance(intent, OrderIntent):
            return self.gate.refuse(ts, intent)
        if isinstance(intent, ModifyIntent):
            return self.gate.refuse_change(ts, intent)
        return None


def _middle(body: Quote | BookSnapshot) -> float | None:
    if isinstance(body, Quote):
        return (body.bid + body.ask) / 2
    return (body.bids[0][0] + body.asks[0][0]) / 2 if body.bids and body.asks else None


def _kind_of(reason: str) -> str:
    """The part of a reason that does not change from order to order, for counting."""
    head = reason.partition(":")[0]
    return " ".join(word for word in head.split() if not any(c.isdigit() for c in word))[:40]
