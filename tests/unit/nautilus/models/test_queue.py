from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from helios_engine.nautilus.models.queue import Queue
from helios_engine.nautilus.models.tape import Deal, Depth, Resting, reach
from tests.unit.nautilus.models.tapes import BUY, deals, filled, orders

F = Fraction


def book(*levels: tuple[int, int]) -> list[Depth]:
    return [Depth("BUY", price, quantity) for price, quantity in levels]


def test_the_queue_ahead_trades_first_and_what_the_deal_has_left_is_ours() -> None:
    model = Queue(F(10), 1)
    model.book(book((101, 5), (100, 30), (99, 8)), is_whole=True)
    tape = [
        Deal(1, 100, 12, "SELL"),  # 18 ahead
        Deal(2, 100, 50, "BUY"),  # buyers hit the other side
        Deal(3, 100, 14, "SELL"),  # 4 ahead
        Deal(4, 100, 6, "SELL"),  # 4 to those ahead, 2 to us
        Deal(5, 100, 3, "SELL"),  # all to us
        Deal(6, 99, 2, "SELL"),  # beyond: what was dealt there would have come to us
    ]

    assert filled(model, tape, BUY) == [{}, {}, {}, {"mine": 2}, {"mine": 3}, {"mine": 2}]


def test_cancels_leave_the_queue_ahead_and_behind_evenly() -> None:
    model = Queue(F(10), 1)
    model.book(book((100, 40)), is_whole=True)
    model.rest([BUY])

    model.book(book((100, 60)), is_whole=False)  # 20 join behind
    assert model.ahead("mine") == 40
    model.book(book((100, 45)), is_whole=False)  # 15 of 60 go: 10 of the 40 ahead
    assert model.ahead("mine") == 30
    model.deal(Deal(1, 100, 10, "SELL"), [BUY])  # 20 ahead
    model.book(book((100, 35)), is_whole=False)  # the deal, seen in the book: no cancel
    assert model.ahead("mine") == 20
    model.book(book((100, 7)), is_whole=False)  # 28 of 35 go: 16 of the 20 ahead
    assert model.ahead("mine") == 4
    model.book(book((100, 0)), is_whole=False)
    assert model.ahead("mine") == 0


def test_a_price_between_the_levels_is_first_and_one_behind_the_last_level_is_a_guess() -> None:
    model = Queue(F(10), 1)
    for number, quantity in enumerate((1, 3, 200), 1):
        model.deal(Deal(number, 105, quantity, "BUY"), [])
    model.book(book((102, 5), (98, 30)), is_whole=True)

    model.rest([BUY, Resting("deep", "BUY", 90, 10)])

    assert model.ahead("mine") == 0
    assert model.ahead("deep") == 30  # ten times the median of 1, 3 and 200


def test_on_trades_alone_as_many_typical_deals_are_ahead_as_stated() -> None:
    model = Queue(F("2.5"), 1)
    for number, quantity in enumerate((4, 2, 9), 1):
        model.deal(Deal(number, 105, quantity, "BUY"), [])

    assert filled(model, [Deal(4, 100, 9, "SELL"), Deal(5, 100, 9, "SELL")], BUY) == [{}, {"mine": 8}]


def test_a_quote_says_the_size_of_the_best_level_only() -> None:
    model = Queue(F(10), 1)
    model.deal(Deal(1, 105, 2, "BUY"), [])
    ask = Depth("SELL", 110, 1)
    model.rest([BUY])
    assert model.ahead("mine") == 20

    model.quote(Depth("BUY", 102, 50), ask)
    assert model.ahead("mine") == 20
    model.quote(Depth("BUY", 100, 15), ask)  # never more ahead than the level holds
    assert model.ahead("mine") == 15
    model.quote(Depth("BUY", 99, 50), ask)  # nobody else is at 100 any more
    assert model.ahead("mine") == 0


def test_a_new_price_or_more_quantity_goes_to_the_end_of_the_queue_and_less_keeps_its_place() -> None:
    model = Queue(F(10), 1)
    model.book(book((101, 7), (100, 30)), is_whole=True)
    model.rest([BUY])
    model.deal(Deal(1, 100, 20, "SELL"), [BUY])

    model.rest([BUY._replace(leaves=4)])
    assert model.ahead("mine") == 10
    model.rest([BUY._replace(leaves=5)])
    assert model.ahead("mine") == 30
    model.rest([BUY._replace(price=101, leaves=5)])
    assert model.ahead("mine") == 7


@given(deals, orders, st.integers(0, 200))
def test_nothing_is_filled_at_the_price_before_the_size_ahead_has_traded(
    tape: list[Deal], order: Resting, size: int
) -> None:
    model = Queue(F(10), 1)
    beside = -1 if order.side == "BUY" else 1
    model.book([Depth(order.side, order.price, size), Depth(order.side, order.price + beside, 1)], is_whole=True)

    traded = 0
    for deal, step in zip(tape, filled(model, tape, order), strict=True):
        how = reach(order, deal)
        if how == "through":
            return
        traded += deal.quantity if how == "at" else 0
        assert sum(step.values()) <= max(0, traded - size)


changes = st.lists(st.one_of(st.integers(0, 60), st.tuples(st.integers(1, 20))), max_size=40)


@given(changes, st.integers(0, 60))
def test_never_more_is_ahead_than_the_level_holds_and_it_never_grows(steps: list[int | tuple[int]], size: int) -> None:
    model = Queue(F(10), 1)
    model.book(book((100, size), (99, 1)), is_whole=True)
    order = BUY._replace(leaves=10**6)
    model.rest([order])
    before = model.ahead("mine")
    for number, step in enumerate(steps, 1):
        if isinstance(step, int):
            model.book(book((100, step)), is_whole=False)
            assert model.ahead("mine") <= step
        else:
            model.deal(Deal(number, 100, step[0], "SELL"), [order])
        assert 0 <= model.ahead("mine") <= before
        before = model.ahead("mine")
