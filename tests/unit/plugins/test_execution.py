"""Targets to orders: lots, minimums, bands, and one order at a time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine import state
from helios_engine.bodies import (
    CancelIntent,
    Fill,
    Instrument,
    OrderAccepted,
    OrderCanceled,
    OrderIntent,
    OrderUnknown,
    Position,
    Reject,
    Target,
)
from helios_engine.events import Body
from helios_execution.limit_orders import LimitOrders
from helios_execution.market_orders import MarketOrders
from helios_execution.sizing import Band, distance
from tests.unit.plugins.feeding import BTC, NAME, account, bar, feed

D = Decimal


def ready(stage: Any, close: float = 1000.4) -> Any:
    feed(stage, [BTC, bar(close)])
    return stage


def fill(order: str, quantity: str, side: Any = "BUY") -> Fill:
    return Fill(order, f"F-{order}", NAME, side, D(quantity), D(1000), D(0), "ZAR", "TAKER")


def position(quantity: str) -> Position:
    return Position(NAME, D(quantity), D(1000), D(0))


def brief(found: list[Body]) -> list[tuple[Any, ...]]:
    return [(b.id, b.side, b.quantity) if isinstance(b, OrderIntent) else (type(b).__name__, b) for b in found]


@given(
    wanted=st.floats(-100, 100),
    held=st.decimals(-100, 100, places=6),
    price=st.floats(1, 1e6),
    band=st.decimals(0, D("0.9"), places=2),
)
def test_a_distance_never_overshoots_and_is_whole_lots_above_the_minimums(
    wanted: float, held: Decimal, price: float, band: Decimal
) -> None:
    found = distance(BTC, wanted, held, price, Band(band, D(0)))

    apart = D(repr(wanted)) - held
    assert abs(found) <= abs(apart)
    assert found % BTC.lot == 0
    assert found * apart >= 0
    assert found == 0 or (abs(found) >= BTC.min_quantity and abs(found) * D(repr(price)) >= BTC.min_notional)


def test_quantities_are_rounded_down_to_the_lot_in_both_directions() -> None:
    assert distance(BTC, 1.2349, D(0), 1000.0) == D("1.234")
    assert distance(BTC, 0.0, D("1.2349"), 1000.0) == D("-1.234")


def test_no_order_is_smaller_than_the_minimums() -> None:
    assert distance(BTC, 0.0019, D(0), 1e6) == 0
    assert distance(BTC, 0.009, D(0), 1000.0) == 0
    assert distance(BTC, 0.010, D(0), 1000.0) == D("0.010")


def test_within_the_band_nothing_is_traded_but_the_way_out_is_open() -> None:
    assert distance(BTC, 10.5, D(10), 1000.0, Band.of(0.05, 0.0)) == 0
    assert distance(BTC, 10.6, D(10), 1000.0, Band.of(0.05, 0.0)) == D("0.6")
    assert distance(BTC, 0.0, D("0.1"), 1000.0, Band.of(0.9, 0.0)) == D("-0.1")


def test_a_market_order_trades_the_distance_to_the_position() -> None:
    stage = ready(MarketOrders())

    found = feed(stage, [position("0.5"), Target(NAME, 2.0)])

    assert brief(found) == [("M-1", "BUY", D("1.5"))]


def test_one_order_is_in_flight_until_it_is_filled_whole() -> None:
    stage = ready(MarketOrders(tag="X"))
    first = feed(stage, [Target(NAME, 1.0), Target(NAME, 2.0), fill("X-1", "0.4"), position("0.4"), Target(NAME, 2.0)])

    then = feed(stage, [fill("X-1", "0.6"), position("1"), Target(NAME, 2.0)])

    assert brief(first) == [("X-1", "BUY", D(1))]
    assert brief(then) == [("X-2", "BUY", D(1))]


@pytest.mark.parametrize("answer", [Reject("M-1", NAME, "gate", "limit"), OrderCanceled("M-1", NAME, "expired")])
def test_what_an_order_could_not_do_is_left_to_the_next_target(answer: Body) -> None:
    stage = ready(MarketOrders())

    found = feed(stage, [Target(NAME, 1.0), answer, Target(NAME, 1.0)])

    assert [order[0] for order in brief(found)] == ["M-1", "M-2"]


def test_an_order_of_unknown_outcome_stays_in_flight() -> None:
    stage = ready(MarketOrders())

    found = feed(stage, [Target(NAME, 1.0), OrderUnknown("M-1", NAME, "timeout"), Target(NAME, 1.0)])

    assert len(found) == 1


def test_answers_to_orders_of_others_change_nothing() -> None:
    stage = ready(MarketOrders())

    found = feed(stage, [Target(NAME, 1.0), OrderCanceled("L-1", NAME, ""), fill("L-1", "1"), Target(NAME, 1.0)])

    assert len(found) == 1


def test_no_order_before_definition_and_price_are_known() -> None:
    assert feed(MarketOrders(), [bar(1000.0), Target(NAME, 1.0)]) == []
    assert feed(MarketOrders(), [BTC, Target(NAME, 1.0)]) == []


def test_a_limit_order_rests_at_the_tick_away_from_the_market() -> None:
    buy = feed(ready(LimitOrders()), [Target(NAME, 1.0)])
    sell = feed(ready(LimitOrders(post_only=True)), [position("1"), Target(NAME, 0.0)])

    assert buy == [OrderIntent("L-1", NAME, "BUY", D("1.000"), "LIMIT", D(1000))]
    assert sell == [OrderIntent("L-1", NAME, "SELL", D("1.000"), "LIMIT", D(1001), post_only=True)]


def test_a_resting_order_is_taken_back_and_replaced_at_the_price_of_then() -> None:
    stage = ready(LimitOrders())
    feed(stage, [Target(NAME, 1.0), OrderAccepted("L-1", NAME)])

    asked = feed(stage, [bar(900.0, 1), Target(NAME, 2.0), Target(NAME, 3.0)])
    placed = feed(stage, [OrderCanceled("L-1", NAME, "asked")])

    assert asked == [CancelIntent("L-1", NAME)]
    assert placed == [OrderIntent("L-2", NAME, "BUY", D("3.000"), "LIMIT", D(900))]


def test_a_fill_that_overtakes_the_cancel_is_counted_before_the_replacement() -> None:
    stage = ready(LimitOrders())
    feed(stage, [Target(NAME, 1.0), Target(NAME, 3.0)])

    found = feed(stage, [fill("L-1", "1"), position("1"), Reject("L-1", NAME, "venue", "cancel: no such order")])

    assert brief(found) == [("L-2", "BUY", D(2))]


def test_a_replacement_after_a_fill_spends_only_what_the_fill_left() -> None:
    stage = ready(LimitOrders())
    feed(stage, [account("2500"), Target(NAME, 1.0), Target(NAME, 3.0)])

    found = feed(stage, [fill("L-1", "1"), position("1"), account("1500.6")])

    assert brief(found) == [("L-2", "BUY", D("1.5"))]


def test_a_partial_fill_leaves_the_rest_resting() -> None:
    stage = ready(LimitOrders())
    feed(stage, [Target(NAME, 1.0)])

    assert feed(stage, [fill("L-1", "0.4"), position("0.4")]) == []
    assert feed(stage, [Target(NAME, 1.0)]) == []
    assert feed(stage, [bar(999.0, 1), Target(NAME, 1.001)]) == [CancelIntent("L-1", NAME)]
    assert brief(feed(stage, [OrderCanceled("L-1", NAME, "asked")])) == [("L-2", "BUY", D("0.601"))]


def test_a_refused_limit_order_is_not_repeated_before_the_next_target() -> None:
    stage = ready(LimitOrders())
    feed(stage, [Target(NAME, 1.0)])

    assert feed(stage, [Reject("L-1", NAME, "venue", "post only"), position("0")]) == []
    assert brief(feed(stage, [Target(NAME, 1.0)])) == [("L-2", "BUY", D(1))]


def test_a_limit_order_of_unknown_outcome_is_neither_taken_back_nor_replaced() -> None:
    stage = ready(LimitOrders())

    found = feed(stage, [Target(NAME, 1.0), OrderUnknown("L-1", NAME, "timeout"), Target(NAME, 2.0)])

    assert len(found) == 1


ETH = Instrument("ETHZAR.VALR", "ETH", "ZAR", 0, 8, tick=D(1), lot=D("0.001"), taker_fee=D("0.25"))


@pytest.mark.parametrize("make", [MarketOrders, LimitOrders])
def test_a_purchase_is_cut_to_the_cash_that_is_not_spoken_for(make: Any) -> None:
    stage = make(tag="X", cushion=0.1)
    feed(stage, [BTC, ETH, account("10000"), bar(1000.0), bar(100.0, name=ETH.instrument)])

    found = feed(stage, [Target(NAME, 4.0), Target(ETH.instrument, 100.0)])

    # 10000 less 4 at 1000, nine tenths of it, at 100 and a fee of a quarter.
    assert brief(found) == [("X-1", "BUY", D(4)), ("X-2", "BUY", D("43.2"))]


@pytest.mark.parametrize("make", [MarketOrders, LimitOrders])
def test_cash_is_free_again_when_the_order_is_over(make: Any) -> None:
    stage = make(tag="X", cushion=0.0)
    feed(stage, [BTC, ETH, account("5000"), bar(1000.0), bar(100.0, name=ETH.instrument)])
    feed(stage, [Target(NAME, 5.0)])

    refused = feed(stage, [Target(ETH.instrument, 10.0)])
    found = feed(stage, [Reject("X-1", NAME, "venue", "no"), Target(ETH.instrument, 10.0)])

    assert (refused, brief(found)) == ([], [("X-2", "BUY", D(10))])


def test_a_sale_and_a_margin_account_do_not_look_at_the_cash() -> None:
    sale = feed(ready(MarketOrders()), [account("0"), position("2"), Target(NAME, 0.0)])
    margin = feed(ready(MarketOrders(cash_only=False)), [account("0"), Target(NAME, 2.0)])

    assert brief(sale) == [("M-1", "SELL", D(2))]
    assert brief(margin) == [("M-1", "BUY", D(2))]


@pytest.mark.parametrize("make", [MarketOrders, LimitOrders])
def test_saved_and_restored_in_flight_it_says_the_same(make: Any) -> None:
    first, second = ready(make()), make()
    feed(first, [Target(NAME, 1.0)])
    later = [Target(NAME, 2.0), OrderCanceled(f"{first.desk.tag}-1", NAME, ""), Target(NAME, 2.0)]

    state.load(second, state.dump(first))

    assert feed(second, later) == feed(first, later) != []


@pytest.mark.parametrize("make", [MarketOrders, LimitOrders])
def test_a_band_outside_its_range_is_refused(make: Any) -> None:
    with pytest.raises(ValueError, match=r"expected band in \[0, 1\)"):
        make(band=1.0)
