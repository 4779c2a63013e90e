"""A bracket step by step: entry, legs, exits, and what happens when something of it is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from helios_engine.bodies import (
    CancelIntent,
    Control,
    Fill,
    ModifyIntent,
    OrderAccepted,
    OrderCanceled,
    OrderIntent,
    OrderModified,
    OrderUnknown,
    Position,
    Reject,
    RiskDecision,
    Target,
    Trade,
    VolForecast,
)
from helios_engine.events import Body
from helios_execution.bracket import Bracket
from tests.unit.plugins.feeding import BTC, MINUTE, NAME, START, turn

D = Decimal
STOP, TAKE = "B-1-stop-1", "B-1-take-2"


def at(stage: Any, minute: float, *bodies: Body) -> list[Body]:
    """What a stage says to bodies so many minutes after START."""
    return [said for body in bodies for said in turn(stage, body, START + int(minute * MINUTE))]


def trade(price: float) -> Trade:
    return Trade(NAME, START, price, 1.0, "BUY", "t")


def filled(order: str, quantity: str, held: str, side: Any = "BUY", average: str = "1000") -> list[Body]:
    fill = Fill(order, "f", NAME, side, D(quantity), D(1000), D(0), "ZAR", "TAKER")
    return [fill, Position(NAME, D(held), D(average), D(0))]


def accepted(*orders: str) -> list[Body]:
    return [OrderAccepted(order, NAME) for order in orders]


def entered(target: float = 1.0, **terms: Any) -> Bracket:
    """A bracket whose entry is sent at 1000."""
    stage = Bracket(**terms)
    (entry,) = at(stage, 0, BTC, trade(1000.0), Target(NAME, target))
    assert isinstance(entry, OrderIntent) and entry.id == "B-1" and not entry.reduce_only
    return stage


def protected(target: float = 1.0, **terms: Any) -> Bracket:
    """A bracket that holds all of its target, with both legs at the venue."""
    stage = entered(target, **terms)
    side = "BUY" if target > 0 else "SELL"
    at(stage, 1, *filled("B-1", str(abs(target)), str(target), side), *accepted(STOP, TAKE))
    return stage


def test_a_filled_entry_gets_stop_and_target_for_what_is_held() -> None:
    found = at(entered(stop=0.02, take=0.04), 1, *filled("B-1", "1", "1"))

    assert found == [
        OrderIntent(STOP, NAME, "SELL", D("1.000"), "STOP", reduce_only=True, trigger=D(980)),
        OrderIntent(TAKE, NAME, "SELL", D("1.000"), "LIMIT", D(1040), reduce_only=True),
    ]


def test_a_short_one_has_its_stop_above_and_its_target_below() -> None:
    found = at(entered(-1.0, stop=0.02, take=0.04), 1, *filled("B-1", "1", "-1", "SELL"))

    assert [(o.side, o.trigger, o.price) for o in found if isinstance(o, OrderIntent)] == [
        ("BUY", D(1020), None),
        ("BUY", None, D(960)),
    ]


def test_prices_are_whole_ticks_away_from_the_average_price_of_the_position() -> None:
    found = at(entered(stop=0.02, take=0.04), 1, *filled("B-1", "1", "1", average="1000.7"))

    assert [(o.trigger, o.price) for o in found if isinstance(o, OrderIntent)] == [(D(980), None), (None, D(1041))]


def test_a_trailing_stop_follows_at_the_distance_of_the_stop() -> None:
    stop, _ = at(entered(stop=0.02, trailing=True), 1, *filled("B-1", "1", "1"))

    assert isinstance(stop, OrderIntent)
    assert (stop.type, stop.trigger, stop.offset) == ("TRAILING_STOP", D(980), D(20))


def test_legs_grow_with_the_entry_and_are_changed_only_once_the_venue_has_them() -> None:
    stage = entered(entry="limit")
    at(stage, 1, *filled("B-1", "0.4", "0.4"))

    early = at(stage, 1, *filled("B-1", "0.6", "1"))
    late = at(stage, 2, *accepted(STOP, TAKE))

    assert early == []
    assert late == [ModifyIntent(STOP, NAME, D("1.000")), ModifyIntent(TAKE, NAME, D("1.000"))]


def test_a_target_filled_in_part_shrinks_the_stop_and_filled_whole_takes_it_back() -> None:
    stage = protected()

    part = at(stage, 2, *filled(TAKE, "0.4", "0.6", "SELL"), trade(1000.0))
    at(stage, 3, OrderModified(STOP, NAME, D("0.6")))
    whole = at(stage, 4, *filled(TAKE, "0.6", "0", "SELL"), trade(1000.0))

    assert (part, whole) == ([ModifyIntent(STOP, NAME, D("0.600"))], [CancelIntent(STOP, NAME)])


def test_a_venue_that_shrinks_and_takes_back_what_is_reduce_only_is_not_asked_to() -> None:
    stage = protected()

    part = at(stage, 2, *filled(TAKE, "0.4", "0.6", "SELL"), OrderModified(STOP, NAME, D("0.6")), trade(1000.0))
    whole = at(stage, 3, *filled(TAKE, "0.6", "0", "SELL"), OrderCanceled(STOP, NAME, "reduce-only"), trade(1000.0))

    assert part == whole == []


def test_the_fills_of_a_market_entry_are_waited_for_but_not_beyond_the_next_event() -> None:
    stage = entered()

    first = at(stage, 1, *filled("B-1", "0.4", "0.4"))
    legs = at(stage, 2, trade(1000.0))

    assert first == []
    assert [o.quantity for o in legs if isinstance(o, OrderIntent)] == [D("0.400"), D("0.400")]


def test_a_refused_change_of_a_leg_is_asked_for_again_after_the_pause() -> None:
    stage = protected(retry="10s")
    at(stage, 2, *filled(TAKE, "0.4", "0.6", "SELL"))

    at_once = at(stage, 2, Reject(STOP, NAME, "gate", "order rate: 20"), trade(1000.0))
    later = at(stage, 2.2, trade(1000.0))

    assert (at_once, later) == ([], [ModifyIntent(STOP, NAME, D("0.600"))])


def test_the_rest_of_an_entry_goes_with_the_first_exit() -> None:
    stage = entered(entry="limit")
    at(stage, 1, *accepted("B-1"), *filled("B-1", "0.5", "0.5"), *accepted(STOP, TAKE))

    found = at(stage, 2, *filled(STOP, "0.5", "0", "SELL"), trade(1000.0))

    assert found == [CancelIntent("B-1", NAME), CancelIntent(TAKE, NAME)]


def test_the_rest_of_an_entry_goes_with_a_part_of_the_target_and_with_a_smaller_target() -> None:
    by_exit, by_target = (entered(entry="limit") for _ in range(2))
    for stage in (by_exit, by_target):
        at(stage, 1, *accepted("B-1"), *filled("B-1", "0.5", "0.5"), *accepted(STOP, TAKE))

    exits = at(by_exit, 2, *filled(TAKE, "0.1", "0.4", "SELL"), trade(1000.0))
    shrinks = at(by_target, 2, Target(NAME, 0.8))

    assert exits == [CancelIntent("B-1", NAME), ModifyIntent(STOP, NAME, D("0.400"))]
    assert shrinks == [CancelIntent("B-1", NAME)]


def test_both_legs_filled_before_the_cancel_arrives_leave_nothing_to_do() -> None:
    stage = protected()

    at(stage, 2, *filled(STOP, "0.7", "0.3", "SELL"))
    found = at(stage, 2, *filled(TAKE, "0.3", "0", "SELL"), OrderCanceled(STOP, NAME, "reduce-only"))
    at(stage, 2, OrderCanceled(TAKE, NAME, "reduce-only"))

    assert [said for said in found if isinstance(said, OrderIntent)] == []
    assert at(stage, 3, Target(NAME, 0.0), Target(NAME, 1.0)) == [OrderIntent("B-2", NAME, "BUY", D("1.000"))]


def test_a_refused_stop_means_out_at_market() -> None:
    stage = entered()
    at(stage, 1, *filled("B-1", "1", "1"))

    found = at(stage, 2, Reject(STOP, NAME, "venue", "STOP_MARKET: in the market"))

    assert found == [OrderIntent("B-1-close-3", NAME, "SELL", D("1.000"), reduce_only=True)]


def test_a_price_through_the_stop_means_out_at_market_without_one() -> None:
    stage = entered()
    at(stage, 1, trade(970.0))

    assert at(stage, 1, *filled("B-1", "1", "1")) == [
        OrderIntent("B-1-close-1", NAME, "SELL", D("1.000"), reduce_only=True)
    ]


@pytest.mark.parametrize(
    "answer",
    [OrderUnknown(STOP, NAME, "timeout"), OrderCanceled(STOP, NAME, "the venue's wish")],
    ids=["unknown", "taken by the venue"],
)
def test_a_stop_that_nobody_vouches_for_means_out_at_market(answer: Body) -> None:
    found = at(protected(), 2, answer)

    assert [(o.side, o.quantity, o.reduce_only) for o in found if isinstance(o, OrderIntent)] == [
        ("SELL", D("1.000"), True)
    ]


def test_a_stop_that_will_not_grow_means_out_at_market() -> None:
    stage = entered(entry="limit")
    at(stage, 1, *filled("B-1", "0.4", "0.4"), *accepted(STOP, TAKE), *filled("B-1", "0.6", "1"))

    found = at(stage, 2, Reject(STOP, NAME, "venue", "modify: no"))

    assert found == [OrderIntent("B-1-close-3", NAME, "SELL", D("1.000"), reduce_only=True)]


def test_a_refused_target_is_watched_and_reached_it_closes_at_market() -> None:
    stage = entered(take=0.04)
    at(stage, 1, *filled("B-1", "1", "1"), *accepted(STOP), Reject(TAKE, NAME, "gate", "price collar: far away"))

    below = at(stage, 2, trade(1039.0))
    reached = at(stage, 3, trade(1040.0))

    assert below == []
    assert reached == [OrderIntent("B-1-close-3", NAME, "SELL", D("1.000"), reduce_only=True)]


def test_where_the_venue_wants_the_legs_gone_first_they_go_and_the_way_out_follows() -> None:
    stage = protected()
    at(stage, 2, Target(NAME, 0.0))

    at_once = at(stage, 3, Reject("B-1-close-3", NAME, "venue", "SHORT: 0 free"))
    legs = at(stage, 3.1, trade(1000.0))
    one = at(stage, 4, OrderCanceled(STOP, NAME, "asked"))
    other = at(stage, 4, OrderCanceled(TAKE, NAME, "asked"))

    assert legs == [CancelIntent(STOP, NAME), CancelIntent(TAKE, NAME)]
    assert at_once == one == []
    assert other == [OrderIntent("B-1-close-4", NAME, "SELL", D("1.000"), reduce_only=True)]


def test_a_way_out_that_the_gate_refuses_is_tried_again_after_the_pause_with_the_stop_in_place() -> None:
    stage = protected(retry="10s")
    at(stage, 2, Target(NAME, 0.0))

    refused = at(stage, 2, Reject("B-1-close-3", NAME, "gate", "order rate: 20"), trade(1000.0))
    again = at(stage, 2.2, trade(1000.0))

    assert refused == []
    assert again == [OrderIntent("B-1-close-4", NAME, "SELL", D("1.000"), reduce_only=True)]


def test_a_target_of_the_other_side_leaves_first_and_enters_when_all_orders_are_gone() -> None:
    stage = protected()

    leaves = at(stage, 2, Target(NAME, -0.5))
    out = at(stage, 3, *filled("B-1-close-3", "1", "0", "SELL"), trade(1000.0))
    waits = at(stage, 3, OrderCanceled(STOP, NAME, "asked"))
    enters = at(stage, 3, OrderCanceled(TAKE, NAME, "asked"))

    assert leaves == [OrderIntent("B-1-close-3", NAME, "SELL", D("1.000"), reduce_only=True)]
    assert (out, waits) == ([CancelIntent(STOP, NAME), CancelIntent(TAKE, NAME)], [])
    assert enters == [OrderIntent("B-2", NAME, "SELL", D("0.500"))]


def test_a_smaller_target_makes_the_position_and_then_the_legs_smaller_a_larger_one_nothing() -> None:
    stage = protected()

    larger = at(stage, 2, Target(NAME, 2.0))
    smaller = at(stage, 2, Target(NAME, 0.25))
    after = at(stage, 3, *filled("B-1-close-3", "0.75", "0.25", "SELL"), trade(1000.0))

    assert larger == []
    assert smaller == [OrderIntent("B-1-close-3", NAME, "SELL", D("0.750"), reduce_only=True)]
    assert after == [ModifyIntent(STOP, NAME, D("0.250")), ModifyIntent(TAKE, NAME, D("0.250"))]


@pytest.mark.parametrize(("reenter", "entries"), [(False, 0), (True, 1)])
def test_after_a_stop_the_same_side_waits_for_another_target_unless_told_to_reenter(
    reenter: bool, entries: int
) -> None:
    stage = protected(reenter=reenter)
    at(stage, 2, *filled(STOP, "1", "0", "SELL"), OrderCanceled(TAKE, NAME, "asked"))

    assert len(at(stage, 3, Target(NAME, 1.0))) == entries
    assert reenter or len(at(stage, 4, Target(NAME, 0.0), Target(NAME, 1.0))) == 1


def test_leaving_for_a_target_of_zero_does_not_hold_the_next_entry_back() -> None:
    stage = protected()
    at(stage, 2, Target(NAME, 0.0), *filled("B-1-close-3", "1", "0", "SELL"))
    at(stage, 2, OrderCanceled(STOP, NAME, "reduce-only"), OrderCanceled(TAKE, NAME, "reduce-only"))

    assert at(stage, 3, Target(NAME, 1.0)) == [OrderIntent("B-2", NAME, "BUY", D("1.000"))]


def test_a_limit_entry_expires_at_the_venue_and_is_asked_back_if_it_did_not() -> None:
    stage = Bracket(entry="limit", entry_expires="5m", post_only=True)
    (entry,) = at(stage, 0, BTC, trade(1000.0), Target(NAME, 1.0))
    at(stage, 0, *accepted("B-1"))

    on_time, late = at(stage, 5, trade(1001.0)), at(stage, 5.1, trade(1001.0))

    expires = START + 5 * MINUTE
    assert entry == OrderIntent(
        "B-1", NAME, "BUY", D("1.000"), "LIMIT", D(1000), "GTD", post_only=True, expires=expires
    )
    assert (on_time, late) == ([], [CancelIntent("B-1", NAME)])


def test_an_entry_that_expired_in_part_leaves_a_bracket_around_the_part() -> None:
    stage = Bracket(entry="limit", entry_expires="5m")
    at(stage, 0, BTC, trade(1000.0), Target(NAME, 1.0), *accepted("B-1"))
    at(stage, 1, *filled("B-1", "0.3", "0.3"), *accepted(STOP, TAKE))

    expired = at(stage, 5, OrderCanceled("B-1", NAME, "expired"))
    out = at(stage, 6, *filled(TAKE, "0.3", "0", "SELL"), trade(1000.0))

    assert (expired, out) == ([], [CancelIntent(STOP, NAME)])


def test_a_fill_below_the_minimum_waits_for_the_rest_of_the_entry() -> None:
    stage = entered(entry="limit")

    dust = at(stage, 1, *filled("B-1", "0.001", "0.001"), trade(1000.0))
    more = at(stage, 2, *filled("B-1", "0.5", "0.501"))

    assert dust == []
    assert [o.quantity for o in more if isinstance(o, OrderIntent)] == [D("0.501"), D("0.501")]


@pytest.mark.parametrize("value", ["", "*", NAME])
def test_flatten_leaves_at_market_and_nothing_is_entered_until_resume(value: str) -> None:
    stage = protected()

    leaves = at(stage, 2, Control("flatten", value))
    at(stage, 3, *filled("B-1-close-3", "1", "0", "SELL"), *[OrderCanceled(leg, NAME, "") for leg in (STOP, TAKE)])
    halted = at(stage, 4, Target(NAME, 1.0))
    resumed = at(stage, 5, Control("resume", value), Target(NAME, 1.0))

    assert leaves == [OrderIntent("B-1-close-3", NAME, "SELL", D("1.000"), reduce_only=True)]
    assert (halted, resumed) == ([], [OrderIntent("B-2", NAME, "BUY", D("1.000"))])


def test_after_a_kill_only_cancels_are_sent_and_the_legs_go_on_resting() -> None:
    stage = entered(entry="limit")
    at(stage, 1, *accepted("B-1"), *filled("B-1", "0.5", "0.5"), *accepted(STOP, TAKE))

    killed = at(stage, 2, Control("kill", ""), trade(900.0), Target(NAME, 0.0), Control("resume", ""), trade(900.0))
    at(stage, 3, OrderCanceled("B-1", NAME, "asked"), *filled(STOP, "0.5", "0", "SELL"))
    flat = at(stage, 4, trade(900.0), OrderCanceled(TAKE, NAME, "asked"), Target(NAME, 1.0), trade(900.0))

    assert (killed, flat) == ([CancelIntent("B-1", NAME)], [CancelIntent(TAKE, NAME)])


def test_a_resume_of_something_unknown_lifts_nothing() -> None:
    stage = Bracket()
    at(stage, 0, BTC, trade(1000.0), Control("pause", NAME), Control("resume", "BTCUSD.ELSEWHERE"))

    assert at(stage, 1, Target(NAME, 1.0)) == []
    assert len(at(stage, 2, Control("resume", NAME), Target(NAME, 1.0))) == 1


def test_a_pause_takes_the_entry_back_and_keeps_the_position_with_its_stop() -> None:
    stage = entered(entry="limit")
    at(stage, 1, *accepted("B-1"), *filled("B-1", "0.5", "0.5"), *accepted(STOP, TAKE))

    assert at(stage, 2, Control("pause", "")) == [CancelIntent("B-1", NAME)]


def test_a_position_that_is_there_at_a_target_becomes_part_of_the_bracket() -> None:
    stage = Bracket()
    at(stage, 0, BTC, trade(1000.0), Position(NAME, D(1), D(990), D(0)))

    found = at(stage, 1, Target(NAME, 1.0))

    assert [(o.type, o.quantity) for o in found if isinstance(o, OrderIntent)] == [
        ("STOP", D("1.000")),
        ("LIMIT", D("1.000")),
    ]


def test_distances_may_be_multiples_of_a_forecast_volatility_and_there_is_no_entry_without_one() -> None:
    stage = Bracket(unit="volatility", stop=2.0, take=3.0, timeframe="1h")
    early = at(stage, 0, BTC, trade(1000.0), VolForecast(NAME, "1m", 0.5), Target(NAME, 1.0))
    at(stage, 1, VolForecast(NAME, "1h", 0.01), Target(NAME, 1.0))

    legs = at(stage, 2, *filled("B-1", "1", "1"))

    assert isinstance(early[0], RiskDecision) and len(early) == 1
    assert [(o.trigger, o.price) for o in legs if isinstance(o, OrderIntent)] == [(D(980), None), (None, D(1030))]


@pytest.mark.parametrize(
    "terms", [{"stop": 0.0}, {"take": 1.0}, {"stop": -1.0, "unit": "volatility"}, {"post_only": True}]
)
def test_terms_that_cannot_be_are_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Bracket(**terms)
