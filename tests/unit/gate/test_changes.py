from __future__ import annotations

from typing import Any

import pytest

from helios_engine.bodies import ModifyIntent, OrderIntent, OrderModified, OrderTriggered, Reject
from tests.unit.gate.making import PERP, SPOT, D, Desk, order, sell


def change(desk: Desk, id: str = "1", instrument: str = SPOT, **terms: str) -> str:
    """The gate's no to a change, empty if it passes."""
    return desk.gate.refuse_change(1, ModifyIntent(id, instrument, **{k: D(v) for k, v in terms.items()})) or ""


def modified(id: str, quantity: str, price: str | None = None, trigger: str | None = None) -> OrderModified:
    limit, wake = (None if text is None else D(text) for text in (price, trigger))
    return OrderModified(id, SPOT, D(quantity), limit, wake)


def rests(intent: OrderIntent, **limits: Any) -> Desk:
    desk = Desk(**limits)
    assert desk.refuse(intent) == ""
    return desk


def test_a_modification_is_judged_as_the_order_it_leaves() -> None:
    desk = rests(order(price="100"), max_notional="150", max_position="150")

    assert change(desk, quantity="2") == "modify max_notional: 200.00, limit 150"
    assert change(desk, quantity="1.5") == ""


def test_only_an_open_order_can_be_modified_and_only_by_its_instrument() -> None:
    desk = rests(order(price="100"))

    assert change(desk, "9") == "modify form: no open order '9'"
    assert change(desk, instrument=PERP) == f"modify form: order '1' is of {SPOT}, not of {PERP}"


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"price": "0"}, "modify form: price 0 is not positive"),
        ({"price": "NaN"}, "modify form: price NaN is not positive"),
        ({"quantity": "0"}, "modify form: quantity 0 is not positive"),
        ({"quantity": "1.001"}, "modify lot: quantity 1.001"),
        ({"quantity": "0.04"}, "modify min_notional: 4.00 is under the minimum 5"),
        ({"price": "100.5"}, "modify tick: price 100.5"),
        ({"trigger": "90"}, "modify form: a LIMIT order takes no trigger"),
        ({"price": "120"}, "modify price_collar: price 120 is 20.00% from the last price"),
    ],
)
def test_a_modification_has_to_leave_an_order_in_its_right_form(terms: dict[str, str], reason: str) -> None:
    assert change(rests(order(price="100"), price_collar=0.1), **terms).startswith(reason)


def test_what_is_filled_of_an_order_is_taken_off_its_new_quantity() -> None:
    desk = rests(order(price="100", quantity="2"), max_position="300")
    desk.fill("1", "BUY", "1")

    assert change(desk, quantity="1") == "modify form: quantity 1 is not more than 1, which is filled"
    assert change(desk, quantity="3.01").startswith("modify max_position: 301.00")
    assert change(desk, quantity="3") == ""


def test_a_smaller_quantity_is_no_new_risk() -> None:
    desk = rests(order(price="100", quantity="2"), max_position="200", max_daily_loss=0)
    desk.ledger.cash["ZAR"] = D(500)

    assert change(desk, price="99").startswith("modify max_daily_loss")
    assert change(desk, quantity="1", price="99").startswith("modify max_daily_loss")
    assert change(desk, quantity="1") == ""
    assert change(desk, quantity="2").startswith("modify max_daily_loss")


def test_until_the_venue_has_answered_the_larger_quantity_counts() -> None:
    desk = rests(order(price="100", quantity="2"), max_position="300")
    change(desk, quantity="1")

    assert desk.kind(order("2", quantity="1.01")) == "max_position"
    desk.gate.hear(modified("1", "1", "100"))
    assert desk.kind(order("3", quantity="2")) == ""


def test_a_refused_modification_leaves_the_order_as_it_was() -> None:
    desk = rests(order(price="100", quantity="1"), max_position="300")
    change(desk, quantity="3")
    full = desk.kind(order("2"))
    desk.gate.hear(Reject("1", SPOT, "venue", "modify: too late"))

    assert (full, desk.kind(order("3", quantity="2"))) == ("max_position", "")


def test_answers_end_the_changes_that_were_asked_up_to_them() -> None:
    desk = rests(order(price="100", quantity="1"), max_position="300")
    change(desk, quantity="3")
    change(desk, quantity="2")
    desk.gate.hear(modified("1", "2", "100"))

    assert desk.kind(order("2")) == ""


def test_a_change_to_less_than_was_filled_meanwhile_ends_the_order() -> None:
    desk = rests(order(price="100", quantity="2"), max_open_orders=1)
    change(desk, quantity="1")
    desk.fill("1", "BUY", "1")
    before = desk.kind(order("2"))
    desk.gate.hear(modified("1", "1", "100"))

    assert (before, desk.kind(order("3"))) == ("max_open_orders", "")


def test_a_trailing_stop_that_follows_the_market_answers_no_change_of_quantity() -> None:
    desk = Desk(max_exposure="400")
    desk.hold("2")
    assert desk.refuse(order("1", offset="10")) == ""
    change(desk, quantity="2")
    desk.gate.hear(modified("1", "1", trigger="105"))

    assert desk.kind(order("2")) == "max_exposure"
    desk.gate.hear(modified("1", "2", trigger="104"))
    assert change(desk, trigger="103") == ""


def test_a_stop_limit_order_that_woke_up_is_a_limit_order() -> None:
    desk = rests(order(trigger="110", price="112"), price_collar=0.1)
    desk.gate.hear(OrderTriggered("1", SPOT))
    desk.gate.hear(modified("1", "1", "109", "110"))

    assert change(desk, price="118").startswith("modify price_collar: price 118 is 18.00% from the last price")
    assert change(desk, trigger="111").startswith("modify form: a LIMIT order takes no trigger")
    assert change(desk, price="108") == ""


def test_a_reduce_only_order_may_not_grow_beyond_the_position() -> None:
    desk = Desk()
    desk.hold("2")
    desk.refuse(sell("1", "1", trigger="90", reduce_only=True))

    assert change(desk, quantity="2.5").startswith("modify reduce_only: SELL 2.5")
    assert change(desk, quantity="2") == ""


def test_a_refused_change_leaves_the_order_counted() -> None:
    desk = rests(order(price="100"), max_notional="150", max_position="150")
    change(desk, quantity="2")

    assert desk.kind(order("2")) == "max_position"
