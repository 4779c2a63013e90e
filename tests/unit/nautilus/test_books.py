"""Quotes, books and definitions that change: what is matched on, and what becomes of what rests."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from helios_engine.bodies import (
    BookDelta,
    BookSnapshot,
    CancelIntent,
    Fill,
    Instrument,
    ModifyIntent,
    OrderAccepted,
    OrderCanceled,
    Print,
    Quote,
    Reject,
)
from helios_engine.errors import BuildError
from tests.unit.nautilus.small import BTC, NAME, D, Small, order, trade

FREE = msgspec.structs.replace(BTC, maker_fee=D(0), taker_fee=D(0))
SNAPSHOT = BookSnapshot(NAME, 1, ((999.0, 1.0), (998.0, 2.0)), ((1001.0, 1.0), (1002.0, 2.0)), 1)


def fills(answers: list[tuple[int, Any]]) -> list[tuple[str, str]]:
    return [(str(a.quantity), str(a.price)) for _, a in answers if isinstance(a, Fill)]


def test_an_order_pays_for_the_depth_of_the_book() -> None:
    answers = Small(FREE).play(SNAPSHOT, [order("1", quantity="2")], SNAPSHOT)

    assert fills(answers) == [("1", "1001"), ("1", "1002")]


def test_what_the_book_cannot_fill_is_cancelled_and_not_left_open() -> None:
    answers = Small(FREE).play(SNAPSHOT, [order("1", quantity="9")], SNAPSHOT)

    assert fills(answers) == [("1", "1001"), ("2", "1002")]
    assert answers[-1][1] == OrderCanceled("1", NAME, "no more volume in the book")


def test_without_a_book_there_is_no_market() -> None:
    small = Small(FREE, book="l2")

    (_, answer), *_ = small.play(trade(1000), [order("1")], trade(1000))

    assert isinstance(answer, Reject)
    assert "no market" in answer.reason


def test_levels_come_and_go_unseen_until_an_order_needs_them() -> None:
    gone, come = BookDelta(NAME, 1, "SELL", 1001.0, 0.0, 2), BookDelta(NAME, 1, "SELL", 1000.0, 0.5, 3)

    answers = Small(FREE).play(SNAPSHOT, gone, come, [order("1", quantity="1")], trade(1000))

    assert fills(answers) == [("0.5", "1000"), ("0.5", "1002")]


@pytest.mark.parametrize("dense", [True, False])
def test_a_side_that_was_empty_for_a_moment_leaves_the_same_market(dense: bool) -> None:
    alone = BookSnapshot(NAME, 1, ((999.0, 1.0),), ((1001.0, 1.0),), 1)
    rows = [BookDelta(NAME, 1, "SELL", price, size, 1) for price, size in ((1001.0, 0.0), (1005.0, 1.0), (1005.0, 0.0))]

    answers = Small(FREE, dense=dense).play(
        alone, *rows, [order("1", type="LIMIT", price=D(1004), post_only=True)], trade(1000)
    )

    assert [type(a) for _, a in answers] == [OrderAccepted]


@pytest.mark.parametrize("dense", [True, False])
def test_where_the_run_feeds_a_book_an_order_before_it_is_refused_and_one_after_it_matched_on_it(dense: bool) -> None:
    small = Small(FREE, books=[NAME], dense=dense)

    before = small.play(trade(1000), [order("1")], trade(1000))
    after = small.play(SNAPSHOT, [order("2", quantity="2")], SNAPSHOT)

    assert [type(answer) for _, answer in before] == [Reject]
    assert fills(after) == [("1", "1001"), ("1", "1002")]


def test_a_book_after_the_first_order_is_refused_unless_it_was_announced() -> None:
    small = Small(FREE)
    small.play(trade(1000), [order("1")], trade(1000))

    with pytest.raises(BuildError, match='set book = "l2"'):
        small.play(SNAPSHOT)


@pytest.mark.parametrize(("book", "price"), [("auto", "1004"), ("quotes", "1004"), ("trades", "1000")])
def test_quotes_are_matched_on_unless_the_settings_leave_them_out(book: str, price: str) -> None:
    quote = Quote(NAME, 1, 1000.0, 1004.0, 5.0, 5.0)

    answers = Small(FREE, book=book).play(
        trade(1000), [order("1")], quote, *([trade(1000)] if book == "trades" else [])
    )

    assert fills(answers) == [("1", price)]


def test_books_are_left_out_on_request() -> None:
    answers = Small(FREE, book="trades").play(trade(1000), [order("1")], SNAPSHOT, trade(1003))

    assert fills(answers) == [("1", "1003")]


def test_a_stop_is_filled_by_the_trade_that_jumped_over_it() -> None:
    small = Small(FREE, balances={"ZAR": "0", "BTC": "1"})

    answers = small.play(trade(1000), [order("1", "SELL", type="STOP", trigger=D(990))], trade(1000), trade(950))

    assert fills(answers) == [("1", "950")]


@pytest.mark.parametrize(("phase", "price"), [("open", "950"), ("extreme", "990")])
def test_inside_a_bar_a_stop_is_filled_at_its_trigger_and_at_an_open_by_the_open(phase: str, price: str) -> None:
    prints = [
        Print(NAME, n, p, 9.0, how) for n, p, how in ((1, 1000.0, "close"), (2, 1000.0, "open"), (3, 950.0, phase))
    ]
    small = Small(FREE, balances={"ZAR": "0", "BTC": "1"})

    answers = small.play(prints[0], [order("1", "SELL", type="STOP", trigger=D(990))], *prints[1:])

    assert fills(answers) == [("1", price)]


def test_a_trailing_stop_follows_and_never_goes_back() -> None:
    small = Small(FREE, balances={"ZAR": "0", "BTC": "1"})

    answers = small.play(
        trade(1000), [order("1", "SELL", type="TRAILING_STOP", offset=D(10))], *map(trade, (1000, 1030, 1025, 1019))
    )

    assert fills(answers) == [("1", "1019")]
    assert [str(a.trigger) for _, a in answers if hasattr(a, "trigger")] == ["990", "1020"]


def changed(**terms: Any) -> Instrument:
    found: Instrument = msgspec.structs.replace(FREE, **terms)
    return found


def resting(small: Small, price: str = "900") -> None:
    small.play(trade(1000), [order("1", type="LIMIT", price=D(price))], trade(1000))


@pytest.mark.parametrize(
    ("definition", "reason"),
    [
        (changed(tick=D(7)), "the definition changed: price 900 is no multiple of the tick 7"),
        (changed(lot=D(2)), "the definition changed: quantity 1 is no multiple of the lot 2"),
    ],
)
def test_what_rests_off_the_new_tick_or_lot_is_cancelled_with_the_reason(definition: Instrument, reason: str) -> None:
    small = Small(FREE)
    resting(small)

    assert small.play(definition) == [(3, OrderCanceled("1", NAME, reason))]
    assert small.play(trade(800)) == []


def test_what_lies_on_a_finer_tick_rests_on_and_may_move_to_it() -> None:
    small = Small(FREE)
    resting(small)

    finer, move = changed(tick=D("0.25"), price_scale=2), ModifyIntent("1", NAME, price=D("900.25"))
    answers = small.play(finer, trade(1000.5), [move], trade(1000.25), trade(880.75))

    assert [type(a).__name__ for _, a in answers] == ["OrderModified", "Fill"]
    assert fills(answers) == [("1", "900.25")]


def test_new_fees_and_minimums_hold_from_their_time_on() -> None:
    small = Small(FREE)
    small.play(trade(1000))

    answers = small.play(
        changed(taker_fee=D("0.01"), min_quantity=D("0.5")), [order("1"), order("2", quantity="0.4")], trade(1000)
    )

    assert [str(a.fee) for _, a in answers if isinstance(a, Fill)] == ["10"]
    assert answers[-1][1].reason == "quantity 0.4 is below the minimum 0.5"  # type: ignore[attr-defined]


def test_an_instrument_does_not_become_another() -> None:
    with pytest.raises(BuildError, match="becomes another thing"):
        Small(FREE).play(changed(quote="USDT"))


def test_an_order_that_outlives_the_position_it_had_a_part_in_is_cancelled_like_any_other() -> None:
    small = Small(FREE)
    away = BookSnapshot(NAME, 1, ((999.0, 9.0),), ((1005.0, 9.0),), 2)
    rest = order("rest", quantity="3", type="LIMIT", price=D(1001))
    part = small.play(SNAPSHOT, [rest], SNAPSHOT)

    flat = small.play(away, [order("flat", side="SELL", quantity="1")], away)
    gone = small.play([CancelIntent("rest", NAME)], away, [order("again", quantity="1")], away)

    assert fills(part) == [("1", "1001")]
    assert [type(answer) for _, answer in flat] == [Fill]
    assert [type(answer) for _, answer in gone] == [OrderCanceled, Fill]
