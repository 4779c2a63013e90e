"""What the state machines of execution stages share: random answers and market events in any order."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from helios_engine import state
from helios_engine.bodies import OrderIntent, OrderUnknown, Target, Tick, Trade
from helios_engine.events import Body
from helios_execution.sizing import smallest
from tests.unit.plugins.exchange import Exchange
from tests.unit.plugins.feeding import BTC, NAME, START, turn

SECOND = 10**9
TARGETS = st.sampled_from([0.0, 0.001, 0.5, 1.0, 1.0005, 2.0, -1.0, -0.25])


class Machine(RuleBasedStateMachine):
    """One stage, one instrument, and an exchange whose answers come in any order."""

    make: Callable[[], Any]
    slack = Decimal(0)
    """How far from the newest target the one being worked may be: the stage's band."""

    @initialize(has_account=st.booleans())
    def begin(self, has_account: bool) -> None:
        self.stage = type(self).make()
        self.exchange = Exchange(has_account=has_account)
        self.now = START
        self.target = 0.0
        self.give(BTC, *self.exchange.account())
        self.give(Trade(NAME, self.now, 1000.0, 1.0, "BUY", "0"))

    def give(self, *bodies: Body) -> None:
        """Let the stage have bodies in turn; the exchange takes what it says, and every intent is looked at."""
        for body in bodies:
            said = turn(self.stage, body, self.now)
            for intent in said:
                if isinstance(intent, OrderIntent):
                    self.look(intent)
                self.exchange.take([intent])

    def look(self, intent: OrderIntent) -> None:
        """What every new order keeps; `exchange` does not have it yet."""
        assert intent.quantity % BTC.lot == 0 and intent.quantity >= BTC.min_quantity
        assert intent.price is None or intent.price % BTC.tick == 0
        if not intent.reduce_only:
            assert not self.entries(), "two live entry orders"
            self.check_entry(intent)

    def check_entry(self, intent: OrderIntent) -> None:
        """An entry moves the position toward the newest target and not past it."""
        held, target = self.exchange.held, Decimal(repr(self.target))
        after = held + (intent.quantity if intent.side == "BUY" else -intent.quantity)
        slack = self.slack * abs(target)
        assert min(held, target) - slack <= after <= max(held, target) + slack

    def entries(self) -> list[str]:
        return [order for order, found in self.exchange.live.items() if not found.intent.reduce_only]

    def flying(self) -> list[str]:
        return [order for order, found in self.exchange.live.items() if not found.is_resting]

    @rule(wanted=TARGETS)
    def aim(self, wanted: float) -> None:
        self.target = wanted
        self.give(Target(NAME, wanted))

    @rule(move=st.integers(-30, 30), seconds=st.integers(0, 90))
    def trade(self, move: int, seconds: int) -> None:
        self.now += seconds * SECOND
        self.exchange.price = max(Decimal(100), self.exchange.price + move)
        self.give(Trade(NAME, self.now, float(self.exchange.price), 1.0, "BUY", "n"))

    @rule(seconds=st.integers(0, 90))
    def tick(self, seconds: int) -> None:
        self.now += seconds * SECOND
        self.give(Tick("1m", self.now))

    @precondition(lambda self: self.flying())
    @rule(data=st.data())
    def accept(self, data: st.DataObject) -> None:
        self.give(*self.exchange.accept(data.draw(st.sampled_from(self.flying()))))

    @precondition(lambda self: self.entries())
    @rule(share=st.sampled_from(["0.5", "1"]))
    def enter(self, share: str) -> None:
        """The entry is done and what follows from it arrives: without this, few runs would come to hold anything."""
        for order in self.entries():
            lots = max(1, int(self.exchange.live[order].left * Decimal(share) / BTC.lot))
            self.give(*self.exchange.fill(order, lots * BTC.lot))
        for order in self.flying():
            self.give(*self.exchange.accept(order))

    @precondition(lambda self: self.flying())
    @rule(data=st.data(), by=st.sampled_from(["gate", "venue"]))
    def refuse(self, data: st.DataObject, by: str) -> None:
        self.give(*self.exchange.reject(data.draw(st.sampled_from(self.flying())), by, "no"))

    @precondition(lambda self: self.flying())
    @rule(data=st.data())
    def doubt(self, data: st.DataObject) -> None:
        self.give(OrderUnknown(data.draw(st.sampled_from(self.flying())), NAME, "timeout"))

    @precondition(lambda self: self.exchange.live)
    @rule(data=st.data(), share=st.sampled_from(["0.001", "0.25", "0.4995", "1"]))
    def fill(self, data: st.DataObject, share: str) -> None:
        order = data.draw(st.sampled_from(sorted(self.exchange.live)))
        lots = max(1, int(self.exchange.live[order].left * Decimal(share) / BTC.lot))
        self.give(*self.exchange.fill(order, lots * BTC.lot))

    @precondition(lambda self: self.exchange.changes)
    @rule(is_refused=st.booleans())
    def change(self, is_refused: bool) -> None:
        self.give(*self.exchange.change(is_refused=is_refused))

    @precondition(lambda self: self.exchange.live)
    @rule(data=st.data())
    def expire(self, data: st.DataObject) -> None:
        self.give(*self.exchange.cancel(data.draw(st.sampled_from(sorted(self.exchange.live))), "the venue's wish"))

    @rule()
    def restart(self) -> None:
        """Saved and made anew, at any point."""
        saved = state.dump(self.stage)
        self.stage = type(self).make()
        state.load(self.stage, saved)

    def calm(self, rounds: int = 60) -> None:
        """An exchange in a good mood and a market that stands still: everything sent is done."""
        for _ in range(rounds):
            self.now += 60 * SECOND
            while self.exchange.changes:
                self.give(*self.exchange.change())
            for order in self.flying():
                self.give(*self.exchange.accept(order))
            for order in self.marketable():
                if order in self.exchange.live:
                    self.give(*self.exchange.fill(order, self.exchange.live[order].left))
            self.give(Tick("1m", self.now))
            self.give(Trade(NAME, self.now, float(self.exchange.price), 1.0, "BUY", "n"))

    def marketable(self) -> list[str]:
        return list(self.exchange.live)

    def near(self, target: float) -> bool:
        """Whether the position is within one smallest order of a target."""
        return abs(self.exchange.held - Decimal(repr(target))) < smallest(BTC, self.exchange.price)

    def teardown(self) -> None:
        if not hasattr(self, "exchange"):
            return
        self.calm()
        self.aim(2.0)
        self.calm()
        assert self.near(2.0), f"held {self.exchange.held} with a target of 2"
        self.aim(0.0)
        self.calm()
        assert self.near(0.0) and not self.exchange.live
