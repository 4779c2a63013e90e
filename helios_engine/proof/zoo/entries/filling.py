"""Venues that are too kind: fills at once, at prices that were gone, at prices better than any, and before arrival."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal

from helios_engine.bodies import Bar, Fill, OrderIntent, Print, Trade
from helios_engine.bodies.orders import Side
from helios_engine.events import Body, Event
from helios_engine.proof.findings import Layer
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.frames import bars_frame
from helios_engine.proof.zoo.runs import BARS
from helios_engine.proof.zoo.venue import NextPrint
from helios_engine.stage import StageSpec, VenueSpec

_CENT = Decimal("0.01")


class Trader:
    """Buys and sells a little in turn, every sixth bar, at the market."""

    consumes = Bar

    def __init__(self) -> None:
        self.count = 0

    def on_event(self, event: Event[Bar]) -> Iterator[OrderIntent]:
        """A market order."""
        self.count += 1
        if self.count % 6 == 1:
            yield _order(event.ts, event.body, "BUY" if self.count % 12 == 1 else "SELL")


class LimitTrader:
    """Bids a little under the market every sixth bar."""

    consumes = Bar

    def __init__(self) -> None:
        self.count = 0

    def on_event(self, event: Event[Bar]) -> Iterator[OrderIntent]:
        """A limit order at the last low."""
        self.count += 1
        if self.count % 6 == 1:
            price = Decimal(repr(event.body.low)).quantize(_CENT)
            yield OrderIntent(f"L-{event.ts}", event.body.instrument, "BUY", Decimal("0.001"), "LIMIT", price=price)


class Retries:
    """Wants one unit a day, and asks again at each bar until its fill has come."""

    consumes = (Bar, Fill)

    def __init__(self) -> None:
        self.count, self.filled = 0, True

    def on_event(self, event: Event[Bar | Fill]) -> Iterator[OrderIntent]:
        """A market order at each bar that finds none filled."""
        body = event.body
        if isinstance(body, Fill):
            self.filled = True
            return
        self.count += 1
        if self.count % 24 == 1:
            self.filled = False
        if not self.filled:
            yield _order(event.ts, body, "BUY")


class Remembering(NextPrint):
    """Knows the last prices of each instrument."""

    def __init__(self) -> None:
        super().__init__()
        self.prices: dict[str, deque[Decimal]] = {}

    def market(self, ts: int, body: Body) -> list[Body]:
        """Note the price, then fill."""
        if isinstance(body, Print | Trade):
            last = self.prices.setdefault(body.instrument, deque(maxlen=24))
            last.append(Decimal(repr(body.price)))
        return super().market(ts, body)

    def seen(self, intent: OrderIntent) -> list[Decimal]:
        """The last prices of its instrument, oldest first."""
        return list(self.prices.get(intent.instrument, ()))


class AtOnce(Remembering):
    """Fills on the event that an order was decided on: the close that made the signal is the price that is paid."""

    def settle(self, ts: int) -> list[Body]:
        """Accept and fill what was just sent."""
        accepted = super().settle(ts)
        due, self.waiting = [i for _, i in self.waiting if self.seen(i)], []
        return [*accepted, *(self._fill(intent, self.seen(intent)[-1]) for intent in due)]


class OfTheLast(Remembering):
    """Fills at the best of the last 24 prices, of which most were gone when the order came."""

    def _fill(self, intent: OrderIntent, price: Decimal) -> Fill:
        best = min if intent.side == "BUY" else max
        return super()._fill(intent, best(self.seen(intent)))


class Stale(Remembering):
    """Fills at the price before the one that is there."""

    def _fill(self, intent: OrderIntent, price: Decimal) -> Fill:
        return super()._fill(intent, (self.seen(intent)[:-1][-1:] or [price])[0])


class Generous(NextPrint):
    """Fills at a tenth of a percent better than the tape."""

    def _fill(self, intent: OrderIntent, price: Decimal) -> Fill:
        better = Decimal("0.999") if intent.side == "BUY" else Decimal("1.001")
        return super()._fill(intent, (price * better).quantize(_CENT, ROUND_HALF_EVEN))


class Knowing(NextPrint):
    """Fills at the best price of the hour to come, which it looks up: "the broker works the order"."""

    def __init__(self, catalog: str) -> None:
        super().__init__()
        bars = bars_frame(catalog)
        self.bars = list(zip(bars["ts_open"].tolist(), bars["low"].tolist(), bars["high"].tolist(), strict=True))
        self.now = 0

    def market(self, ts: int, body: Body) -> list[Body]:
        """Note the time, then fill."""
        self.now = ts
        return super().market(ts, body)

    def _fill(self, intent: OrderIntent, price: Decimal) -> Fill:
        ahead = [(low, high) for opened, low, high in self.bars if self.now < opened + 3_600_000_000_000]
        best = ahead[1][0 if intent.side == "BUY" else 1] if len(ahead) > 1 else float(price)
        return super()._fill(intent, Decimal(repr(best)))


class BeforeArrival(Remembering):
    """Fills a limit order when the price was touched within the last 24 prints, before the order was there too."""

    def market(self, ts: int, body: Body) -> list[Body]:
        """Fill limits that were touched, at their price."""
        if not isinstance(body, Print | Trade):
            return []
        self.prices.setdefault(body.instrument, deque(maxlen=24)).append(Decimal(repr(body.price)))
        due = [i for sent, i in self.waiting if sent < ts and i.price is not None and min(self.seen(i)) <= i.price]
        self.waiting = [(sent, i) for sent, i in self.waiting if i not in due]
        return [self._fill(intent, intent.price) for intent in due if intent.price is not None]


class WhenThrough(Remembering):
    """Fills a limit order when the tape trades through its price after it came, at its price."""

    def market(self, ts: int, body: Body) -> list[Body]:
        """Fill limits whose price was passed."""
        if not isinstance(body, Print | Trade):
            return []
        now = Decimal(repr(body.price))
        due = [i for sent, i in self.waiting if sent < ts and i.price is not None and now < i.price]
        self.waiting = [(sent, i) for sent, i in self.waiting if i not in due]
        return [self._fill(intent, intent.price) for intent in due if intent.price is not None]


def _order(ts: int, bar: Bar, side: Side) -> OrderIntent:
    return OrderIntent(f"O-{ts}", bar.instrument, side, Decimal("0.001"))


def _entry(
    name: str, about: str, leak: type, twins: tuple[type, ...] = (), trader: str = "trader", label: Label | None = None
) -> Entry:
    specs = [VenueSpec(f"zoo.{kind.__name__.lower()}", kind) for kind in (leak, *twins)]
    run = f'{BARS}\n[[stage]]\nuse = "zoo.{trader}"\n'
    found = label or Label(part="venue", layers=FILLS)
    return Entry(name, about, run, specs[0], tuple(specs[1:]), found, TRADERS, venue='use = "{use}"')


FILLS: tuple[Layer, ...] = ("fills",)
TRADERS = tuple(StageSpec(f"zoo.{kind.__name__.lower()}", kind) for kind in (Trader, LimitTrader, Retries))
ENTRIES = (
    _entry("at_once", "a fill on the event of the decision", AtOnce, (Remembering,)),
    _entry("of_the_last", "the best of prices that are gone", OfTheLast),
    _entry("stale", "the price before", Stale),
    _entry("generous", "a price better than the tape", Generous),
    _entry(
        "knowing",
        "the best price of the hour to come",
        Knowing,
        (Remembering,),
        "retries",
        Label("Fill.price", part="venue", layers=("prefix", "futures", "fills")),
    ),
    _entry("before_arrival", "a limit touched before it was there", BeforeArrival, (WhenThrough,), "limittrader"),
)
