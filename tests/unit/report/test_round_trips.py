"""Round trips against a ledger that knows nothing but cash."""

from __future__ import annotations

import math
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.bodies import Instrument
from helios_engine.errors import JournalError
from helios_engine.report.round_trips import TRADES, Trip, round_trips, table
from helios_engine.report.valuation import Valuation

BTC = Instrument("BTCZAR.VALR", "BTC", "ZAR", 0, 8, Decimal(1), Decimal("0.001"))
USDT = Instrument("BTCUSDT.VALR", "BTC", "USDT", 0, 8, Decimal(1), Decimal("0.001"))
Row = tuple[str, float, float, float, str]


def fills(rows: list[Row], instrument: str = "BTCZAR.VALR") -> pd.DataFrame:
    columns = ["side", "quantity", "price", "fee", "fee_currency"]
    frame = pd.DataFrame(rows, columns=columns).assign(instrument=instrument)
    frame.index = pd.DatetimeIndex(range(1, len(rows) + 1), tz="UTC", name="ts")
    return frame


def prices(rows: list[tuple[int, str, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["ts", "instrument", "price"])
    return frame.set_index(pd.DatetimeIndex(frame.pop("ts"), tz="UTC"))


def trips(rows: list[Row]) -> list[Trip]:
    return round_trips(fills(rows), Valuation("ZAR", [BTC], {}, prices([])), 100)[0]


def test_a_trip_runs_from_flat_to_flat() -> None:
    found = trips([("BUY", 2, 100, 1, "ZAR"), ("SELL", 2, 110, 1.5, "ZAR")])

    assert found == [
        Trip(1, 2, "BTCZAR.VALR", "LONG", 2.0, 0.0, 100.0, 110.0, 20.0, 2.5, 17.5, 1, 2, "ZAR", 1.0, False)
    ]


def test_partial_exits_belong_to_one_trip_at_average_prices() -> None:
    (trip,) = trips(
        [("BUY", 1, 100, 0, "ZAR"), ("BUY", 3, 120, 0, "ZAR"), ("SELL", 1, 130, 0, "ZAR"), ("SELL", 3, 110, 0, "ZAR")]
    )

    assert (trip.quantity, trip.entry_price, trip.exit_price, trip.gross) == (4.0, 115.0, 115.0, 0.0)


def test_a_flip_ends_one_trip_and_begins_the_next_with_its_share_of_the_fee() -> None:
    long, short = trips([("BUY", 1, 100, 0, "ZAR"), ("SELL", 4, 110, 4, "ZAR"), ("BUY", 3, 100, 0, "ZAR")])

    assert (long.side, long.gross, long.fees) == ("LONG", 10.0, 1.0)
    assert (short.side, short.quantity, short.gross, short.fees) == ("SHORT", 3.0, 30.0, 3.0)


def test_what_is_still_held_is_listed_as_open() -> None:
    (trip,) = trips([("SELL", 3, 100, 1, "ZAR"), ("BUY", 1, 90, 1, "ZAR")])

    assert (trip.is_open, trip.exit_ts, trip.open_quantity, trip.gross, trip.net) == (True, None, 2.0, 10.0, 8.0)
    assert trip.duration == 99


def test_decimal_quantities_that_cancel_end_flat() -> None:
    found = trips([("BUY", 0.1, 100, 0, "ZAR"), ("BUY", 0.2, 100, 0, "ZAR"), ("SELL", 0.3, 100, 0, "ZAR")])

    assert [trip.is_open for trip in found] == [False]


def test_a_fee_in_the_base_currency_shrinks_the_position_and_costs_its_price() -> None:
    (trip,) = trips([("BUY", 1, 100, 0.001, "BTC"), ("SELL", 0.999, 110, 0, "ZAR")])

    assert trip.net == pytest.approx(0.999 * 110 - 100)
    assert trip.fees == pytest.approx(0.1)


def test_fees_and_values_are_in_the_report_currency_by_the_last_known_rate() -> None:
    valuation = Valuation(
        "ZAR", [USDT], {"USDT": "USDTZAR.VALR"}, prices([(1, "USDTZAR.VALR", 18.0), (9, "USDTZAR.VALR", 99.0)])
    )

    _, legs = round_trips(fills([("BUY", 2, 100, 1, "USDT")], "BTCUSDT.VALR"), valuation, 100)

    assert (legs[0].value, legs[0].fee) == (3600.0, 18.0)


def test_an_unpriced_currency_leaves_the_value_unknown() -> None:
    _, legs = round_trips(
        fills([("BUY", 2, 100, 1, "USDT")], "BTCUSDT.VALR"), Valuation("ZAR", [USDT], {}, prices([])), 100
    )

    assert math.isnan(legs[0].value)
    assert math.isnan(legs[0].fee)


def test_legs_say_whether_a_fill_enters_leaves_or_flips() -> None:
    rows: list[Row] = [
        (side, size, 100, 0, "ZAR") for side, size in [("BUY", 1), ("BUY", 1), ("SELL", 1), ("SELL", 3), ("BUY", 2)]
    ]

    _, legs = round_trips(fills(rows), Valuation("ZAR", [BTC], {}, prices([])), 100)

    assert [leg.role for leg in legs] == ["entry", "entry", "exit", "flip", "exit"]


def test_a_fill_of_an_unknown_instrument_is_refused_by_name() -> None:
    with pytest.raises(JournalError, match=r"DOGEZAR\.VALR"):
        round_trips(fills([("BUY", 1, 1, 0, "ZAR")], "DOGEZAR.VALR"), Valuation("ZAR", [BTC], {}, prices([])), 1)


def test_no_fills_make_an_empty_table() -> None:
    assert table(trips([]), TRADES).num_rows == 0


Step = tuple[str, int, int, int, str]
STEP = st.tuples(
    st.sampled_from(["BUY", "SELL"]),
    st.integers(1, 500),
    st.integers(1, 10_000),
    st.integers(-20, 50),
    st.sampled_from(["ZAR", "BTC"]),
)


@given(st.lists(STEP, max_size=25))
def test_the_nets_of_a_book_that_ends_flat_sum_to_its_change_in_cash(
    steps: list[Step],
) -> None:
    # Exact decimals, so that the ledger and the trips see the same numbers.
    rows: list[Row] = []
    cash, held = Decimal(0), Decimal(0)
    for side, size, price, fee, currency in steps:
        quantity = Decimal(size) / 1000
        paid = Decimal(fee) / 100 if currency == "ZAR" else Decimal(fee) / 100_000
        sign = 1 if side == "BUY" else -1
        cash -= sign * quantity * price + (paid if currency == "ZAR" else 0)
        held += sign * quantity - (paid if currency == "BTC" else 0)
        rows.append((side, float(quantity), float(price), float(paid), currency))
    if held:
        cash += held * 777
        rows.append(("SELL" if held > 0 else "BUY", float(abs(held)), 777.0, 0.0, "ZAR"))

    found = trips(rows)

    assert not any(trip.is_open for trip in found)
    assert math.fsum(trip.net for trip in found) == pytest.approx(float(cash), rel=1e-9, abs=1e-6)
    assert all(trip.net == pytest.approx(trip.gross - trip.fees) for trip in found)


@given(st.lists(STEP, max_size=25))
def test_gross_is_quantity_times_the_difference_of_the_average_prices(
    steps: list[Step],
) -> None:
    rows: list[Row] = [(side, size / 1000, float(price), 0.0, "ZAR") for side, size, price, _, _ in steps]

    for trip in trips(rows):
        if trip.exit_price is not None and not trip.is_open:
            sign = 1 if trip.side == "LONG" else -1
            assert trip.gross == pytest.approx(sign * trip.quantity * (trip.exit_price - trip.entry_price), abs=1e-6)
