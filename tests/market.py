"""A venue and feeds of a stranger's making: enough to run whole backtests without nautilus or a catalog."""

from __future__ import annotations

import random
import types
from collections.abc import Iterable, Iterator
from decimal import Decimal

from helios_engine.bodies import (
    Bar,
    CancelIntent,
    Fill,
    Instrument,
    OrderAccepted,
    OrderCanceled,
    OrderIntent,
    Prediction,
    PredictRequest,
    Print,
    Tick,
    Trade,
)
from helios_engine.events import Body, Event
from helios_engine.hookspecs import hookimpl
from helios_engine.plugins import Plugins
from helios_engine.stage import EffectSpec, FeedSpec, Pin, StageSpec, VenueSpec
from tests.stages import MINUTE, Follow

D = Decimal
BTC = Instrument("BTCZAR.VALR", "BTC", "ZAR", 0, 8, tick=D(1), lot=D("0.00000001"), taker_fee=D("0.001"))


class Walk:
    """One-minute bars of a seeded random walk, with the path that moves the venue."""

    def __init__(self, bars: int = 200, seed: int = 1, instrument: str = "BTCZAR.VALR") -> None:
        self.bars, self.seed, self.name = bars, seed, instrument

    def rows(self) -> Iterator[Bar]:
        draw = random.Random(self.seed)
        close = 1000
        for number in range(1, self.bars + 1):
            first, close = close, close + draw.randint(-9, 9)
            high, low = max(first, close) + 3, min(first, close) - 3
            start = number * MINUTE
            yield Bar(self.name, "1m", start, start + MINUTE, first, high, low, close, 5.0)

    def pin(self) -> Pin:
        return Pin(f"walk-{self.bars}-{self.seed}-{self.name}", self.bars, 2 * MINUTE, (self.bars + 1) * MINUTE)

    def instruments(self) -> Iterable[Instrument]:
        base = self.name.partition("ZAR")[0]
        return [Instrument(self.name, base, "ZAR", 0, 8, tick=D(1), lot=D("0.00000001"), taker_fee=D("0.001"))]

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Bar]]:
        for bar in self.rows():
            if start <= bar.ts_close < stop:
                yield bar.ts_close, bar

    def prints(self, start: int, stop: int) -> Iterator[tuple[int, Print]]:
        for bar in self.rows():
            for ts, price, phase in ((bar.ts_open + 1, bar.open, "open"), (bar.ts_close - 1, bar.close, "close")):
                if start <= ts < stop:
                    yield ts, Print(bar.instrument, ts, price, 1.0, phase)


class NextPrint:
    """Fills each market order whole at the first print or trade after it was sent; cancels the rest."""

    def __init__(self, fee: str = "0.001") -> None:
        self.fee = D(fee)
        self.fills = 0
        self.sent: list[tuple[int, OrderIntent]] = []
        self.due: list[Body] = []

    def open(self, ts: int, instruments: Iterable[Instrument]) -> None:
        pass

    def instrument(self, ts: int, body: Instrument) -> None:
        pass

    def market(self, ts: int, body: Body) -> list[Body]:
        if not isinstance(body, Print | Trade):
            return []
        found: list[Body] = []
        for sent, intent in list(self.sent):
            if intent.instrument == body.instrument and sent < ts:
                self.sent.remove((sent, intent))
                self.fills += 1
                price = D(repr(body.price))
                fee = intent.quantity * price * self.fee
                found.append(
                    Fill(
                        intent.id,
                        f"F-{self.fills}",
                        intent.instrument,
                        intent.side,
                        intent.quantity,
                        price,
                        fee,
                        "ZAR",
                        "TAKER",
                    )
                )
        return found

    def send(self, ts: int, intent: Body) -> None:
        if isinstance(intent, OrderIntent):
            self.sent.append((ts, intent))
            self.due.append(OrderAccepted(intent.id, intent.instrument))
        elif isinstance(intent, CancelIntent):
            self.sent = [(at, order) for at, order in self.sent if order.id != intent.id]
            self.due.append(OrderCanceled(intent.id, intent.instrument, "asked"))

    def settle(self, ts: int) -> list[Body]:
        found, self.due = self.due, []
        return found

    def finish(self, ts: int) -> list[Body]:
        return self.settle(ts)


class Buyer:
    """Buys and sells one unit in turn, on every `every`-th prediction above its threshold."""

    consumes = (Prediction, Fill)

    def __init__(self, every: int = 3, threshold: float = 0.0) -> None:
        self.every, self.threshold = every, threshold
        self.seen = 0
        self.sent = 0
        self.long = False

    def on_event(self, event: Event[Prediction | Fill]) -> Iterator[OrderIntent]:
        if isinstance(event.body, Fill):
            self.long = event.body.side == "BUY"
            return
        self.seen += 1
        if self.seen % self.every == 0 and abs(event.body.value) > self.threshold:
            self.sent += 1
            side = "SELL" if self.long else "BUY"
            yield OrderIntent(f"B-{self.sent}", event.body.instrument, side, D(1))  # type: ignore[arg-type]


class Asker:
    """Asks the model at every bar."""

    consumes = Bar

    def __init__(self) -> None:
        self.count = 0

    def on_event(self, event: Event[Bar]) -> Iterator[PredictRequest]:
        self.count += 1
        yield PredictRequest(
            str(self.count), "test.model", event.body.instrument, "close/1", repr(event.body.close).encode(), b""
        )


class Model:
    """Predicts the distance from a running mean; it has a state, so order matters."""

    handles = PredictRequest

    def __init__(self) -> None:
        self.mean = 1000.0

    def answer(self, body: PredictRequest) -> Prediction:
        close = float(body.values)
        self.mean += (close - self.mean) / 10
        return Prediction(body.id, "test.model", body.instrument, close - self.mean)


class Counter:
    """Consumes ticks and yields nothing."""

    consumes = Tick

    def __init__(self) -> None:
        self.count = 0

    def on_event(self, event: Event[Tick]) -> None:
        self.count += 1


def market_plugins(*more: StageSpec) -> Plugins:
    """The stranger's plugin beside whatever is installed."""
    module = types.ModuleType("stranger")

    @hookimpl
    def helios_feeds() -> list[FeedSpec]:
        return [FeedSpec("test.walk", Walk)]

    @hookimpl
    def helios_venues() -> list[VenueSpec]:
        return [VenueSpec("test.next_print", NextPrint)]

    @hookimpl
    def helios_effects() -> list[EffectSpec]:
        return [EffectSpec("test.model", Model, emits=(Prediction,))]

    @hookimpl
    def helios_stages() -> list[StageSpec]:
        mine = {"test.buyer": Buyer, "test.asker": Asker, "test.counter": Counter, "test.follow": Follow}
        return [*(StageSpec(name, kind) for name, kind in mine.items()), *more]

    for hook in (helios_feeds, helios_venues, helios_effects, helios_stages):
        setattr(module, hook.__name__, hook)
    plugins = Plugins()
    plugins.register(module, "stranger")
    return plugins


CONFIG = """
[run]
name = "walk"

[account]
currency = "ZAR"
balances = { ZAR = "100000" }

[venue]
use = "test.next_print"

[[feed]]
use = "test.walk"

[[stage]]
use = "test.asker"

[[effect]]
use = "test.model"

[[stage]]
use = "test.buyer"

[[stage]]
use = "test.counter"
"""
