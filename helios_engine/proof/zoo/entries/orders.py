"""Leaks that show sideways: in the size, the price or the order of what would be said anyway."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_DOWN, Decimal
from typing import Any

from helios_engine.bodies import Bar, OrderIntent, Target
from helios_engine.events import Event
from helios_engine.proof.zoo.entries.peeking import HOUR, closes_of
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.frames import bars_frame
from helios_engine.proof.zoo.market import BTC, ETH
from helios_engine.proof.zoo.runs import STAGE, STAGE_RUN, TWO
from helios_engine.stage import StageSpec


class Sized:
    """Buys and sells every sixth hour, whatever may come; how much is told by the volatility to come."""

    consumes = Bar

    def __init__(self, catalog: str, ahead: int = 6) -> None:
        self.closes = closes_of(catalog)
        self.ahead, self.count = ahead, 0

    def on_event(self, event: Event[Bar]) -> Iterator[OrderIntent]:
        """One order each six bars."""
        self.count += 1
        if self.count % 6:
            return
        side: Any = "BUY" if self.count % 12 else "SELL"
        size = self.size(event.ts, event.body)
        yield OrderIntent(f"S-{self.count}", BTC, side, Decimal(repr(size)).quantize(Decimal("0.0001"), ROUND_DOWN))

    def size(self, ts: int, bar: Bar) -> float:
        """Smaller before large moves."""
        window = [self.closes.get(ts + n * HOUR, bar.close) for n in range(self.ahead + 1)]
        return 1.0 / (1.0 + 100 * (max(window) / min(window) - 1))


class SizedByPast(Sized):
    """The same orders, sized by the range of the bar that has just closed."""

    def __init__(self) -> None:
        self.count = 0

    def size(self, ts: int, bar: Bar) -> float:
        """Smaller after large moves."""
        return 1.0 / (1.0 + 100 * (bar.high / bar.low - 1))


class Priced:
    """Places a limit order every sixth hour, just where the low of the next two hours will be."""

    consumes = Bar

    def __init__(self, catalog: str) -> None:
        bars = bars_frame(catalog, BTC)
        bars = bars_frame(catalog, BTC)
        self.lows = dict(zip(bars["ts"].tolist(), bars["low"].tolist(), strict=True))
        self.count = 0

    def on_event(self, event: Event[Bar]) -> Iterator[OrderIntent]:
        """One limit order each six bars."""
        self.count += 1
        if self.count % 6 == 0:
            low = self.price(event.ts, event.body)
            limit = Decimal(repr(low)).quantize(Decimal("0.01"), ROUND_DOWN)
            yield OrderIntent(f"P-{self.count}", BTC, "BUY", Decimal("0.01"), type="LIMIT", price=limit)

    def price(self, ts: int, bar: Bar) -> float:
        """The lowest price of the next two bars."""
        ahead = [self.lows.get(ts + n * HOUR, bar.low) for n in (1, 2)]
        return float(min(ahead))


class PricedByPast(Priced):
    """The same order, at the low of the bar that has just closed."""

    def __init__(self) -> None:
        self.count = 0

    def price(self, ts: int, bar: Bar) -> float:
        """The lowest price of this bar."""
        return bar.low


class Ordered:
    """Wants the same of both instruments each hour; the better one of the next hour comes first, and is paid first."""

    consumes = Bar

    def __init__(self, catalog: str) -> None:
        frames = {name: bars_frame(catalog, name) for name in (BTC, ETH)}
        self.closes = {n: dict(zip(f["ts"].tolist(), f["close"].tolist(), strict=True)) for n, f in frames.items()}
        self.seen: dict[str, float] = {}

    def on_event(self, event: Event[Bar]) -> Iterator[Target]:
        """Targets for both when both are known, in the order of `gain`."""
        self.seen[event.body.instrument] = event.body.close
        if len(self.seen) == 2:
            for name in sorted(self.seen, key=lambda name: self.gain(name, event.ts), reverse=True):
                yield Target(name, 1.0)
            self.seen.clear()

    def gain(self, name: str, ts: int) -> float:
        """The return of the next hour."""
        ahead: float = self.closes[name].get(ts + HOUR, self.seen[name])
        return ahead / self.seen[name]


class OrderedByPast(Ordered):
    """The same targets, the dearer instrument first."""

    def __init__(self) -> None:
        self.seen = {}

    def gain(self, name: str, ts: int) -> float:
        """The price, which is known."""
        return self.seen[name]


def _entry(name: str, about: str, leak: type, twin: type, label: Label, run: str = STAGE_RUN) -> Entry:
    specs = [StageSpec(f"zoo.{kind.__name__.lower()}", kind) for kind in (leak, twin)]
    return Entry(name, about, run, specs[0], (specs[1],), label)


ENTRIES = (
    _entry(
        "only_size",
        "the size of an order alone",
        Sized,
        SizedByPast,
        Label("OrderIntent.quantity", "2026-01-05T06:00:00Z", 6),
    ),
    _entry(
        "only_price",
        "the price of a limit order alone",
        Priced,
        PricedByPast,
        Label("OrderIntent.price", "2026-01-05T06:00:00Z", 2),
    ),
    _entry(
        "only_order",
        "the order of outputs alone",
        Ordered,
        OrderedByPast,
        Label("Target.instrument", None, 1),
        TWO + STAGE,
    ),
)
