from __future__ import annotations

from typing import Any

import pytest

from helios_engine.bodies import OrderCanceled, Reject
from tests.unit.gate.making import PERP, SPOT, D, Desk, order, sell


@pytest.mark.parametrize(
    ("limits", "intent", "reason"),
    [
        ({"max_notional": "99"}, order(), "max_notional: 100.00, limit 99"),
        ({"max_notional": "119"}, order(trigger="120"), "max_notional: 120.00, limit 119"),
        ({"max_notional": "119"}, order(offset="20"), "max_notional: 120.00, limit 119"),
        ({"max_notional": "119"}, order(offset="1", trigger="120"), "max_notional: 120.00, limit 119"),
        ({"max_notional": "129"}, order(trigger="120", price="130"), "max_notional: 130.00, limit 129"),
        ({"max_notional": "99"}, sell(price="90", instrument=PERP), "max_notional: 100.00, limit 99"),
        ({"max_notional": "119"}, sell(price="120", instrument=PERP), "max_notional: 120.00, limit 119"),
        ({"max_notional": "119"}, sell(trigger="120", price="90", instrument=PERP), "max_notional: 120.00, limit 119"),
        ({"max_position": "99"}, order(), "max_position: 100.00 with what rests, limit 99"),
        ({"max_position": "99"}, sell(instrument=PERP), "max_position: 100.00 with what rests, limit 99"),
        ({"max_exposure": "99"}, order(), "max_exposure: 100.00 with what rests, limit 99"),
        ({"max_leverage": 0.09}, order(), "max_leverage: 100.00 with what rests on an equity of 1000.00, limit 0.09"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_too_much_is_refused_with_its_figures(limits: dict[str, Any], intent: Any, reason: str) -> None:
    assert Desk(**limits).refuse(intent).startswith(reason)


@pytest.mark.parametrize(
    ("limits", "intent"),
    [
        ({"max_notional": "100"}, order()),
        ({"max_notional": "90"}, order(price="90")),
        ({"max_notional": "100"}, order(trigger="80")),
        ({"max_notional": "110"}, order(trigger="120", price="110")),
        ({"max_notional": "100"}, sell(offset="20", instrument=PERP)),
        ({"max_position": "100"}, order()),
        ({"max_exposure": "100"}, order()),
        ({"max_leverage": 0.1}, order()),
    ],
)
def test_what_is_just_within_a_limit_passes(limits: dict[str, Any], intent: Any) -> None:
    assert Desk(**limits).refuse(intent) == ""


def test_orders_that_rest_count_towards_the_position_until_they_are_gone() -> None:
    desk = Desk(max_position="250")
    desk.refuse(order("1", quantity="2", price="90"))

    assert desk.refuse(order("2")) == "max_position: 300.00 with what rests, limit 250"
    desk.gate.hear(OrderCanceled("1", SPOT, "asked"))
    assert desk.refuse(order("3")) == ""


def test_what_is_filled_counts_once() -> None:
    desk = Desk(max_position="300")
    desk.refuse(order("1", quantity="2"))
    desk.fill("1", "BUY", "0.5")

    assert desk.refuse(order("2", quantity="1.01")).startswith("max_position: 301.00")
    assert desk.refuse(order("3")) == ""


def test_a_venues_no_frees_the_room_of_an_order_but_its_no_to_a_cancel_does_not() -> None:
    desk = Desk(max_position="100")
    desk.refuse(order("1"))
    desk.gate.hear(Reject("1", SPOT, "venue", "cancel: too late"))
    full = desk.kind(order("2"))
    desk.gate.hear(Reject("1", SPOT, "venue", "no money"))

    assert (full, desk.kind(order("3"))) == ("max_position", "")


def test_exposure_is_long_and_short_over_all_instruments_with_what_rests() -> None:
    desk = Desk(max_exposure="400")
    desk.hold("1")
    desk.hold("-2", PERP)

    assert desk.refuse(order("1", quantity="1.01")) == "max_exposure: 401.00 with what rests, limit 400"
    assert desk.refuse(order("2")) == ""
    assert desk.kind(sell("3", "0.02", instrument=PERP)) == "max_exposure"
    assert desk.kind(order("4", quantity="2", instrument=PERP)) == ""


def test_leverage_is_measured_on_the_equity_of_now() -> None:
    desk = Desk(max_leverage=1)
    desk.hold("5")
    desk.ledger.prices[SPOT] = 50.0  # equity 750, exposure 250

    assert desk.kind(order("1", quantity="10.02")) == "max_leverage"
    assert desk.kind(order("2", quantity="10")) == ""


def test_no_equity_carries_no_leverage() -> None:
    desk = Desk(max_leverage=5)
    desk.hold("20")
    desk.ledger.prices[SPOT] = 40.0

    assert desk.kind(order("1")) == "max_leverage"
    assert desk.kind(sell("2", "20")) == ""


@pytest.mark.parametrize("kind", ["max_position", "max_exposure", "max_notional"])
def test_what_has_no_price_in_the_report_currency_cannot_be_judged(kind: str) -> None:
    desk = Desk(**{kind: "1000"})
    desk.ledger.currency = "EUR"

    assert desk.refuse(order()).startswith(f"{kind}: cannot be judged")


def test_orders_that_reduce_pass_every_limit_of_size() -> None:
    desk = Desk(max_position="0", max_notional="0", max_exposure="0", max_leverage=0)
    desk.hold("2")
    desk.hold("-2", PERP)

    assert desk.refuse(sell("1", "2")) == ""
    assert desk.refuse(order("2", quantity="2", instrument=PERP)) == ""


def test_an_order_that_would_flip_the_position_does_not_reduce() -> None:
    desk = Desk(max_position="100")
    desk.hold("-2", PERP)

    assert desk.kind(order("1", quantity="3.01", instrument=PERP)) == "max_position"
    assert desk.kind(order("2", quantity="3", instrument=PERP)) == ""


def test_a_second_order_that_reduces_what_the_first_has_taken_does_not() -> None:
    desk = Desk(max_position="0")
    desk.hold("2", PERP)

    assert desk.kind(sell("1", "1.5", instrument=PERP)) == ""
    assert desk.kind(sell("2", "1", instrument=PERP)) == "max_position"
    assert desk.kind(sell("3", "0.5", instrument=PERP)) == ""


def test_spot_is_not_sold_short() -> None:
    desk = Desk()
    desk.hold("1")

    assert (
        desk.refuse(sell("1", "1.5")) == "short_sale: SELL 1.5 leaves -0.5 with what rests, and allow_spot_short is off"
    )
    assert desk.refuse(sell("2", "1", price="110")) == ""
    assert desk.kind(sell("3", "0.05")) == "short_sale"
    assert desk.kind(sell("4", instrument=PERP)) == ""


def test_spot_is_sold_short_where_that_is_allowed() -> None:
    assert Desk(allow_spot_short=True).refuse(sell()) == ""


def test_coins_of_the_opening_balance_may_be_sold_and_that_reduces() -> None:
    desk = Desk(max_position="0", max_daily_loss=0)
    desk.ledger.cash["BTC"] = D(2)

    assert desk.kind(sell("1", "2.5")) == "short_sale"
    assert desk.kind(sell("2", "2")) == ""


def test_a_reduce_only_order_must_reduce() -> None:
    desk = Desk()

    assert desk.refuse(order(reduce_only=True)) == "reduce_only: BUY 1 does more than reduce a position of 0"
    desk.hold("1")
    assert desk.kind(order("2", reduce_only=True)) == "reduce_only"
    assert desk.kind(sell("3", "1.01", reduce_only=True)) == "reduce_only"
    assert desk.kind(sell("4", "1", reduce_only=True)) == ""


def test_a_stop_and_a_target_may_both_close_the_whole_position() -> None:
    desk = Desk(max_position="0", max_exposure="0")
    desk.hold("2")

    assert desk.kind(sell("1", "2", trigger="90", reduce_only=True)) == ""
    assert desk.kind(sell("2", "2", price="110", reduce_only=True)) == ""
    assert desk.kind(sell("3", "2", reduce_only=True)) == ""
    assert desk.kind(sell("4", "1")) == "short_sale"  # not held to the position: on top of those it could go short


def test_reduce_only_orders_count_together_where_the_venue_does_not_hold_them() -> None:
    desk = Desk(sum_reduce_only=True)
    desk.hold("2")

    assert desk.kind(sell("1", "1.5", trigger="90", reduce_only=True)) == ""
    assert desk.kind(sell("2", "1", price="110", reduce_only=True)) == "reduce_only"
    assert desk.kind(sell("3", "0.5", price="110", reduce_only=True)) == ""
