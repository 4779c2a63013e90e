"""Leaks that show seldom or sideways: once a week, after a loss, in sizes, prices, silence or order alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import ROUND_DOWN, Decimal
from typing import Any

from helios_engine.bodies import Bar, OrderIntent, Signal, Target
from helios_engine.events import Event
from helios_engine.proof.zoo.entries.peeking import HOUR, closes_of
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.frames import bars_frame
from helios_engine.proof.zoo.market import BTC, ETH
from helios_engine.proof.zoo.runs import STAGE_RUN, TWO
from helios_engine.stage import StageSpec

TWO_RUN = TWO + STAGE_RUN.partition('timeframe = "1h"')[2]


class Trend:
    """Follows the last change of the close; a leak below makes one exception."""

    consumes = Bar

    def __init__(self) -> None:
        self.last: dict[str, float] = {}

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """Long after a rise, short after a fall."""
        bar = event.body
        before, self.last[bar.instrument] = self.last.get(bar.instrument), bar.close
        if before is not None:
            yield Signal(bar.instrument, self.value(event.ts, bar, 1.0 if bar.close > before else -1.0))

    def value(self, ts: int, bar: Bar, trend: float) -> float:
        """The trend as it is."""
        return trend


class Weekly(Trend):
    """Looks at the next bar once a week, at Monday's first close after the week began."""

    def __init__(self, catalog: str) -> None:
        super().__init__()
        self.closes = closes_of(catalog)

    def value(self, ts: int, bar: Bar, trend: float) -> float:
        """The next bar's move on Mondays at nine, the trend at all other times."""
        if (ts // (24 * HOUR) + 3) % 7 != 0 or ts // HOUR % 24 != 9:
            return trend
        ahead: float = self.closes.get(ts + HOUR, bar.close)
        return 50 * (ahead / bar.close - 1)


class WeeklyPlain(Trend):
    """Does something else once a week too, with a seeded draw."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = random.Random(seed)

    def value(self, ts: int, bar: Bar, trend: float) -> float:
        """A coin on Mondays at nine."""
        if (ts // (24 * HOUR) + 3) % 7 != 0 or ts // HOUR % 24 != 9:
            return trend
        return self.random.choice([-1.0, 1.0])


class AfterLoss(Trend):
    """Looks ahead only when the price is 4 % below its highest, where it would hurt to be wrong."""

    def __init__(self, catalog: str) -> None:
        super().__init__()
        self.catalog, self.highest = catalog, 0.0

    def value(self, ts: int, bar: Bar, trend: float) -> float:
        """The move of the next three bars in a drawdown."""
        self.highest = max(self.highest, bar.close)
        if bar.close > 0.96 * self.highest:
            return trend
        return 50 * (closes_of(self.catalog).get(ts + 3 * HOUR, bar.close) / bar.close - 1)


class AfterLossPlain(Trend):
    """Stands aside when the price is 4 % below its highest."""

    def __init__(self) -> None:
        super().__init__()
        self.highest = 0.0

    def value(self, ts: int, bar: Bar, trend: float) -> float:
        """Half the trend in a drawdown."""
        self.highest = max(self.highest, bar.close)
        return trend if bar.close > 0.96 * self.highest else trend / 2


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


class Silent(Trend):
    """Leaves a decision out where it would lose: everything that it says could honestly be said."""

    def __init__(self, catalog: str) -> None:
        super().__init__()
        self.closes = closes_of(catalog)

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """The trend, but not before a bar against it."""
        for signal in super().on_event(event):
            ahead = self.closes.get(event.ts + HOUR, event.body.close)
            if (ahead - event.body.close) * signal.value >= 0:
                yield signal


class SilentAtTimes(Trend):
    """Says nothing after small moves."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """The trend, when the bar was wide."""
        for signal in super().on_event(event):
            if event.body.high / event.body.low > 1.004:
                yield signal


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
    _entry("weekly", "a peek once a week", Weekly, WeeklyPlain, Label("Signal.value", "2026-01-05T09:00:00Z", 1)),
    _entry("after_loss", "a peek only after a loss", AfterLoss, AfterLossPlain, Label("Signal.value", None, 3)),
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
    _entry("only_silence", "a decision that is not taken", Silent, SilentAtTimes, Label("Signal", None, 1)),
    _entry(
        "only_order", "the order of outputs alone", Ordered, OrderedByPast, Label("Target.instrument", None, 1), TWO_RUN
    ),
)
