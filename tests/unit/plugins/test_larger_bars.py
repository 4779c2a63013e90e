"""Bars to larger bars, against the bars that trades give."""

from __future__ import annotations

import random

import pytest

from helios_aggregation.larger_bars import LargerBars
from helios_aggregation.time_bars import TimeBars
from helios_engine.bodies import Bar, DataIssue, Tick, Trade
from helios_engine.errors import DataError
from tests.unit.plugins.feeding import BTC, DAY, MINUTE, NAME, START, bar, feed, turn


def test_larger_bars_equal_those_built_from_the_trades() -> None:
    draw = random.Random(9)
    whole, larger = TimeBars(), LargerBars()
    found = feed(whole, [BTC])
    for ts in sorted([*(draw.randrange(START, START + DAY) for _ in range(3000)), START + DAY - 1]):
        found += turn(
            whole, Trade(NAME, ts, float(draw.randint(900, 1100)), draw.randrange(1, 10**9) / 1e8, "", ""), ts
        )
    found += turn(whole, Tick("1m", START + DAY), START + DAY)
    made = [b for b in found if isinstance(b, Bar)]

    again = feed(larger, [BTC, *(b for b in made if b.timeframe == "1m")])

    assert again == [b for b in made if b.timeframe != "1m"]


def test_a_missing_last_bar_is_waited_for_until_the_next_one() -> None:
    stage = LargerBars(("1m", "5m"))
    early = feed(stage, [BTC, *(bar(10.0 + n, n) for n in range(4))])

    found = turn(stage, bar(20.0, 7))

    assert early == []
    assert [(b.ts_open, b.ts_close, b.close) for b in found if isinstance(b, Bar)] == [
        (START, START + 5 * MINUTE, 13.0)
    ]


def test_a_bar_out_of_order_is_an_issue_and_changes_nothing() -> None:
    stage = LargerBars(("1m", "5m"))
    feed(stage, [BTC, bar(10.0, 0), bar(11.0, 1)])

    found = turn(stage, bar(99.0, 0))

    assert [i.kind for i in found if isinstance(i, DataIssue)] == ["late_bar"]


def test_bars_of_another_timeframe_are_left_alone() -> None:
    stage = LargerBars(("1m", "5m"))

    assert feed(stage, [BTC, *(bar(10.0, n, timeframe="1h") for n in range(10))]) == []


def test_a_bar_of_an_undefined_instrument_says_what_is_missing() -> None:
    with pytest.raises(DataError, match=r"expected the Instrument BTCZAR.VALR before its first bar"):
        turn(LargerBars(), bar(10.0))
