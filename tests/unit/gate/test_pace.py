from __future__ import annotations

from helios_engine.bodies import ModifyIntent, OrderCanceled
from tests.unit.gate.making import MINUTE, PERP, SECOND, SPOT, D, Desk, order, sell


def test_an_id_passes_once_also_when_its_order_is_over() -> None:
    desk = Desk()
    desk.refuse(order())
    desk.gate.hear(OrderCanceled("1", SPOT, "asked"))

    assert desk.refuse(order(quantity="2")) == "duplicate_id: '1' was used before"


def test_an_id_that_was_refused_is_not_used() -> None:
    desk = Desk(max_notional="100")
    desk.refuse(order(quantity="2"))

    assert desk.refuse(order()) == ""


def test_the_same_order_within_the_window_is_a_duplicate_and_a_different_one_is_not() -> None:
    desk = Desk(duplicate_window="1s")
    desk.refuse(order("1"), SECOND)

    assert desk.refuse(order("2"), SECOND + SECOND // 2) == (
        "duplicate_window: the same BUY of 1 was sent 0.5 s ago, limit 1 s"
    )
    assert desk.refuse(order("3", quantity="2"), 2 * SECOND - 1) == ""
    assert desk.refuse(order("4", trigger="110"), 2 * SECOND - 1) == ""
    assert desk.refuse(order("5"), 2 * SECOND) == ""
    assert desk.kind(order("6"), 3 * SECOND - 1) == "duplicate_window"


def test_the_rate_counts_orders_and_modifications_of_the_last_minute() -> None:
    desk = Desk(max_orders_per_minute=2)
    desk.refuse(order("1"), 1)
    desk.gate.refuse_change(2, ModifyIntent("1", SPOT, quantity=D(2)))

    assert desk.refuse(order("3"), MINUTE) == "max_orders_per_minute: 2 in the last minute, limit 2"
    assert desk.gate.refuse_change(MINUTE, ModifyIntent("1", SPOT, quantity=D(3))) == (
        "modify max_orders_per_minute: 2 in the last minute, limit 2"
    )
    assert desk.refuse(order("4"), MINUTE + 1) == ""


def test_the_rate_of_a_second_is_a_limit_of_its_own() -> None:
    desk = Desk(max_orders_per_second=1, max_orders_per_minute=2)
    desk.refuse(order("1"), 1)

    assert desk.refuse(order("2"), SECOND) == "max_orders_per_second: 1 in the last second, limit 1"
    assert desk.refuse(order("3"), SECOND + 1) == ""
    assert desk.kind(order("4"), 3 * SECOND) == "max_orders_per_minute"


def test_orders_that_reduce_are_counted_and_never_held_up() -> None:
    desk = Desk(max_orders_per_minute=1, max_open_orders=0)
    desk.hold("2")

    assert desk.refuse(sell("1"), 1) == ""
    assert desk.refuse(sell("2"), 2) == ""
    assert desk.kind(order("3"), 3) == "max_orders_per_minute"


def test_open_orders_are_limited_in_all_and_by_instrument_until_they_are_gone() -> None:
    desk = Desk(max_open_orders=2, max_open_orders_per_instrument=1)
    desk.refuse(order("1"))

    assert desk.refuse(order("2")) == f"max_open_orders_per_instrument: 1 of {SPOT} are open, limit 1"
    assert desk.refuse(order("3", instrument=PERP)) == ""
    assert desk.refuse(order("4", instrument=PERP)) == "max_open_orders: 2 are open, limit 2"
    desk.fill("1", "BUY", "1")
    assert desk.refuse(order("5")) == ""


def test_a_modification_opens_no_order() -> None:
    desk = Desk(max_open_orders=1, max_open_orders_per_instrument=1)
    desk.refuse(order("1"))

    assert desk.gate.refuse_change(2, ModifyIntent("1", SPOT, quantity=D(2))) is None
