"""No order of events leaves a bracket's position without its stop, flips it, or leaves an order behind."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from helios_engine.bodies import (
    Account,
    Control,
    Fill,
    OrderAccepted,
    OrderCanceled,
    OrderIntent,
    OrderModified,
    OrderUnknown,
    Position,
    Reject,
)
from helios_engine.events import Body
from helios_execution.bracket import Bracket
from helios_execution.sizing import smallest
from tests.unit.plugins.feeding import BTC, NAME
from tests.unit.plugins.machine import SECOND, Machine


class BracketMachine(Machine):
    """A bracket; exits are reduce-only at the exchange, as they are at a venue."""

    def __init__(self) -> None:
        super().__init__()
        self.is_halted = self.is_bare = self.is_answering = False
        self.retry_at = 0

    @staticmethod
    def make() -> Any:
        return Bracket(stop=0.01, take=0.01, reenter=True)

    def look(self, intent: OrderIntent) -> None:
        super().look(intent)
        if intent.reduce_only:
            held = self.exchange.held
            assert (intent.side == "SELL") == (held > 0) and intent.quantity <= abs(held)
            assert not self.exits(role(intent.id)), "two live exit orders of a role"
        else:
            assert not self.is_halted, "an entry while halted"
            assert len(self.exchange.live) == 0, "an order of the last bracket at entry"

    def exits(self, wanted: str) -> list[str]:
        return [order for order in self.exchange.live if role(order) == wanted]

    def give(self, *bodies: Body) -> None:
        for body in bodies:
            if isinstance(body, Reject | OrderCanceled) and role(body.id) == "close":
                self.retry_at = self.now + SECOND
                # A venue that refuses to close may want the legs gone first: then there is no stop for a while.
                self.is_bare |= isinstance(body, Reject) and body.by == "venue"
            self.is_answering = isinstance(
                body, Fill | Position | Account | Reject | OrderCanceled | OrderAccepted | OrderModified | OrderUnknown
            )
            super().give(body)
        self.is_bare &= not self.is_flat()

    def is_flat(self) -> bool:
        return abs(self.exchange.held) < smallest(BTC, self.exchange.price)

    @rule(name=st.sampled_from(["flatten", "reduce_only", "pause", "resume", "resume"]))
    def control(self, name: str) -> None:
        self.is_halted = name != "resume"
        self.give(Control(name, NAME))

    def is_filling(self) -> bool:
        """Whether more fills of a market entry may follow at this very moment."""
        return self.is_answering and any(
            not found.intent.reduce_only and found.intent.price is None for found in self.exchange.live.values()
        )

    @invariant()
    def what_is_held_has_a_stop_or_is_being_left(self) -> None:
        if not hasattr(self, "exchange") or self.is_flat() or self.is_bare or self.now < self.retry_at:
            return
        if self.is_filling():
            return
        stops, closes = self.exits("stop"), self.exits("close")
        assert stops or closes, f"{self.exchange.held} held without stop or close"
        if closes or any(change.id == stops[0] for change in self.exchange.changes):
            return
        stop = self.exchange.live[stops[0]]
        assert stop.left >= abs(self.exchange.held) or not stop.is_resting, "a stop smaller than the position"

    def marketable(self) -> list[str]:
        return [order for order, found in self.exchange.live.items() if self.trades(found.intent)]

    def trades(self, intent: OrderIntent) -> bool:
        """Whether an order would trade at the last price."""
        sign = 1 if intent.side == "BUY" else -1
        if intent.trigger is not None:
            return sign * (self.exchange.price - intent.trigger) >= 0
        return intent.price is None or not intent.reduce_only or sign * (intent.price - self.exchange.price) >= 0

    def teardown(self) -> None:
        if not hasattr(self, "exchange"):
            return
        self.control("resume")
        for target in (0.0, 2.0, 0.0):
            self.aim(target)
            self.calm(20)
            assert self.near(target), f"held {self.exchange.held} with a target of {target}"
            roles = sorted(role(order) for order in self.exchange.live)
            assert roles == (["stop", "take"] if target else []), roles
            for found in self.exchange.live.values():
                assert found.left == self.exchange.held


class QuotedMachine(BracketMachine):
    """The same with entries that rest and expire."""

    @staticmethod
    def make() -> Any:
        return Bracket(stop=0.02, take=0.01, entry="limit", entry_expires="45s", trailing=True, band=0.01)

    def teardown(self) -> None:
        """Stop and target end what they end: only the way out is held here."""
        if hasattr(self, "exchange"):
            self.aim(0.0)
            self.calm(20)
            assert self.near(0.0) and not self.exchange.live


def role(order: str) -> str:
    """The role in an id such as `B-1-stop-2`; empty for an entry."""
    return f"{order}--".split("-")[2]


TestBracket = BracketMachine.TestCase
TestQuoted = QuotedMachine.TestCase
TestBracket.settings = TestQuoted.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
