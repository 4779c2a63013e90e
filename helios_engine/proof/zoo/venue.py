"""A small honest venue, so that the zoo's runs need nothing but Helios."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from helios_engine.bodies import Fill, OrderAccepted, OrderIntent, Print, Trade
from helios_engine.bodies.market import Instrument
from helios_engine.events import Body


class NextPrint:
    """Fills each order whole at the first print or trade of its instrument after it was sent; no fee."""

    def __init__(self) -> None:
        self.waiting: list[tuple[int, OrderIntent]] = []
        self.accepted: list[Body] = []
        self.count = 0

    def open(self, ts: int, instruments: Iterable[Instrument]) -> None:
        """Nothing to prepare."""

    def instrument(self, ts: int, body: Instrument) -> None:
        """Nothing to learn."""

    def market(self, ts: int, body: Body) -> list[Body]:
        """Fill what waits for this instrument."""
        if not isinstance(body, Print | Trade):
            return []
        due = [i for sent, i in self.waiting if i.instrument == body.instrument and sent < ts]
        self.waiting = [(sent, i) for sent, i in self.waiting if i not in due]
        return [self._fill(intent, Decimal(repr(body.price))) for intent in due]

    def send(self, ts: int, intent: Body) -> None:
        """Take an order; what changes or cancels one is not for this venue."""
        if isinstance(intent, OrderIntent):
            self.waiting.append((ts, intent))
            self.accepted.append(OrderAccepted(intent.id, intent.instrument))

    def settle(self, ts: int) -> list[Body]:
        """Say what was accepted."""
        found, self.accepted = self.accepted, []
        return found

    def finish(self, ts: int) -> list[Body]:
        """Say what was accepted last."""
        return self.settle(ts)

    def _fill(self, intent: OrderIntent, price: Decimal) -> Fill:
        self.count += 1
        number = f"F-{self.count}"
        return Fill(
            intent.id, number, intent.instrument, intent.side, intent.quantity, price, Decimal(0), "ZAR", "TAKER"
        )
