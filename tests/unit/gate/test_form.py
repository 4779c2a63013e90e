from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gate.making import BTC, SECOND, SPOT, D, Desk, order, sell


@pytest.mark.parametrize(
    ("intent", "reason"),
    [
        (order(instrument="XRPZAR.VALR"), "instrument: 'XRPZAR.VALR' is not known"),
        (order(id=""), "form: the order has no id"),
        (order(side="buy"), "form: 'buy' is none of BUY, SELL"),
        (order(type="ICEBERG"), "form: 'ICEBERG' is none of MARKET,"),
        (order(time_in_force="DAY"), "form: 'DAY' is none of GTC,"),
        (order(quantity="0"), "form: quantity 0 is not positive"),
        (order(quantity="-0"), "form: quantity -0 is not positive"),
        (order(quantity="NaN"), "form: quantity NaN is not positive"),
        (order(quantity="sNaN"), "form: quantity sNaN is not positive"),
        (order(quantity="Infinity"), "form: quantity Infinity is not positive"),
        (order(quantity="1E+999999"), "form: quantity 1E+999999 is not under 1E+15"),
        (order(quantity="1E-19"), "form: quantity 1E-19 is not under 1E+15 with at most 18 decimals"),
        (order(quantity=1.0), "form: quantity 1.0 is float, expected Decimal"),
        (order(quantity=None), "form: quantity None is NoneType, expected Decimal"),
        (order(price="-1"), "form: price -1 is not positive"),
        (order(offset="0"), "form: offset 0 is not positive"),
        (order(price="100", type="MARKET"), "form: a MARKET order takes no price, found 100"),
        (order(type="LIMIT"), "form: a LIMIT order needs price, found None"),
        (order(type="STOP"), "form: a STOP order needs trigger"),
        (order(type="STOP_LIMIT", trigger="100"), "form: a STOP_LIMIT order needs price"),
        (order(type="TRAILING_STOP", trigger="100"), "form: a TRAILING_STOP order needs offset"),
        (order(type="LIMIT", price="100", trigger="100"), "form: a LIMIT order takes no trigger"),
        (order(post_only=True), "form: a MARKET order, GTC, cannot be post_only"),
        (order(price="100", post_only=True, time_in_force="IOC"), "form: a LIMIT order, IOC, cannot be post_only"),
        (order(time_in_force="GTD"), "form: a GTD order with expires 0"),
        (order(expires=2 * SECOND), "form: a GTC order with expires 2000000000"),
        (order(time_in_force="GTD", expires=SECOND), "expired: at 1000000000, now is 1000000000"),
        (order(quantity="1.001"), "lot: quantity 1.001 is not a multiple of the lot 0.01"),
        (order(quantity="0.01"), "min_quantity: 0.01 is under the minimum 0.02"),
        (order(price="100.5"), "tick: price 100.5 is not a multiple of the tick 1"),
        (order(trigger="100.5"), "tick: trigger 100.5 is not"),
        (order(offset="0.5"), "tick: offset 0.5 is not"),
        (order(quantity="0.04"), "min_notional: 4.000 is under the minimum 5"),
        (order(quantity="0.05", price="90"), "min_notional: 4.50 is under the minimum 5"),
        (order(quantity="0.05", trigger="90"), "min_notional: 4.50 is under the minimum 5"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_order_that_is_none_is_refused_with_its_figures(intent: Any, reason: str) -> None:
    assert Desk().refuse(intent, SECOND).startswith(reason)


@pytest.mark.parametrize(
    "intent",
    [
        order(),
        order(price="100", post_only=True),
        order(trigger="110"),
        order(trigger="110", price="111", post_only=True),
        order(offset="5"),
        order(offset="5", trigger="105"),
        order(time_in_force="GTD", price="100", expires=SECOND + 1),
        order(quantity="0.05"),
    ],
)
def test_every_type_passes_in_its_right_form(intent: Any) -> None:
    assert Desk().refuse(intent, SECOND) == ""


def test_form_holds_for_orders_that_reduce_too() -> None:
    desk = Desk()
    desk.hold("1")

    assert desk.kind(sell(quantity="0.01")) == "min_quantity"


def test_an_instrument_is_traded_from_its_listing_to_its_delisting() -> None:
    desk = Desk()
    desk.ledger.instruments[SPOT] = msgspec.structs.replace(BTC, listed=2 * SECOND, delisted=4 * SECOND)

    found = [desk.refuse(order(str(n)), n * SECOND) for n in (1, 2, 3, 4)]

    assert found[0] == f"instrument: {SPOT} is listed at 1970-01-01T00:00:02Z, now is 1970-01-01T00:00:01Z"
    assert found[1:3] == ["", ""]
    assert found[3].startswith(f"instrument: {SPOT} was delisted at")


def test_the_definition_in_force_is_the_one_that_counts() -> None:
    desk = Desk()
    desk.ledger.instruments[SPOT] = msgspec.structs.replace(BTC, tick=D("0.5"))

    assert desk.refuse(order(price="100.5")) == ""


@given(st.decimals(allow_nan=True, allow_infinity=True), st.decimals(allow_nan=True, allow_infinity=True))
def test_no_number_whatever_breaks_the_gate(quantity: Decimal, price: Decimal) -> None:
    desk = Desk(max_notional="1000", max_position="1000", price_collar=0.1, max_exposure="1000", max_leverage=1.0)

    reason = desk.refuse(order(quantity=quantity, price=price))

    assert reason or (0 < quantity * price <= 1000 and abs(price - 100) <= 10)
