"""Limit orders that follow the touch, and targets in slices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from helios_engine.bodies import (
    CancelIntent,
    Fill,
    OrderAccepted,
    OrderCanceled,
    OrderIntent,
    Position,
    Quote,
    Reject,
    Target,
    Tick,
    Trade,
)
from helios_engine.events import Body
from helios_execution.limit_orders import LimitOrders
from helios_execution.twap import Twap
from tests.unit.plugins.feeding import BTC, MINUTE, NAME, START, turn

D = Decimal


def at(stage: Any, minute: float, *bodies: Body) -> list[Body]:
    """What a stage says to bodies so many minutes after START."""
    return [said for body in bodies for said in turn(stage, body, START + int(minute * MINUTE))]


def trade(price: float) -> Trade:
    return Trade(NAME, START, price, 1.0, "BUY", "t")


def quote(bid: float, ask: float) -> Quote:
    return Quote(NAME, START, bid, ask, 1.0, 1.0)


def tick() -> Tick:
    return Tick("1m", START)


def filled(order: str, quantity: str, held: str, side: Any = "BUY") -> list[Body]:
    fill = Fill(order, "f", NAME, side, D(quantity), D(1000), D(0), "ZAR", "TAKER")
    return [fill, Position(NAME, D(held), D(1000), D(0))]


def resting(stage: LimitOrders, target: float = 1.0) -> LimitOrders:
    """A stage whose first order rests at 1000 since minute 0."""
    (order,) = at(stage, 0, BTC, trade(1000.0), Target(NAME, target))
    at(stage, 0, OrderAccepted(order.id, NAME))  # type: ignore[attr-defined]
    return stage


def test_with_quotes_a_limit_order_joins_the_best_price_on_its_side() -> None:
    buy = at(LimitOrders(), 0, BTC, trade(1010.0), quote(1003.4, 1005.2), Target(NAME, 1.0))
    sell = at(LimitOrders(), 0, BTC, trade(1010.0), quote(1003.4, 1005.2), Target(NAME, -1.0))

    assert [order.price for order in (*buy, *sell) if isinstance(order, OrderIntent)] == [D(1003), D(1006)]


def test_it_follows_the_touch_at_the_stated_interval_and_only_if_the_touch_is_elsewhere() -> None:
    stage = resting(LimitOrders(requote_every="5m"))

    early = at(stage, 4.9, trade(1002.0), tick())
    same = at(stage, 5, trade(1000.0), tick())
    moved = at(stage, 9.9, trade(1002.0)) + at(stage, 10, tick())
    anew = at(stage, 10.1, OrderCanceled("L-1", NAME, "asked"))

    assert (early, same, moved) == ([], [], [CancelIntent("L-1", NAME)])
    assert [(order.id, order.price) for order in anew if isinstance(order, OrderIntent)] == [("L-2", D(1002))]


def test_it_follows_at_once_when_the_touch_is_the_stated_distance_away() -> None:
    stage = resting(LimitOrders(requote_ticks=3))

    assert at(stage, 1, trade(1002.0)) == []
    assert at(stage, 1, trade(1003.0)) == [CancelIntent("L-1", NAME)]


def test_it_gives_up_by_taking_back_and_waits_for_the_next_target() -> None:
    stage = resting(LimitOrders(give_up="10m"))

    asked = at(stage, 10, tick())
    gone = at(stage, 10, OrderCanceled("L-1", NAME, "asked")) + at(stage, 11, trade(1001.0))

    assert (asked, gone) == ([CancelIntent("L-1", NAME)], [])
    assert len(at(stage, 12, Target(NAME, 1.0))) == 1


def test_it_gives_up_by_crossing_with_what_is_left() -> None:
    stage = resting(LimitOrders(give_up="10m", then="cross"))

    at(stage, 4, *filled("L-1", "0.25", "0.25"))
    at(stage, 10, tick())
    found = at(stage, 10, OrderCanceled("L-1", NAME, "asked"))

    assert found == [OrderIntent("L-2", NAME, "BUY", D("0.750"))]


def test_a_target_within_the_band_of_the_one_being_worked_does_not_start_its_time_anew() -> None:
    stage = resting(LimitOrders(give_up="10m", band=0.05))

    at(stage, 9, Target(NAME, 1.01))

    assert at(stage, 10, tick()) == [CancelIntent("L-1", NAME)]


def test_an_order_is_not_asked_back_before_the_venue_has_answered_for_it() -> None:
    stage = LimitOrders()
    at(stage, 0, BTC, trade(1000.0), Target(NAME, 1.0))

    early = at(stage, 1, Target(NAME, 2.0))
    late = at(stage, 2, OrderAccepted("L-1", NAME))

    assert (early, late) == ([], [CancelIntent("L-1", NAME)])


def test_an_order_that_is_right_for_the_next_target_too_keeps_its_place() -> None:
    stage = resting(LimitOrders())

    assert at(stage, 1, *filled("L-1", "0.4", "0.4"), Target(NAME, 1.0), Target(NAME, 1.0004)) == []


def test_a_post_only_order_that_would_have_crossed_is_tried_again_after_the_interval() -> None:
    stage = LimitOrders(post_only=True, requote_every="1m")
    at(stage, 0, BTC, trade(1000.0), Target(NAME, 1.0))

    at_once = at(stage, 0, Reject("L-1", NAME, "venue", "POST_ONLY: would cross"), trade(999.0))
    later = at(stage, 1, tick())

    assert at_once == []
    assert [(order.id, order.post_only) for order in later if isinstance(order, OrderIntent)] == [("L-2", True)]


def test_what_the_gate_refuses_is_left_to_the_next_target() -> None:
    stage = LimitOrders(requote_every="1m")
    at(stage, 0, BTC, trade(1000.0), Target(NAME, 1.0), Reject("L-1", NAME, "gate", "warm-up: not started"))

    assert at(stage, 5, tick(), trade(1000.0)) == []


def ready(stage: Twap, held: str = "0") -> Twap:
    at(stage, 0, BTC, trade(1000.0), Position(NAME, D(held), D(1000), D(0)))
    return stage


def slices(stage: Twap, minutes: range, *first: Body, held: str = "0") -> list[tuple[int, Decimal]]:
    """Minute and signed quantity of every order; each is filled whole at once. `first` comes at the first minute."""
    found, position = [], D(held)
    for minute in minutes:
        for order in at(stage, minute, *(first if minute == minutes[0] else ()), tick()):
            assert isinstance(order, OrderIntent)
            signed = order.quantity if order.side == "BUY" else -order.quantity
            position += signed
            found.append((minute, signed))
            at(stage, minute, *filled(order.id, str(order.quantity), str(position), order.side))
    return found


def test_twap_trades_equal_slices_an_interval_apart_the_first_at_once() -> None:
    stage = ready(Twap(duration="20m", interval="5m"))

    assert slices(stage, range(40), Target(NAME, 1.0)) == [(m, D("0.25")) for m in (0, 5, 10, 15)]


def test_what_lots_leave_over_is_in_a_later_slice_and_nothing_is_lost() -> None:
    found = slices(ready(Twap(duration="15m", interval="5m")), range(40), Target(NAME, 1.0))

    assert found == [(0, D("0.333")), (5, D("0.333")), (10, D("0.334"))]


def test_a_slice_below_the_minimum_is_joined_to_the_next() -> None:
    # At 1000 the minimum is 0.010: a twentieth of 0.1 is half of it.
    found = slices(ready(Twap(duration="20m", interval="1m")), range(40), Target(NAME, 0.1))

    assert found == [(m, D("0.010")) for m in range(1, 20, 2)]


def test_a_slice_that_would_leave_less_than_the_minimum_is_joined_to_the_last() -> None:
    found = slices(ready(Twap(duration="3m", interval="1m")), range(10), Target(NAME, 0.025))

    assert found == [(2, D("0.025"))]


def test_a_refused_slice_is_in_the_next() -> None:
    stage = ready(Twap(duration="4m", interval="1m"))
    at(stage, 0, Target(NAME, 1.0), Reject("T-1", NAME, "venue", "no"))

    assert slices(stage, range(1, 10)) == [(1, D("0.5")), (2, D("0.25")), (3, D("0.25"))]


def test_a_slice_in_flight_keeps_the_next_back_and_its_rest_is_made_up_for() -> None:
    stage = ready(Twap(duration="4m", interval="1m"))
    at(stage, 0, Target(NAME, 1.0), *filled("T-1", "0.1", "0.1"))

    waits = at(stage, 1, tick())
    gone = at(stage, 2, OrderCanceled("T-1", NAME, "no more volume"))

    assert waits == []
    assert [order.quantity for order in gone if isinstance(order, OrderIntent)] == [D("0.65")]


def test_after_the_last_slice_what_was_refused_is_retried_so_often_and_not_more() -> None:
    stage = ready(Twap(duration="2m", interval="1m", retries=2))
    at(stage, 0, Target(NAME, 1.0), Reject("T-1", NAME, "venue", "no"))

    said = []
    for minute in range(1, 10):
        for order in at(stage, minute, tick()):
            said.append((minute, order.quantity))  # type: ignore[attr-defined]
            at(stage, minute, Reject(order.id, NAME, "venue", "no"))  # type: ignore[attr-defined]

    assert said == [(1, D(1)), (2, D(1)), (3, D(1))]


def test_a_new_target_replaces_what_is_left_of_the_old_one() -> None:
    stage = ready(Twap(duration="4m", interval="1m"))
    before = slices(stage, range(2), Target(NAME, 1.0))
    after = slices(stage, range(2, 12), Target(NAME, 0.1), held="0.5")

    assert before == [(0, D("0.25")), (1, D("0.25"))]
    assert after == [(m, D("-0.1")) for m in (2, 3, 4, 5)]


def test_a_target_within_the_band_of_the_one_being_worked_changes_nothing() -> None:
    stage = ready(Twap(duration="4m", interval="1m", band=0.05))
    slices(stage, range(2), Target(NAME, 1.0))

    assert slices(stage, range(2, 12), Target(NAME, 1.04), held="0.5") == [(2, D("0.25")), (3, D("0.25"))]


def test_an_order_in_flight_for_the_old_target_does_not_make_the_new_one_overshoot() -> None:
    stage = ready(Twap(duration="4m", interval="1m"))
    at(stage, 0, Target(NAME, 4.0))  # one unit in flight
    at(stage, 0, Target(NAME, 0.5))
    said = at(stage, 1, *filled("T-1", "1", "1"))
    at(stage, 1, *filled("T-2", "0.25", "0.75", "SELL"))

    found = slices(stage, range(2, 12), held="0.75")

    assert said == [OrderIntent("T-2", NAME, "SELL", D("0.250"))]
    assert found == [(2, D("-0.125")), (3, D("-0.125"))]


def test_a_position_that_another_hand_has_moved_ahead_waits_for_the_plan_and_never_passes_the_target() -> None:
    stage = ready(Twap(duration="4m", interval="1m"))
    slices(stage, range(1), Target(NAME, 1.0))
    at(stage, 0.5, Position(NAME, D("0.6"), D(1000), D(0)))
    ahead = slices(stage, range(1, 3), held="0.6")

    beyond = ready(Twap(duration="4m", interval="1m"))
    slices(beyond, range(1), Target(NAME, 1.0))
    at(beyond, 0.5, Position(NAME, D("1.1"), D(1000), D(0)))

    assert ahead == [(2, D("0.150"))]
    assert slices(beyond, range(1, 9), held="1.1") == [(1, D("-0.1"))]


def test_the_same_target_is_worked_again_once_its_plan_is_over() -> None:
    stage = ready(Twap(duration="4m", interval="1m"))
    slices(stage, range(6), Target(NAME, 1.0))
    at(stage, 6, Position(NAME, D(0), D(1000), D(0)))

    assert len(slices(stage, range(6, 12), Target(NAME, 1.0))) == 4


def test_slices_begin_with_a_seeded_delay_that_is_a_share_of_the_interval() -> None:
    def minutes(seed: int) -> list[float]:
        stage, found = ready(Twap(duration="10m", interval="2m", jitter=0.9, seed=seed)), []
        for second in range(0, 700, 2):
            for order in at(stage, second / 60, *([Target(NAME, 1.0)] if second == 0 else []), tick()):
                found.append(second / 60)
                held = str(D("0.2") * len(found))
                at(stage, second / 60, *filled(order.id, "0.2", held))  # type: ignore[attr-defined]
        return found

    first = minutes(1)

    assert first == minutes(1) != minutes(2)
    assert all(2 * number <= minute <= 2 * number + 1.9 for number, minute in enumerate(first))
    assert len(first) == 5


@pytest.mark.parametrize(
    "terms", [{"duration": "7m", "interval": "5m"}, {"interval": "0s"}, {"jitter": 1.0}, {"retries": -1}]
)
def test_slices_that_cannot_be_are_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Twap(**terms)
