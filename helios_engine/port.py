"""Where intents leave and answers come back: the gate, the venue, and the ledger behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from helios_engine.bodies import (
    Account,
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
from helios_engine.closing import Closing
from helios_engine.events import Body
from helios_engine.gate import Gate
from helios_engine.ledger import Ledger
from helios_engine.marks import Hear, Marks
from helios_engine.stage import Venue
from helios_engine.timeline import Passed

INTENTS = (OrderIntent, CancelIntent, ModifyIntent)
VENUE_DATA = frozenset({Trade, Quote, BookSnapshot, BookDelta, Print, MarkPrice, FundingRate})
"""Bodies the venue matches on or marks with; everything else would be work for nothing."""


class Port:
    """The one way to a venue. Intents before `start` are turned away and counted."""

    def __init__(self, gate: Gate, ledger: Ledger, venue: Venue, start: int) -> None:
        self.gate, self.ledger, self.venue, self.start = gate, ledger, venue, start
        self.early = 0
        self.orders = 0
        self.fills = 0
        self.rejects: Counter[str] = Counter()
        self.marks = Marks(ledger)
        self.closing = Closing(gate, ledger)
        self._account: Account | None = None
        self.opening: Account | None = None
        """The first marked account since the start."""

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

    def hears(self) -> dict[type[Body], Hear]:
        """Which inputs the port wants, and who takes them; asked once per run, so that others cost nothing."""
        found: dict[type[Body], Hear] = {**self.marks.hears(), Instrument: self.instrument}
        for kind, takers in self.gate.hears().items():
            found[kind] = _each((found[kind], *takers) if kind in found else takers)
        return found

    def is_quiet(self) -> bool:
        """Whether no order rests at the venue or is on its way, so that trades may be passed over."""
        asked = getattr(self.venue, "is_quiet", None)
        return asked is not None and bool(asked())

    def pass_over(self, passed: Passed) -> Body:
        """Take in many trades of one instrument at once, with the same outcome; returns the last of them."""
        rows, last = passed.rows, passed.stop - 1
        body = rows.body(last)
        self.venue.pass_over(passed)  # type: ignore[attr-defined]
        self.marks.pass_over(passed)
        self.gate.pass_over(int(rows.ts[last]), body)
        return body

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
        found = self.ledger.account()
        if found is None:
            return None
        self.gate.marked(ts, found, ts >= self.start)
        if self.opening is None and ts >= self.start:
            self.opening = found
        if found == self._account:
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


def _each(takers: tuple[Hear, ...]) -> Hear:
    """One call for several; a single one is called as it is."""
    if len(takers) == 1:
        return takers[0]

    def hear(ts: int, body: Body) -> None:
        for take in takers:
            take(ts, body)

    return hear


def _kind_of(reason: str) -> str:
    """The part of a reason that does not change from order to order, for counting."""
    head = reason.partition(":")[0]
    return " ".join(word for word in head.split() if not any(c.isdigit() for c in word))[:40]
