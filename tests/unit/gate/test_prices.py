from __future__ import annotations

import math
from typing import Any

import pytest

from helios_engine.bodies import BookSnapshot
from tests.unit.gate.making import PERP, SPOT, Desk, order, sell


def test_nothing_passes_before_a_price_is_known() -> None:
    desk = Desk()
    del desk.ledger.prices[SPOT]

    assert desk.refuse(order()) == f"no_price: none of {SPOT} is known yet"


@pytest.mark.parametrize("last", [math.nan, math.inf, 0.0, -1.0])
def test_a_last_price_that_is_none_is_none(last: float) -> None:
    desk = Desk(price_collar=0.1)
    desk.ledger.prices[SPOT] = last

    assert desk.refuse(order()) == f"no_price: the last of {SPOT} is {last}"


@pytest.mark.parametrize(
    ("intent", "reason"),
    [
        (order(price="106"), "price_collar: price 106 is 6.00% from the last price 100.0, limit 5.00%"),
        (order(price="94"), "price_collar: price 94 is 6.00% from the last price 100.0, limit 5.00%"),
        (order(trigger="106"), "price_collar: trigger 106 is 6.00% from the last price 100.0"),
        (sell(trigger="94", instrument=PERP), "price_collar: trigger 94 is 6.00% from the last price 100.0"),
        (order(offset="6"), "price_collar: trigger 106.0 is 6.00% from the last price 100.0"),
        (sell(offset="6", instrument=PERP), "price_collar: trigger 94.0 is 6.00% from the last price 100.0"),
        (order(trigger="104", price="110"), "price_collar: price 110 is 5.77% from the trigger 104"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_price_outside_the_collar_is_refused(intent: Any, reason: str) -> None:
    assert Desk(price_collar=0.05).refuse(intent).startswith(reason)


@pytest.mark.parametrize(
    "intent", [order(), order(price="105"), order(price="95"), order(trigger="105", price="110"), order(offset="5")]
)
def test_a_price_inside_the_collar_passes(intent: Any) -> None:
    assert Desk(price_collar=0.05).refuse(intent) == ""


def test_the_collar_is_measured_from_the_side_of_the_quote_that_is_taken_too() -> None:
    desk = Desk(price_collar=0.05)
    desk.quote(bid=96.0, ask=98.0)

    assert desk.refuse(order("1", price="103")).startswith("price_collar: price 103 is 5.10% from the ask 98.0")
    assert desk.refuse(order("2", price="102")) == ""
    assert desk.refuse(sell("3", price="101", instrument=PERP)) == ""  # the quote is another instrument's


def test_a_market_order_does_not_meet_a_quote_far_from_the_last_price() -> None:
    desk = Desk(price_collar=0.05)
    desk.hold("1")
    desk.quote(bid=80.0, ask=120.0)

    assert desk.refuse(order("1")).startswith("price_collar: market 120.0 is 20.00% from the last price")
    assert desk.refuse(sell("2")) == ""  # it reduces


def test_an_empty_side_of_a_book_ends_the_comparison() -> None:
    desk = Desk(price_collar=0.05)
    desk.input(BookSnapshot(SPOT, 1, ((80.0, 1.0),), ((120.0, 1.0),), 1))
    before = desk.kind(order("1"))
    desk.input(BookSnapshot(SPOT, 2, ((80.0, 1.0),), (), 2))

    assert (before, desk.kind(order("2"))) == ("price_collar", "")


def test_of_an_order_that_reduces_only_the_losing_side_of_its_price_is_judged() -> None:
    desk = Desk(price_collar=0.05)
    desk.hold("4")

    assert desk.kind(sell("1", price="94")) == "price_collar"
    assert desk.kind(sell("2", price="130")) == ""
    assert desk.kind(sell("3", trigger="70")) == ""
    assert desk.kind(sell("4", trigger="70", price="60")) == "price_collar"
    assert desk.kind(sell("5", trigger="70", price="68")) == ""
