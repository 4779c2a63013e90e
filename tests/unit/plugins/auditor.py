"""A stage behind an execution stage that keeps its own books of orders and stops the run at what must not be."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from helios_engine.bodies import (
    Bar,
    CancelIntent,
    Fill,
    Instrument,
    OrderAccepted,
    OrderCanceled,
    OrderIntent,
    OrderModified,
    Position,
    Reject,
    Target,
    Tick,
    Trade,
)
from helios_engine.events import Event
from helios_execution.sizing import smallest

ZERO = Decimal(0)
PATIENCE = 3 * 3600 * 10**9
"""How long (ns) a cancel may be on its way: with hourly bars, up to the bar after next."""


class Auditor:
    """Between turns, what is held has a stop or a way out, and what is flat has no exit left for long.

    Consumes intents and their answers and yields nothing. `AssertionError` says what is wrong.
    `brackets` false looks at entries alone.
    """

    consumes = (
        Instrument, Trade, Bar, Tick, Target, OrderIntent, CancelIntent, OrderAccepted, OrderModified, OrderCanceled,
        Reject, Fill, Position,
    )  # fmt: skip
    optional = (Trade, Bar, CancelIntent)

    def __init__(self, brackets: bool = True) -> None:
        self.brackets = brackets
        self.live: dict[str, OrderIntent] = {}
        self.left: dict[str, Decimal] = {}
        self.whole: dict[str, Decimal] = {}
        self.held: dict[str, Decimal] = {}
        self.targets: dict[str, tuple[int, Decimal, Decimal]] = {}
        self.prices: dict[str, float] = {}
        self.definitions: dict[str, Instrument] = {}
        self.flat_since: dict[str, int] = {}
        self.entries = self.exits = 0

    def on_event(self, event: Event[Any]) -> Iterator[Target]:
        body = event.body
        match body:
            case Trade() | Bar():
                self.prices[body.instrument] = body.price if isinstance(body, Trade) else body.close
                if self.brackets:
                    self.check(body.instrument, event.ts)
            case Target():
                # An order that was due at the event that brings a target may still be under the one before.
                since, last, new = self.targets.get(body.instrument, (0, ZERO, ZERO))
                last = last if since == event.ts else new
                self.targets[body.instrument] = (event.ts, last, Decimal(repr(body.quantity)))
            case OrderIntent():
                self.ordered(body, event.ts)
            case Fill():
                self.left[body.id] -= body.quantity
                assert self.left[body.id] >= 0
                if not self.left[body.id]:
                    del self.live[body.id]
            case OrderModified():
                self.left[body.id] += body.quantity - self.whole[body.id]
                self.whole[body.id] = body.quantity
            case Reject() if body.reason.startswith(("cancel", "modify")):
                pass
            case Reject() | OrderCanceled():
                self.live.pop(body.id, None)
            case Position():
                before = self.held.get(body.instrument, ZERO)
                self.held[body.instrument] = body.quantity
                assert before * body.quantity >= 0, f"flipped from {before} to {body.quantity}"
            case Instrument():
                self.definitions[body.instrument] = body
        yield from ()

    def ordered(self, intent: OrderIntent, now: int) -> None:
        mine = [found for found in self.live.values() if found.instrument == intent.instrument]
        self.exits += intent.reduce_only
        self.entries += not intent.reduce_only
        if not intent.reduce_only:
            assert not [found for found in mine if not found.reduce_only], "two entry orders"
            assert not self.brackets or not mine, "an entry beside exits"
            sign = 1 if intent.side == "BUY" else -1
            after = self.held.get(intent.instrument, ZERO) + sign * intent.quantity
            held = self.held.get(intent.instrument, ZERO)
            since, last, target = self.targets[intent.instrument]
            valid = (last, target) if since == now else (target,)
            assert any(min(held, t) <= after <= max(held, t) for t in valid), f"{after} is past the target {target}"
        self.live[intent.id] = intent
        self.left[intent.id] = self.whole[intent.id] = intent.quantity

    def check(self, name: str, now: int) -> None:
        exits = [found for found in self.live.values() if found.instrument == name and found.reduce_only]
        held, price = abs(self.held.get(name, ZERO)), Decimal(repr(self.prices[name]))
        if held >= smallest(self.definitions[name], price):
            guards = [found for found in exits if found.type in ("STOP", "TRAILING_STOP", "MARKET")]
            assert guards, f"{held} of {name} held without a stop or a way out"
            self.flat_since.pop(name, None)
        elif exits:
            since = self.flat_since.setdefault(name, now)
            assert now - since < PATIENCE, f"orphans of {name}: {exits}"
        else:
            self.flat_since.pop(name, None)
