"""What is noted of an order: decision, arrival, fills and end, against a tape written here."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from helios_engine.arrivals import Arrivals, Touch
from helios_engine.bodies import (
    BookDelta,
    BookSnapshot,
    Fill,
    ModifyIntent,
    OrderAccepted,
    OrderCanceled,
    OrderIntent,
    Quote,
    Reject,
    Trade,
)
from helios_engine.results import ORDERS

D = Decimal
X = "BTCZAR.VALR"
BUY = OrderIntent("a", X, "BUY", D(4), "LIMIT", D(100))


def trade(price: float) -> Trade:
    return Trade(X, 1, price, 1.0, "BUY", "t")


def fill(quantity: int, price: int, liquidity: str = "TAKER") -> Fill:
    return Fill("a", "f", X, "BUY", D(quantity), D(price), D(0), "ZAR", liquidity)  # type: ignore[arg-type]


def named(row: tuple[Any, ...] | None) -> dict[str, Any]:
    assert row is not None
    return dict(zip(ORDERS.names, row, strict=True))


def test_an_order_is_followed_from_its_decision_to_its_last_fill() -> None:
    book = Arrivals()
    book.sent(10, BUY, 99.0)

    assert book.answer(20, OrderAccepted("a", X), trade(98.0)) is None
    assert book.answer(30, fill(1, 97, "MAKER"), trade(97.0)) is None
    row = named(book.answer(40, fill(3, 101), trade(101.0)))

    assert (row["ts"], row["decision_price"], row["arrived"], row["arrival_price"]) == (10, 99.0, 20, 98.0)
    assert (row["filled"], row["fill_price"], row["taken"]) == (4.0, 100.0, 3.0)
    assert (row["ended"], row["end"], row["end_price"], row["bid"]) == (40, "filled", 101.0, None)


def test_with_quotes_prices_are_the_middle_and_the_touch_is_that_of_the_arrival() -> None:
    book = Arrivals()
    book.touch.note(Quote(X, 1, 99.0, 101.0, 1.0, 1.0))
    book.sent(10, BUY, 500.0)
    book.touch.note(Quote(X, 2, 101.0, 105.0, 1.0, 1.0))
    book.answer(20, OrderAccepted("a", X), None)
    book.touch.note(Quote(X, 3, 89.0, 91.0, 1.0, 1.0))

    row = named(book.answer(30, OrderCanceled("a", X, "expired"), None))

    assert (row["decision_price"], row["arrival_price"], row["end_price"]) == (100.0, 103.0, 90.0)
    assert (row["bid"], row["ask"], row["end"], row["fill_price"]) == (101.0, 105.0, "expired", None)


def test_a_changed_quantity_counts_once_the_venue_has_it() -> None:
    book = Arrivals()
    book.sent(10, BUY, 99.0)
    book.answer(20, OrderAccepted("a", X), trade(98.0))
    book.sent(25, ModifyIntent("a", X, quantity=D(2)), 98.0)
    book.answer(30, OrderAccepted("a", X), trade(98.0))

    assert named(book.answer(40, fill(2, 100), trade(100.0)))["quantity"] == 2.0


@pytest.mark.parametrize(("reason", "is_over"), [("no funds", True), ("modify: too late", False)])
def test_a_rejection_ends_an_order_unless_it_speaks_of_a_change(reason: str, is_over: bool) -> None:
    book = Arrivals()
    book.sent(10, BUY, 99.0)

    assert (book.answer(20, Reject("a", X, "venue", reason), trade(98.0)) is not None) == is_over


def test_what_is_open_at_the_end_is_told_at_the_last_price() -> None:
    book = Arrivals()
    book.sent(10, BUY, None)

    (row,) = book.rest({X: 77.0})

    assert (named(row)["end"], named(row)["end_price"], named(row)["arrived"]) == ("open", 77.0, None)


def test_a_book_is_kept_by_its_changes() -> None:
    touch = Touch()
    touch.note(BookDelta(X, 1, "BUY", 50.0, 1.0, 1))
    assert touch.best(X) is None
    touch.note(BookSnapshot(X, 1, ((99.0, 1.0), (98.0, 1.0)), ((101.0, 2.0),), 1))
    assert touch.best(X) == (99.0, 101.0)
    touch.note(BookDelta(X, 2, "BUY", 99.0, 0.0, 2))
    touch.note(BookDelta(X, 3, "SELL", 100.0, 5.0, 3))
    assert touch.best(X) == (98.0, 100.0)
    touch.note(BookDelta(X, 4, "BUY", 100.5, 5.0, 4))
    assert touch.best(X) is None
