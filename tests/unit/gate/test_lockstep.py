"""The gate against a second opinion that shares none of its code; both directions, whatever happened before."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from helios_engine.gate import KINDS
from tests.bench.gate_fuzz import fuzz
from tests.gate_model import draws
from tests.gate_model.lockstep import CROWD, Lockstep
from tests.gate_model.world import INSTRUMENTS, extremes

CASH = {"ZAR": 1000, "USD": 0, "BTC": 0}
draw = st.randoms(use_true_random=False)


@pytest.mark.parametrize("seed", range(4))
def test_gate_and_second_opinion_agree_and_every_rule_has_its_say(seed: int) -> None:
    counts = fuzz(5_000, seed)

    assert {kind for kind in KINDS if not counts[kind]} == set()
    assert counts["passes"] > 1_000


class Both(RuleBasedStateMachine):
    """Whatever happens, in whatever order, both say the same of the next order; asserted inside `Lockstep`."""

    @initialize(draw=draw)
    def begin(self, draw: Random) -> None:
        self.run = Lockstep(draw)

    @rule(draw=draw)
    def order(self, draw: Random) -> None:
        self.act(draw, "order")

    @rule(draw=draw)
    def modify(self, draw: Random) -> None:
        self.act(draw, "modify")

    @rule(draw=draw)
    def answer(self, draw: Random) -> None:
        self.act(draw, "answer")

    @rule(draw=draw)
    def market(self, draw: Random) -> None:
        self.act(draw, "market")

    @rule(draw=draw)
    def news(self, draw: Random) -> None:
        self.act(draw, "news")

    @rule(draw=draw)
    def wait(self, draw: Random) -> None:
        self.act(draw, "wait")

    def act(self, draw: Random, name: str) -> None:
        self.run.draw = draw
        if name != "order" or len(self.run.books.open) < CROWD:
            getattr(self.run, name)()


class Steady(Lockstep):
    """Prices stand still, so that only orders can change what is held and what could be."""

    def __init__(self, draw: Random) -> None:
        limits = {"max_position": draw.choice(draws.MONEY), "max_exposure": draw.choice(draws.MONEY)}
        super().__init__(draw, {**limits, "allow_spot_short": True, "max_open_orders": CROWD}, CASH)

    def market(self, name: str = "") -> None:
        for each in INSTRUMENTS:
            price = 1 if each == "USDZAR.V" else 100
            self.books.price[each] = Fraction(price)
            self.ledger.prices[each] = float(price)

    def hear(self, answer: object) -> None:
        super().hear(answer)  # type: ignore[arg-type]
        self.market()  # a fill is booked at its own price, which moves the last one


class Bounded(RuleBasedStateMachine):
    """What has passed stays within the limits, if everything that rests is filled in the worst order."""

    @initialize(draw=draw)
    def begin(self, draw: Random) -> None:
        self.run = Steady(draw)
        self.run.market()

    @rule(draw=draw)
    def order(self, draw: Random) -> None:
        self.run.draw = draw
        if len(self.run.books.open) < CROWD:
            self.run.order()

    @rule(draw=draw)
    def modify(self, draw: Random) -> None:
        self.run.draw = draw
        self.run.modify()

    @rule(draw=draw)
    def answer(self, draw: Random) -> None:
        self.run.draw = draw
        self.run.answer()

    @invariant()
    def nothing_can_exceed_the_limits(self) -> None:
        if not hasattr(self, "run"):
            return
        books, limits = self.run.books, self.run.limits
        total = sum((self.worth({name}, Fraction(books.position[name])) for name in INSTRUMENTS), Fraction(0))
        assert total <= Fraction(limits["max_exposure"])
        # Dollars are left out: orders in bitcoin move them.
        for names in ({"BTCZAR.V", "BTCUSD.V"}, {"ETHZAR.W"}):
            assert self.worth(names, books.held(min(names))) <= Fraction(limits["max_position"])
        assert len(books.open) <= CROWD

    def worth(self, names: set[str], held: Fraction) -> Fraction:
        """The most that a holding of these instruments can come to be worth; they all have one price."""
        books = self.run.books
        resting = [o for o in books.open.values() if o.order.instrument in names]
        low, high = extremes(held, [(o.order.side, o.left, o.order.reduce_only) for o in resting], False)
        value = max(high, -low) * (books.value(min(names), 1) or 0)
        assert isinstance(value, Fraction)
        return value


TestBoth = Both.TestCase
TestBounded = Bounded.TestCase
TestBoth.settings = TestBounded.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
