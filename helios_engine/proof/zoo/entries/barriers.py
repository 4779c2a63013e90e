"""A stop and a target in one bar: which came first is the tape's to say, and not the venue's afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal

from helios_engine.bodies import Bar, CancelIntent, Fill, OrderCanceled, OrderIntent, Print
from helios_engine.events import Body, Event
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.runs import BARS
from helios_engine.proof.zoo.venue import NextPrint
from helios_engine.stage import StageSpec, VenueSpec


class Brackets:
    """Buys when it is flat, and puts a stop and a target around what it paid; one of them cancels the other."""

    consumes = (Bar, Fill)

    def __init__(self, distance: str = "0.002") -> None:
        self.distance, self.number, self.is_flat = Decimal(distance), 0, True

    def on_event(self, event: Event[Bar | Fill]) -> Iterator[OrderIntent | CancelIntent]:
        """An entry at a bar, the bracket at its fill, and the end of the bracket at the next."""
        body, size = event.body, Decimal("0.001")
        if isinstance(body, Bar):
            if self.is_flat:
                self.number, self.is_flat = self.number + 1, False
                yield OrderIntent(f"in-{self.number}", body.instrument, "BUY", size)
        elif body.id.startswith("in-"):
            low, high = (_cents(body.price * (1 + way * self.distance)) for way in (-1, 1))
            yield OrderIntent(f"stop-{self.number}", body.instrument, "SELL", size, "STOP", trigger=low)
            yield OrderIntent(f"target-{self.number}", body.instrument, "SELL", size, "LIMIT", price=high)
        else:
            self.is_flat = True
            other = "target" if body.id.startswith("stop") else "stop"
            yield CancelIntent(f"{other}-{self.number}", body.instrument)


class InOrder(NextPrint):
    """Goes by the prints as they come: whichever of stop and target is met first is done, the stop at what is there."""

    def send(self, ts: int, intent: Body) -> None:
        """Take an order, or take one back."""
        super().send(ts, intent)
        if isinstance(intent, CancelIntent):
            self.waiting = [(sent, i) for sent, i in self.waiting if i.id != intent.id]
            self.accepted.append(OrderCanceled(intent.id, intent.instrument, "by request"))

    def market(self, ts: int, body: Body) -> list[Body]:
        """Fill what is met by this print."""
        return self.met(ts, body, body.price) if isinstance(body, Print) else []

    def met(self, ts: int, body: Print, last: float) -> list[Body]:
        """The fills at a print: of two orders of one bracket the first in its order."""
        now = Decimal(repr(last))
        for sent, intent in self.waiting:
            price = self.price(intent, now)
            if sent < ts and intent.instrument == body.instrument and price is not None:
                self.waiting = [(s, i) for s, i in self.waiting if i is not intent]
                return [self._fill(intent, price)]
        return []

    def price(self, intent: OrderIntent, now: Decimal) -> Decimal | None:
        """At what price an order is done at this print, if it is."""
        if intent.trigger is not None:
            return now if now <= intent.trigger else None
        if intent.price is not None:
            return intent.price if now > intent.price else None
        return now


class TargetWins(InOrder):
    """Decides at the close of each bar by its high and low: where both were reached, the target came first."""

    def __init__(self) -> None:
        super().__init__()
        self.path: list[float] = []

    def market(self, ts: int, body: Body) -> list[Body]:
        """Collect the bar, and decide when it is over."""
        if not isinstance(body, Print):
            return []
        self.path.append(body.price)
        if body.phase != "close":
            return []
        path, self.path = self.path, []
        entries = [i for _, i in self.waiting if i.type == "MARKET"]
        if entries:
            return self.met(ts, body, body.price)
        return self.met(ts, body, max(path)) or self.met(ts, body, min(path))


def _cents(price: Decimal) -> Decimal:
    return price.quantize(Decimal("0.01"), ROUND_HALF_EVEN)


ENTRIES = (
    Entry(
        "target_wins",
        "stop and target decided afterwards",
        f'{BARS}\n[[stage]]\nuse = "zoo.brackets"\n',
        VenueSpec("zoo.targetwins", TargetWins),
        (VenueSpec("zoo.inorder", InOrder),),
        Label(part="venue", layers=("fills",)),
        (StageSpec("zoo.brackets", Brackets),),
        venue='use = "{use}"',
    ),
)
