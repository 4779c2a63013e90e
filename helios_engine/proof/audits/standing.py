"""An order's life as the bodies tell it: what was asked, when it can have arrived, what came of it."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from helios_engine.bodies import Instrument, ModifyIntent, OrderIntent, Print
from helios_engine.fees import FeeIn

STOPS = frozenset({"STOP", "STOP_LIMIT", "TRAILING_STOP"})
ZERO = Decimal(0)


class Words(NamedTuple):
    """What a run says of its venue: the least latency and the delay of every command (ns), the fill model by name.

    `is_exact` if no command takes longer than the least; `fees_in` what fees are taken from, by instrument.
    """

    latency: int
    delay: int
    is_exact: bool
    fill_model: str
    fees_in: dict[str, tuple[FeeIn, FeeIn]]

    def arrival(self, sent: int, *, on_bars: bool) -> int:
        """When a command sent at `sent` arrives at the earliest: on bars latency cannot be told."""
        return sent + self.delay + (min(1, self.latency) if on_bars else self.latency)


class Asked(NamedTuple):
    """A command on its way: the number of the input in whose turn it was sent, and when (ns UTC)."""

    number: int
    ts: int


class Standing:
    """One order from its intent on."""

    def __init__(self, number: int, ts: int, intent: OrderIntent) -> None:
        self.intent, self.asked = intent, Asked(number, ts)
        self.price, self.trigger = intent.price, intent.trigger
        self.quantity, self.filled = intent.quantity, ZERO
        self.accepted = -1
        """The number of the input at which it was accepted."""
        self.is_live, self.is_awake = True, intent.type not in STOPS
        self.cancel: Asked | None = None
        self.changes: list[tuple[Asked, ModifyIntent]] = []
        self.first_offers: dict[type, Decimal] = {}
        """For a market order: what it could get at the first event of each kind after its arrival."""

    @property
    def is_buy(self) -> bool:
        """Whether it is a purchase."""
        return self.intent.side == "BUY"

    def is_better(self, price: Decimal, than: Decimal, unit: Decimal) -> bool:
        """Whether one price is better for the order than another, by more than rounding to the tick's digits."""
        return (than - price if self.is_buy else price - than) > unit / 2


def unit_of(definition: Instrument | None) -> Decimal:
    """The last digit of an instrument's prices."""
    return ZERO if definition is None else Decimal(1).scaleb(-definition.price_scale)


def is_inside_bar(body: object) -> bool:
    """Whether an event is a step of a bar's assumed path, other than its open."""
    return isinstance(body, Print) and body.phase != "open"
