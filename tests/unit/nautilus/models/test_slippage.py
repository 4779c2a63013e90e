from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.nautilus.models.impact import HOUR, Constants, Day, SqrtImpact
from helios_engine.nautilus.models.slippage import HalfSpread, Ticks
from helios_engine.nautilus.models.tape import DIGITS, Deal

ONE = 10**DIGITS
prices, quantities = st.integers(1, 10**7).map(lambda n: n * ONE), st.integers(1, 10**6).map(lambda n: n * ONE // 1000)


def hourly(day: Day | SqrtImpact, closes: list[int], volume: int, first: int = 0) -> None:
    """Two deals in each hour: the last at the close."""
    for hour, close in enumerate(closes, first):
        day.deal(hour * HOUR, Deal(1, 1 * ONE, volume * ONE // 2, ""))
        day.deal(hour * HOUR + HOUR - 1, Deal(2, close * ONE, volume * ONE - volume * ONE // 2, ""))


def test_a_days_volatility_and_volume_are_of_the_full_hours_before_now() -> None:
    day = Day()
    hourly(day, [500, 100, 110, 99], volume=6)  # the first hour may have begun before the data
    day.deal(4 * HOUR, Deal(9, 7 * ONE, 10**9 * ONE, ""))  # an hour that has only begun says nothing yet

    known = day.known()

    assert known is not None
    assert known.sigma == pytest.approx(math.sqrt(24 * (0.1**2 + 0.1**2) / 2), rel=1e-12)
    assert known.volume == 24 * 6 * ONE


def test_quiet_hours_count_and_hours_older_than_a_day_do_not() -> None:
    day = Day()
    hourly(day, [1, 1, 1000, 100], volume=9999)
    hourly(day, [100, 100, 100], volume=24, first=30)  # 26 quiet hours between

    known = day.known()

    assert known is not None
    assert known.sigma == 0
    assert known.volume == 2 * 24 * ONE  # of the hours 8 to 31, the last two had 24 each


def test_before_two_full_hours_nothing_is_known() -> None:
    impact = SqrtImpact(1.0, ONE)
    hourly(impact, [100, 100, 100], volume=1)
    assert impact.missing().startswith("NO_IMPACT_YET")

    hourly(impact, [100], volume=1, first=3)
    assert impact.missing() == ""


def test_the_impact_is_the_square_root_law_up_to_whole_ticks() -> None:
    impact = SqrtImpact(0.8, ONE, Constants(sigma=0.03, volume=400.0))

    assert impact.cost(1000 * ONE, ONE) == 2 * ONE  # 1000 * 0.8 * 0.03 * sqrt(1/400) = 1.2
    assert impact.cost(1000 * ONE, 100 * ONE) == 12 * ONE  # a hundred times the quantity, ten times the cost


def test_half_a_spread_is_added_only_where_the_data_has_no_quotes() -> None:
    slips = HalfSpread(Fraction(5), ONE // 100)

    assert slips.cost(1900 * ONE, ONE) == 95 * ONE // 100
    assert slips.cost(1901 * ONE, ONE) == 96 * ONE // 100  # 0.9505 up
    slips.quoted()
    assert slips.cost(1900 * ONE, ONE) == 0


MODELS: list[Any] = [
    lambda n: Ticks(n, ONE // 100),
    lambda n: HalfSpread(Fraction(n, 3), ONE // 100),
    lambda n: SqrtImpact(n / 10, ONE // 100, Constants(0.04, 1000.0)),
]


@given(st.sampled_from(MODELS), st.integers(1, 50), st.integers(1, 50), prices, quantities)
def test_a_cost_is_whole_ticks_and_stronger_pessimism_never_costs_less(
    make: Any, a: int, b: int, price: int, quantity: int
) -> None:
    less, more = (make(n).cost(price, quantity) for n in sorted((a, b)))

    assert 0 < less <= more
    assert less % (ONE // 100) == more % (ONE // 100) == 0


@given(st.sampled_from(MODELS), prices, quantities, quantities)
def test_more_quantity_never_costs_less_a_unit(make: Any, price: int, a: int, b: int) -> None:
    small, large = sorted((a, b))

    assert make(5).cost(price, small) <= make(5).cost(price, large)


@given(
    st.lists(st.tuples(st.integers(0, 5 * HOUR), st.integers(1, 1000), st.integers(1, 1000)), max_size=60), st.data()
)
def test_what_is_known_of_a_day_does_not_depend_on_what_comes_after(rows: list[Any], data: st.DataObject) -> None:
    tape, ts = [], HOUR
    for step, price, quantity in rows:
        ts += step
        tape.append((ts, Deal(1, price * ONE, quantity * ONE, "")))
    cut = data.draw(st.integers(0, len(tape)))
    whole, part = SqrtImpact(1.0, ONE), SqrtImpact(1.0, ONE)

    for at, deal in tape[:cut]:
        part.deal(at, deal)
    told = part.missing(), part.cost(500 * ONE, ONE)
    for at, deal in tape[:cut]:
        whole.deal(at, deal)
    then = whole.missing(), whole.cost(500 * ONE, ONE)
    for at, deal in tape[cut:]:
        whole.deal(at, deal)

    assert told == then
