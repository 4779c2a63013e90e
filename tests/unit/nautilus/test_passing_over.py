"""What is passed over leaves the same memory and marks as what is handed out one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.block_making import rows_of
from helios_engine.bodies import Quote, Trade
from helios_engine.ledger import Ledger
from helios_engine.marks import Marks
from helios_engine.nautilus.memory import Memory, telling
from helios_engine.timeline import Passed

NAME = "BTCZAR.VALR"
trades = st.lists(
    st.builds(
        lambda price, size, side: Trade(NAME, 1, price / 8, size / 1000, side, ""),
        *(st.integers(1, 40), st.integers(1, 10**6), st.sampled_from(["BUY", "SELL", "SELL", ""])),
    ),
    min_size=1,
    max_size=30,
)


def passed(given_: list[Trade]) -> Passed:
    times = np.arange(1, len(given_) + 1)
    return Passed(rows_of(given_, times, times), 0, len(given_))


@given(trades, trades, st.booleans())
def test_the_telling_rows_leave_the_memory_of_all(before: list[Trade], then: list[Trade], quoted: bool) -> None:
    whole, sparse = Memory(), Memory()
    for memory in (whole, sparse):
        for body in before:
            memory.add(body)
        if quoted:
            memory.add(Quote(NAME, 1, 1.0, 2.0, 1.0, 1.0))
    for body in then:
        whole.add(body)
    rows = passed(then)
    for n in telling(rows):
        sparse.add(then[n])

    assert sparse.take() == whole.take()


@given(trades, trades)
def test_prices_and_volumes_are_those_of_each_trade_in_turn(before: list[Trade], then: list[Trade]) -> None:
    one, two = (Marks(Ledger("ZAR", {}, {})) for _ in range(2))
    for marks in (one, two):
        for body in before:
            marks.hears()[Trade](1, body)
    for body in then:
        one.hears()[Trade](1, body)
    two.pass_over(passed(then))

    assert one.volumes == two.volumes
    assert one._prices == two._prices
