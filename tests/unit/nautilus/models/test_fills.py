from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.nautilus.models.fills import Participation, Probabilistic
from helios_engine.nautilus.models.keyed import draw
from helios_engine.nautilus.models.queue import Queue
from helios_engine.nautilus.models.tape import Deal, FillModel, Resting, reach
from tests.unit.nautilus.models.tapes import BUY, deals, filled, orders, total

F = Fraction
shares = st.fractions(F(1, 100), 1, max_denominator=100)


def behind(trades: int) -> Queue:
    """A queue model that has seen what a typical deal is: seven."""
    model = Queue(F(trades), 1)
    model.deal(Deal(0, 1000, 7, ""), [])
    return model


MODELS = {
    "participation": lambda n: Participation(F(n) / 10, 1),
    "queue": lambda n: behind(10 - n),
    "probabilistic": lambda n: Probabilistic(n / 10, 7, 1),
}
"""Each model from its most pessimistic setting, 1, to its least, 10."""


def test_participation_takes_its_share_of_every_deal_that_reaches_the_price_and_no_more() -> None:
    tape = [
        Deal(1, 101, 50, "SELL"),  # above the price: nothing
        Deal(2, 100, 20, "BUY"),  # at the price, but buyers hit the other side: nothing
        Deal(3, 100, 20, "SELL"),  # a tenth of 20
        Deal(4, 99, 35, "BUY"),  # beyond the price, a tenth of 35, rounded down
        Deal(5, 100, 9, "SELL"),  # a tenth is less than one lot
        Deal(6, 98, 900, "SELL"),  # more than what is left
    ]

    assert filled(Participation(F("0.1"), 1), tape, BUY) == [{}, {}, {"mine": 2}, {"mine": 3}, {}, {"mine": 5}]


def test_participation_gives_whole_lots() -> None:
    assert filled(Participation(F("0.5"), 4), [Deal(1, 99, 15, "SELL")], BUY) == [{"mine": 4}]


def test_two_of_our_orders_share_the_share_the_better_price_first() -> None:
    better, worse = Resting("better", "BUY", 101, 3), Resting("worse", "BUY", 100, 9)

    assert filled(Participation(F("0.5"), 1), [Deal(1, 100, 10, "SELL")], better, worse) == [{"better": 3, "worse": 2}]


def test_probabilistic_fills_beyond_the_price_for_certain_and_at_the_price_by_its_draw() -> None:
    tape = [Deal(n, 100, 1, "SELL") for n in range(1, 11)] + [Deal(11, 99, 100, "BUY")]
    lucky = [n for n in range(1, 11) if draw(3, "fill", "mine", n) < 0.4]

    steps = filled(Probabilistic(0.4, 3, 1), tape, BUY)

    assert [n for n, step in enumerate(steps, 1) if step] == [*lucky, 11]
    assert lucky == [5, 6, 8]
    assert steps[10] == {"mine": 10 - len(lucky)}


def test_draws_are_uniform_and_depend_on_every_part_of_their_key() -> None:
    found = [draw(1, "fill", "a", n) for n in range(4000)]

    assert all(0 <= x < 1 for x in found)
    for tenth in range(10):
        assert 300 < sum(tenth <= 10 * x < tenth + 1 for x in found) < 500
    assert (
        len({draw(*key) for key in ((1, "a", 1), (2, "a", 1), (1, "b", 1), (1, "a", 2), (1, "a1"), (1, "a", 11))}) == 6
    )


@given(deals, orders, shares)
def test_participation_never_exceeds_its_share_of_a_deal(tape: list[Deal], order: Resting, share: Fraction) -> None:
    second = order._replace(id="second", leaves=7)

    for deal, step in zip(tape, filled(Participation(share, 1), tape, order, second), strict=True):
        assert sum(step.values()) <= deal.quantity * share


@given(st.sampled_from(sorted(MODELS)), st.integers(1, 10), deals, orders)
def test_nothing_is_filled_without_a_deal_at_or_through_the_price_nor_more_than_it(
    name: str, n: int, tape: list[Deal], order: Resting
) -> None:
    for deal, step in zip(tape, filled(MODELS[name](n), tape, order), strict=True):
        assert not step or reach(order, deal)
        assert sum(step.values()) <= deal.quantity


@given(st.sampled_from(sorted(MODELS)), st.integers(1, 10), st.integers(1, 10), deals, orders)
def test_stronger_pessimism_never_gives_more(name: str, a: int, b: int, tape: list[Deal], order: Resting) -> None:
    less, more = (filled(MODELS[name](n), tape, order) for n in sorted((a, b)))

    for until in range(len(tape) + 1):
        assert total(less[:until]) <= total(more[:until])


@given(st.sampled_from(sorted(MODELS)), deals, orders)
def test_no_model_is_kinder_than_getting_all_of_every_deal_at_the_price(
    name: str, tape: list[Deal], order: Resting
) -> None:
    all_of_it = total(filled(Participation(F(1), 1), tape, order))

    assert total(filled(MODELS[name](10), tape, order)) <= all_of_it
    assert all_of_it == min(order.leaves, sum(d.quantity for d in tape if reach(order, d)))


@given(st.sampled_from(sorted(MODELS)), st.integers(1, 10), deals, orders)
def test_an_order_at_another_price_on_the_other_side_changes_nothing(
    name: str, n: int, tape: list[Deal], order: Resting
) -> None:
    far = Resting("other", "SELL", 200, 5) if order.side == "BUY" else Resting("other", "BUY", 1, 5)

    alone, beside = filled(MODELS[name](n), tape, order), filled(MODELS[name](n), tape, far, order)

    assert alone == beside


@given(deals, orders, st.integers(0, 2**32))
def test_a_draw_is_the_same_beside_another_order_at_the_price(tape: list[Deal], order: Resting, seed: int) -> None:
    small = [d._replace(quantity=d.quantity + 100) for d in tape]  # enough for both: only draws decide
    later = order._replace(id="later", leaves=1)

    alone = filled(Probabilistic(0.5, seed, 1), small, order)
    beside = filled(Probabilistic(0.5, seed, 1), small, order, later)

    assert [step.get("mine", 0) for step in alone] == [step.get("mine", 0) for step in beside]


@pytest.mark.parametrize(
    ("side", "price", "taker", "how"),
    [
        ("BUY", 100, "SELL", "at"),
        ("BUY", 100, "", "at"),
        ("BUY", 100, "BUY", ""),
        ("BUY", 99, "BUY", "through"),
        ("BUY", 101, "SELL", ""),
        ("SELL", 100, "BUY", "at"),
        ("SELL", 100, "SELL", ""),
        ("SELL", 101, "", "through"),
        ("SELL", 99, "BUY", ""),
    ],
)
def test_what_a_deal_is_to_an_order(side: str, price: int, taker: str, how: str) -> None:
    assert reach(Resting("1", side, 100, 1), Deal(1, price, 1, taker)) == how  # type: ignore[arg-type]


def test_every_model_keeps_the_contract() -> None:
    made: list[FillModel] = [make(5) for make in MODELS.values()]

    assert [m.binds_takers for m in made] == [True, False, False]
