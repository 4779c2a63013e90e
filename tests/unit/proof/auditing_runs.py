"""A market of a stranger's making for audits: trades on minute boundaries, bars, a model, and orders in turn."""

from __future__ import annotations

import random
import types
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import helios_engine.nautilus.venue  # noqa: F401  children begin with it, and need not import it each
from helios_engine.bodies import (
    Bar,
    DataIssue,
    Features,
    Instrument,
    OrderIntent,
    Prediction,
    PredictRequest,
    Print,
    Schema,
    Tick,
    Trade,
)
from helios_engine.config import parse_config
from helios_engine.events import Event
from helios_engine.hookspecs import hookimpl
from helios_engine.plugins import Plugins
from helios_engine.proof.audits.layer import audit
from helios_engine.proof.case import Case
from helios_engine.proof.findings import Finding, Outcome
from helios_engine.stage import EffectSpec, FeedSpec, Pin, StageSpec

D = Decimal
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
BEGIN = 1_767_571_200 * SECOND
BTC = Instrument(
    "BTCZAR.VALR", "BTC", "ZAR", 0, 8, tick=D(1), lot=D("0.00000001"), taker_fee=D("0.0035"), maker_fee=D("0.0018")
)
ROW = Schema("given/1", ("close", "noise"))


class Tape:
    """Trades every ten seconds, so that every sixth lies on a minute boundary."""

    def __init__(self, minutes: int = 30) -> None:
        self.count = 6 * minutes

    def pin(self) -> Pin:
        return Pin(f"tape-{self.count}", self.count, BEGIN, BEGIN + (self.count - 1) * 10 * SECOND)

    def instruments(self) -> Iterable[Instrument]:
        return [BTC]

    def rows(self) -> Iterator[tuple[int, Trade]]:
        draw, price = random.Random(3), 1000
        for number in range(self.count):
            price += draw.randint(-3, 3)
            ts = BEGIN + number * 10 * SECOND
            side = ("BUY", "SELL")[number % 2]
            yield ts, Trade(BTC.instrument, ts, float(price), 0.5, side, str(number))

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Trade]]:
        yield from ((ts, body) for ts, body in self.rows() if start <= ts < stop)

    def issues(self, start: int, stop: int) -> Iterator[tuple[int, DataIssue]]:
        at = BEGIN + 5 * MINUTE
        yield at, DataIssue(BTC.instrument, "gap", "info", at - MINUTE, at, "none was seen")


class Minutes(Tape):
    """The bars of the tape, each known at its close; or, to be found, `early` (ns) before it."""

    early = 0

    def pin(self) -> Pin:
        return Pin(f"minutes-{self.count}", self.count // 6, BEGIN, BEGIN + self.count * 10 * SECOND)

    def bars(self) -> Iterator[Bar]:
        rows = [body for _, body in self.rows()]
        for first in range(0, len(rows), 6):
            p, ts = [trade.price for trade in rows[first : first + 6]], rows[first].ts_event
            yield Bar(BTC.instrument, "1m", ts, ts + MINUTE, p[0], max(p), min(p), p[-1], 3.0)

    def prints(self, start: int, stop: int) -> Iterator[tuple[int, Print]]:
        for bar in self.bars():
            path = ((1, bar.open, "open"), (20 * SECOND, bar.high, "extreme"), (40 * SECOND, bar.low, "extreme"))
            for away, price, phase in (*path, (MINUTE - 1, bar.close, "close")):
                if start <= bar.ts_open + away < stop:
                    yield bar.ts_open + away, Print(bar.instrument, bar.ts_open + away, price, 0.75, phase)

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Bar]]:  # type: ignore[override]
        yield from ((bar.ts_close - self.early, bar) for bar in self.bars())

    def issues(self, start: int, stop: int) -> Iterator[tuple[int, DataIssue]]:
        return iter(())


class Rows(Minutes):
    """Features whose first column is the close of a bar, known at its close or `early` before it."""

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Features]]:  # type: ignore[override]
        for ts, bar in Minutes.inputs(self, start, stop):
            yield ts, Features.of(BTC.instrument, ROW, [bar.close, bar.close % 7], "1m")

    def prints(self, start: int, stop: int) -> Iterator[tuple[int, Print]]:
        return iter(())


class Asker:
    """Asks the model at every bar of a minute."""

    consumes = Bar

    def __init__(self) -> None:
        self.count = 0

    def on_event(self, event: Event[Bar]) -> Iterator[PredictRequest]:
        if event.body.timeframe == "1m":
            self.count += 1
            yield PredictRequest(str(self.count), "m", event.body.instrument, "x/1", b"", b"")


class Model:
    """Answers with a number."""

    handles = PredictRequest

    def answer(self, body: PredictRequest) -> Prediction:
        return Prediction(body.id, "m", body.instrument, 1.0)


class Trader:
    """Buys and sells in turn at every other minute, with a stop below and a target above each purchase."""

    consumes = Tick

    def __init__(self) -> None:
        self.count = 0

    def on_event(self, event: Event[Tick]) -> Iterator[OrderIntent]:
        self.count += 1
        if self.count % 2 == 0:
            side: Any = ("SELL", "BUY")[self.count // 2 % 2]
            yield OrderIntent(f"T-{self.count}", BTC.instrument, side, D("0.1"))


CONFIG = """
[run]
name = "audit"
warmup = "5m"

[account]
currency = "ZAR"
balances = { ZAR = "1000000" }

[venue]
use = "nautilus.sim"
latency = "250ms"

[[feed]]
use = "test.tape"

[[stage]]
use = "aggregation.time_bars"
timeframes = ["1m", "5m"]

[[stage]]
use = "test.asker"

[[effect]]
use = "test.model"
delay = "7s"

[[stage]]
use = "test.trader"
"""


def plugins() -> Plugins:
    """What is installed, and the stranger's."""
    module = types.ModuleType("stranger")

    @hookimpl
    def helios_feeds() -> list[FeedSpec]:
        return [FeedSpec("test.tape", Tape), FeedSpec("test.minutes", Minutes), FeedSpec("test.rows", Rows)]

    @hookimpl
    def helios_stages() -> list[StageSpec]:
        return [StageSpec("test.asker", Asker), StageSpec("test.trader", Trader)]

    @hookimpl
    def helios_effects() -> list[EffectSpec]:
        return [EffectSpec("test.model", Model, emits=(Prediction,))]

    for hook in (helios_feeds, helios_stages, helios_effects):
        setattr(module, hook.__name__, hook)
    found = Plugins()
    found.register(module, "stranger")
    return found


def audited(folder: Path, text: str = CONFIG) -> tuple[Outcome, Outcome]:
    """The outcomes of availability and fills for a config of these pieces."""
    return audit(Case(parse_config(text, folder / "audit.toml"), plugins(), folder))


def wrong(outcome: Outcome) -> list[Finding]:
    """The violations of an outcome."""
    return [finding for finding in outcome.findings if not finding.is_note]
