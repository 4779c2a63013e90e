"""Bodies for plugin tests, and a way to give them to a stage one by one."""

from __future__ import annotations

import random
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from helios_engine.bodies import Account, Bar, Features, Instrument, Schema
from helios_engine.events import Body, Event

NAME = "BTCZAR.VALR"
MINUTE = 60 * 10**9
DAY = 1440 * MINUTE
START = 1_700_006_400 * 10**9  # 2023-11-15T00:00:00Z

BTC = Instrument(
    NAME,
    "BTC",
    "ZAR",
    0,
    8,
    tick=Decimal(1),
    lot=Decimal("0.001"),
    min_quantity=Decimal("0.002"),
    min_notional=Decimal(10),
)


def turn(stage: Any, body: Body, ts: int | None = None, source: str = "test") -> list[Body]:
    """What a stage says to one event; `ts` is the end of a bar unless given."""
    now = getattr(body, "ts_close", START) if ts is None else ts
    return list(stage.on_event(Event(now, 0, source, body)) or ())


def feed(stage: Any, bodies: Iterable[Body]) -> list[Body]:
    """All that a stage says to several events."""
    return [output for body in bodies for output in turn(stage, body)]


def bar(close: float, number: int = 0, *, name: str = NAME, timeframe: str = "1m", span: float = 0.0) -> Bar:
    """The bar `number` minutes after START, reaching `span` above and below its close."""
    start = START + number * MINUTE
    return Bar(name, timeframe, start, start + MINUTE, close, close + span, close - span, close, 1.0)


def bars(*closes: float, name: str = NAME, timeframe: str = "1m") -> list[Bar]:
    """Flat bars in a row."""
    return [bar(close, number, name=name, timeframe=timeframe) for number, close in enumerate(closes)]


def walk(count: int, seed: int = 1) -> list[Bar]:
    """Bars of a seeded random walk with a range around each close."""
    draw = random.Random(seed)
    found, close = [], 1000.0
    for number in range(count):
        close *= 1.0 + draw.gauss(0.0, 0.01)
        found.append(bar(close, number, span=draw.uniform(0.5, 5.0)))
    return found


def account(equity: str, currency: str = "ZAR") -> Account:
    """An account all in cash."""
    return Account(currency, Decimal(equity), Decimal(equity), Decimal(0))


def features(*values: float | None, name: str = NAME, timeframe: str = "1m", schema: str = "basic/1") -> Features:
    """A row under a schema of as many columns as there are values."""
    return Features.of(name, Schema(schema, tuple(f"c{i}" for i in range(len(values)))), values, timeframe)
