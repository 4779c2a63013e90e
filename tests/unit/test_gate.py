from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.bodies import Fill, Instrument, ModifyIntent, OrderCanceled, OrderIntent, OrderModified, OrderUnknown
from helios_engine.config import GateSection
from helios_engine.gate import Gate
from helios_engine.ledger import Ledger

D = Decimal
DAY = 86_400 * 10**9
BTC = Instrument("BTCZAR.VALR", "BTC", "ZAR", 0, 8, tick=D(1), lot=D("0.00000001"))


def gate(price: float | None = 100.0, **limits: Any) -> tuple[Gate, Ledger]:
    ledger = Ledger("ZAR", {"ZAR": D(10_000)}, {})
    ledger.instruments[BTC.instrument] = BTC
    if price is not None:
        ledger.prices[BTC.instrument] = price
    return Gate(GateSection(**limits), ledger), ledger


def order(id: str = "1", side: str = "BUY", quantity: str = "1", price: str | None = None, **more: Any) -> OrderIntent:
    kind = more.pop("type", "MARKET" if price is None else "LIMIT")
    limit = None if price is None else D(price)
    return OrderIntent(id, more.pop("instrument", BTC.instrument), side, D(quantity), kind, limit, **more)  # type: ignore[arg-type]


def fill(id: str, side: str, quantity: str, price: str = "100") -> Fill:
    return Fill(id, id, BTC.instrument, side, D(quantity), D(price), D(0), "ZAR", "TAKER")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("limits", "intent", "reason"),
    [
        ({}, order(instrument="XRPZAR.VALR"), "unknown instrument"),
        ({}, order(quantity="0"), "quantity 0 is not positive"),
        ({}, order(quantity="NaN"), "quantity NaN is not positive"),
        ({}, order(price="-1"), "price -1 is not positive"),
        ({"max_notional": "99"}, order(), "order value 100.00 is over the limit 99"),
        ({"max_position": "99"}, order(), "position value 100.00 is over the limit 99"),
        ({"price_collar": 0.05}, order(price="106"), "price collar: 106 is 6.00% from the last price 100.0"),
    ],
)
def test_each_limit_says_no_with_its_figures(limits: dict[str, Any], intent: OrderIntent, reason: str) -> None:
    refused = gate(**limits)[0].refuse(1, intent)

    assert refused is not None
    assert reason in refused


def test_nothing_passes_before_a_price_is_known() -> None:
    assert gate(price=None)[0].refuse(1, order()) == "no price known yet"


def test_an_id_passes_once() -> None:
    found, _ = gate()
    found.refuse(1, order())

    assert found.refuse(2, order()) == "duplicate order id '1'"


def test_the_same_order_within_the_window_is_a_duplicate() -> None:
    found, _ = gate(duplicate_window="1s")
    found.refuse(10**9, order("1"))

    assert "duplicate order: the same BUY 1" in str(found.refuse(10**9 + 1, order("2")))
    assert found.refuse(2 * 10**9, order("3")) is None


def test_the_order_rate_counts_the_last_minute() -> None:
    found, _ = gate(max_orders_per_minute=2)
    found.refuse(1, order("1"))
    found.refuse(2, order("2"))

    assert "order rate: 2 in the last minute, limit 2" in str(found.refuse(3, order("3")))
    assert found.refuse(60 * 10**9 + 1, order("4")) is None


def test_open_orders_count_towards_the_position_until_they_are_gone() -> None:
    found, _ = gate(max_position="250")
    found.refuse(1, order("1", quantity="2"))

    assert "position value 300.00" in str(found.refuse(2, order("2")))
    found.hear(OrderCanceled("1", BTC.instrument, "asked"))
    assert found.refuse(3, order("3")) is None


def test_after_the_daily_loss_only_a_reducing_order_passes_until_the_next_day() -> None:
    found, ledger = gate(max_daily_loss=0.01)
    found.new_day(1)
    ledger.fill(fill("0", "BUY", "50"))
    ledger.prices[BTC.instrument] = 90.0

    assert "daily loss 5.00% is over the limit 1.00%" in str(found.refuse(2, order("1")))
    assert found.refuse(3, order("2", side="SELL", quantity="50")) is None
    assert found.refuse(DAY, order("3")) is None


def test_an_unknown_outcome_blocks_new_risk_on_its_instrument() -> None:
    found, _ = gate()
    found.refuse(1, order("1"))

    found.hear(OrderUnknown("1", BTC.instrument, "no answer"))

    assert "the outcome of order '1' is unknown" in str(found.refuse(2, order("2")))


def test_a_modification_is_judged_as_the_order_it_leaves() -> None:
    found, _ = gate(max_notional="150")
    found.refuse(1, order("1", price="100"))

    assert "order value 200.00" in str(found.refuse_change(2, ModifyIntent("1", BTC.instrument, quantity=D(2))))
    assert found.refuse_change(3, ModifyIntent("1", BTC.instrument, quantity=D("1.5"))) is None
    assert found.refuse_change(4, ModifyIntent("9", BTC.instrument)) == "no open order '9' to modify"


steps = st.lists(st.tuples(st.sampled_from(["BUY", "SELL"]), st.integers(1, 40), st.booleans()), max_size=40)


@given(steps, st.integers(100, 3000))
def test_no_sequence_of_orders_and_fills_leaves_a_position_over_the_limit(
    orders: list[tuple[str, int, bool]], limit: int
) -> None:
    found, ledger = gate(max_position=str(limit))
    for number, (side, quantity, filled) in enumerate(orders):
        intent = order(str(number), side, str(quantity))
        if found.refuse(number + 1, intent) is None and filled:
            ledger.fill(fill(str(number), side, str(quantity)))
            found.hear(fill(str(number), side, str(quantity)))

    assert abs(ledger.held(BTC.instrument)) * 100 <= limit


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (order(type="STOP"), "a STOP order with trigger None"),
        (order(type="STOP_LIMIT", trigger=Decimal(90)), "a STOP_LIMIT order with price None"),
        (order(type="TRAILING_STOP"), "a TRAILING_STOP order with offset None"),
        (order(trigger=Decimal(90)), "a MARKET order with trigger 90"),
        (order(type="STOP", trigger=Decimal(0)), "trigger 0 is not positive"),
        (order(type="STOP", trigger=Decimal(90)), None),
        (order(type="TRAILING_STOP", offset=Decimal(2)), None),
        (order(type="TRAILING_STOP", offset=Decimal(2), trigger=Decimal(90)), None),
    ],
)
def test_an_order_of_each_type_says_what_it_must_and_no_more(given: OrderIntent, reason: str | None) -> None:
    assert gate()[0].refuse(1, given) == reason


def test_an_order_that_the_venue_cut_counts_with_what_it_has_left() -> None:
    found, _ = gate(max_position="250")
    assert found.refuse(1, order("1", quantity="2")) is None
    found.hear(OrderModified("1", BTC.instrument, Decimal(1)))

    assert found.refuse(2, order("2", quantity="1.5")) is None


def test_a_stop_may_be_moved() -> None:
    found, _ = gate()
    assert found.refuse(1, order("1", type="STOP", trigger=Decimal(90))) is None

    assert found.refuse_change(2, ModifyIntent("1", BTC.instrument, trigger=Decimal(95))) is None
