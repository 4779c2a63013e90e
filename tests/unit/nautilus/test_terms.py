"""What an instrument takes, and what is said of the rest."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.bodies import CancelIntent, Fill, ModifyIntent, OrderAccepted, OrderCanceled, OrderModified, Reject
from helios_engine.nautilus.terms import off_grid
from tests.unit.nautilus.small import BTC, NAME, D, S, Small, order, trade

TERMS = msgspec.structs.replace(BTC, tick=D("0.5"), price_scale=1, lot=D("0.01"), min_quantity=D("0.05"))
ODD = msgspec.structs.replace(TERMS, min_notional=D(100), listed=0, delisted=4 * S)
LIMIT: dict[str, Any] = {"type": "LIMIT", "price": D(900)}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (order("1", quantity="0.015"), "quantity 0.015 is no multiple of the lot 0.01"),
        (order("1", quantity="0.04"), "quantity 0.04 is below the minimum 0.05"),
        (order("1", quantity="0.05"), "value 50.025 ZAR is below the minimum 100"),
        (order("1", quantity="0"), "quantity 0 is not positive"),
        (order("1", type="LIMIT", price=D("900.2")), "price 900.2 is no multiple of the tick 0.5"),
        (order("1", type="LIMIT", price=D(-1)), "price -1 is not positive"),
        (order("1", type="LIMIT"), "a LIMIT order needs a price"),
        (order("1", price=D(900)), "a MARKET order has no price"),
        (order("1", type="STOP"), "a STOP order needs a trigger"),
        (order("1", type="STOP_LIMIT", trigger=D(1100)), "a STOP_LIMIT order needs a price"),
        (order("1", type="TRAILING_STOP"), "a TRAILING_STOP order needs a offset"),
        (order("1", type="TRAILING_STOP", offset=D("0.3")), "offset 0.3 is no multiple of the tick 0.5"),
        (order("1", type="STOP", trigger=D(1100), post_only=True), "a STOP order cannot be post-only"),
        (order("1", type="STOP", trigger=D(1100), time_in_force="IOC"), "a STOP order rests, so it cannot be IOC"),
        (order("1", time_in_force="GTD", expires=9 * S), "a MARKET order does not rest, so it cannot be GTD"),
        (order("1", **LIMIT, post_only=True, time_in_force="FOK"), "a post-only order rests, so it cannot be FOK"),
        (order("1", **LIMIT, time_in_force="GTD", expires=3 * S), "GTD: the order expires at 3000000000, which"),
        (order("1", **LIMIT, expires=3 * S), "a GTC order has no time at which it expires"),
        (order("1", reduce_only=True), "REDUCE_ONLY: there is no position to reduce"),
        (order("1", type="STOP", trigger=D(900)), "STOP_MARKET BUY order stop px of 900.0 was in the market"),
        (order("1", type="LIMIT", price=D(1100), post_only=True), "POST_ONLY LIMIT BUY order limit px of 1100.0 would"),
    ],
)  # fmt: skip
def test_an_order_that_may_not_stand_comes_back_with_the_reason(given: Any, reason: str) -> None:
    answers = Small(ODD).play(trade(1000), trade(1000), [given], trade(1000))

    ((number, answer),) = answers
    assert number == 3
    assert isinstance(answer, Reject)
    assert answer.reason.startswith(reason)


def test_after_its_delisting_an_instrument_takes_no_order() -> None:
    (_, answer), *_ = Small(ODD).play(*[trade(1000)] * 4, [order("1")], trade(1000))

    assert answer.reason == f"{NAME} is delisted"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (ModifyIntent("1", NAME), "modify: nothing would change"),
        (ModifyIntent("1", NAME, price=D(900)), "modify: nothing would change"),
        (ModifyIntent("1", NAME, price=D("900.1")), "modify: price 900.1 is no multiple of the tick 0.5"),
        (ModifyIntent("1", NAME, quantity=D("0.04")), "modify: quantity 0.04 is below the minimum 0.05"),
        (ModifyIntent("1", NAME, trigger=D(950)), "modify: the order has no trigger"),
        (ModifyIntent("1", NAME, quantity=D(200)), "modify: INSUFFICIENT_BALANCE: needs 180630.00 ZAR"),
        (ModifyIntent("2", NAME, quantity=D(2)), "modify: no open order '2'"),
        (CancelIntent("2", NAME), "cancel: no open order '2'"),
        (order("1"), "an order '1' was sent before"),
    ],
)
def test_a_change_that_may_not_be_leaves_the_order_as_it_was(change: Any, reason: str) -> None:
    small = Small(TERMS)
    answers = small.play(trade(1000), [order("1", **LIMIT)], trade(1000), [change], trade(1000), trade(800))

    assert [type(a) for _, a in answers] == [OrderAccepted, Reject, Fill]
    assert answers[1][1].reason.startswith(reason)  # type: ignore[attr-defined]
    assert answers[2][1].price == D(900)  # type: ignore[attr-defined]


def test_a_change_is_told_with_all_terms() -> None:
    change = ModifyIntent("1", NAME, quantity=D(2), price=D("850.5"))

    answers = Small(TERMS).play(trade(1000), [order("1", **LIMIT)], trade(1000), [change], trade(1000))

    assert answers[-1] == (3, OrderModified("1", NAME, D(2), D("850.5")))


def test_an_order_is_gone_before_an_event_at_its_expiry_can_fill_it() -> None:
    until = order("1", **LIMIT, time_in_force="GTD", expires=5 * S)

    answers = Small(TERMS).play(trade(1000), [until], trade(1000), trade(1000), trade(1000), trade(800))

    assert [a for _, a in answers] == [OrderAccepted("1", NAME), OrderCanceled("1", NAME, "expired")]
    assert answers[-1][0] == 5


@given(units=st.integers(1, 10**12), steps=st.integers(1, 500), scale=st.integers(0, 8))
def test_whatever_is_a_multiple_of_its_step_lies_on_the_grid_and_nothing_else(
    units: int, steps: int, scale: int
) -> None:
    tick = Decimal(steps).scaleb(-scale)
    definition = msgspec.structs.replace(BTC, tick=tick)

    assert off_grid(definition, D(1), units * tick, None) is None
    if steps > 1:
        assert off_grid(definition, D(1), units * tick + Decimal(1).scaleb(-scale), None) is not None
