"""Sizes and stops that know how the trade will go: stages that look up the window ahead of each bar."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from helios_engine.bodies import Bar, OrderIntent, Target
from helios_engine.events import Event
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.frames import bars_frame
from helios_engine.proof.zoo.runs import STAGE_RUN
from helios_engine.stage import StageSpec

FIRST = "2026-01-05T01:00:00Z"


class Ahead:
    """Knows the bars of the catalog by the time at which each closes."""

    consumes = Bar

    def __init__(self, catalog: str) -> None:
        bars = bars_frame(catalog)
        self.times = bars["ts"].tolist()
        self.place = {ts: n for n, ts in enumerate(self.times)}
        self.columns = {name: bars[name].tolist() for name in ("close", "high", "low", "volume")}

    def window(self, name: str, ts: int, length: int) -> list[float]:
        """The next `length` values after `ts`."""
        place = self.place[ts] + 1
        return self.columns[name][place : place + length]


class VolatilityToCome(Ahead):
    """A volatility target with the realised volatility of the window in which the position is held."""

    def on_event(self, event: Event[Bar]) -> Iterator[Target]:
        """A hundredth divided by the deviation of the next day's moves."""
        moves = _moves([event.body.close, *self.window("close", event.ts, 24)])
        if len(moves) > 1:
            yield Target(event.body.instrument, round(0.01 / _deviation(moves), 6))


class TrailingVolatility:
    """A volatility target with the realised volatility of the last day."""

    consumes = Bar

    def __init__(self) -> None:
        self.closes: deque[float] = deque(maxlen=25)

    def on_event(self, event: Event[Bar]) -> Iterator[Target]:
        """A hundredth divided by the deviation of the last day's moves."""
        self.closes.append(event.body.close)
        moves = _moves(list(self.closes))
        if len(moves) > 1:
            yield Target(event.body.instrument, round(0.01 / _deviation(moves), 6))


class StopUnderLow(Ahead):
    """Enters at every sixth bar with a stop just under the low of the day to come: it is never hit."""

    def on_event(self, event: Event[Bar]) -> Iterator[OrderIntent]:
        """A stop order whose trigger the market will just not reach."""
        if self.place[event.ts] % 6 == 0:
            low = min(self.window("low", event.ts, 24), default=event.body.low)
            yield _stop(event, low * 0.999)


class StopUnderPastLow:
    """Enters at every sixth bar with a stop just under the low of the last day."""

    consumes = Bar

    def __init__(self) -> None:
        self.lows: deque[float] = deque(maxlen=24)
        self.count = 0

    def on_event(self, event: Event[Bar]) -> Iterator[OrderIntent]:
        """A stop order under what has been the low."""
        self.lows.append(event.body.low)
        self.count += 1
        if self.count % 6 == 1:
            yield _stop(event, min(self.lows) * 0.999)


class ShareOfVolume(Ahead):
    """Takes a tenth of the volume of the bar in which its order will be done."""

    def on_event(self, event: Event[Bar]) -> Iterator[Target]:
        """A tenth of the next bar's volume."""
        for volume in self.window("volume", event.ts, 1):
            yield Target(event.body.instrument, round(volume / 10, 6))


class ShareOfLastVolume:
    """Takes a tenth of the volume of the bar that has closed."""

    consumes = Bar

    def on_event(self, event: Event[Bar]) -> Iterator[Target]:
        """A tenth of this bar's volume."""
        yield Target(event.body.instrument, round(event.body.volume / 10, 6))


class KellyOfAll(Ahead):
    """A Kelly fraction from the mean and variance of all moves, those that it will bet on among them."""

    def __init__(self, catalog: str) -> None:
        super().__init__(catalog)
        moves = _moves(self.columns["close"])
        self.fraction = math.fsum(moves) / len(moves) / _deviation(moves) ** 2

    def on_event(self, event: Event[Bar]) -> Iterator[Target]:
        """The fraction, at every bar."""
        yield Target(event.body.instrument, round(self.fraction, 6))


class KellySoFar:
    """A Kelly fraction from the moves so far."""

    consumes = Bar

    def __init__(self) -> None:
        self.closes: list[float] = []

    def on_event(self, event: Event[Bar]) -> Iterator[Target]:
        """The fraction, once there are ten moves."""
        self.closes.append(event.body.close)
        moves = _moves(self.closes)
        if len(moves) >= 10:
            yield Target(event.body.instrument, round(math.fsum(moves) / len(moves) / _deviation(moves) ** 2, 6))


class OutAtTheTop(Ahead):
    """Holds each position until the highest close of the next twelve bars, "as optimised"."""

    def __init__(self, catalog: str) -> None:
        super().__init__(catalog)
        self.until = 0

    def on_event(self, event: Event[Bar]) -> Iterator[Target]:
        """Long until the best moment, then flat until the next day."""
        now = self.place[event.ts]
        if now % 24 == 0:
            closes = [event.body.close, *self.window("close", event.ts, 12)]
            self.until = now + closes.index(max(closes))
        yield Target(event.body.instrument, 1.0 if now < self.until else 0.0)


class OutAfterTwelve:
    """Holds each position for twelve bars."""

    consumes = Bar

    def __init__(self) -> None:
        self.count = -1

    def on_event(self, event: Event[Bar]) -> Iterator[Target]:
        """Long for the first half of each 24 bars."""
        self.count += 1
        yield Target(event.body.instrument, 1.0 if self.count % 24 < 12 else 0.0)


def _moves(closes: list[float]) -> list[float]:
    return [after / before - 1 for before, after in pairwise(closes)]


def _deviation(moves: list[float]) -> float:
    mean = math.fsum(moves) / len(moves)
    return max(math.sqrt(math.fsum((m - mean) ** 2 for m in moves) / (len(moves) - 1)), 1e-6)


def _stop(event: Event[Bar], trigger: float) -> OrderIntent:
    price, name = Decimal(repr(round(trigger, 2))), event.body.instrument
    return OrderIntent(f"stop-{event.ts}", name, "SELL", Decimal("0.0001"), "STOP", trigger=price)


def _entry(name: str, about: str, leak: type, twin: type, label: Label) -> Entry:
    specs = [StageSpec(f"zoo.{kind.__name__.lower()}", kind) for kind in (leak, twin)]
    return Entry(name, about, STAGE_RUN, specs[0], (specs[1],), label)


QUANTITY = "Target.quantity"
ENTRIES = (
    _entry("volatility", "the volatility to come", VolatilityToCome, TrailingVolatility, Label(QUANTITY, FIRST, 24)),
    _entry("stop", "a stop from the low to come", StopUnderLow, StopUnderPastLow, Label(None, FIRST, 24)),
    _entry("volume", "a share of the next bar's volume", ShareOfVolume, ShareOfLastVolume, Label(None, FIRST, 1)),
    _entry("kelly", "a Kelly fraction of all moves", KellyOfAll, KellySoFar, Label(QUANTITY, FIRST, "end")),
    _entry("best_exit", "an exit at the best close to come", OutAtTheTop, OutAfterTwelve, Label(QUANTITY, None, None)),
)
