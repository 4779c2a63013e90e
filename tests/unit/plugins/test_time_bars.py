"""Trades to bars, against polars and by hand."""

from __future__ import annotations

import functools
import operator
import random
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helios_aggregation.series import Series, Trades
from helios_aggregation.time_bars import TimeBars
from helios_engine import state
from helios_engine.bodies import Bar, DataIssue, Instrument, Tick, Trade
from helios_engine.errors import DataError
from helios_engine.events import Body
from helios_engine.timeframe import timeframe_ns
from tests.unit.plugins.feeding import BTC, DAY, MINUTE, NAME, START, turn

FRAMES = ("1m", "5m", "15m", "1h", "4h", "1d")
NOBODY = Trades(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64))


def trade(ts: int, price: float, quantity: float = 1.0, name: str = NAME) -> Trade:
    return Trade(name, ts, price, quantity, "BUY", str(ts))


def run(trades: list[Trade], stage: TimeBars, stop: int) -> list[Body]:
    """Trades at their event time and a tick at each minute after them, as a run has it."""
    found = turn(stage, BTC, START)
    boundary = START + MINUTE
    for one in trades:
        while boundary < one.ts_event:
            found += turn(stage, Tick("1m", boundary), boundary)
            boundary += MINUTE
        found += turn(stage, one, one.ts_event)
    while boundary <= stop:
        found += turn(stage, Tick("1m", boundary), boundary)
        boundary += MINUTE
    return found


def resampled(trades: list[Trade], timeframe: str, stop: int) -> list[tuple[object, ...]]:
    """The same bars by polars: integer units for the volume, buckets closed on the left."""
    length = timeframe_ns(timeframe)
    table = pl.DataFrame(
        {
            "ts": [t.ts_event for t in trades],
            "price": [t.price for t in trades],
            "units": [int(Decimal(repr(t.quantity)) * 10**8) for t in trades],
        }
    )
    grouped = (
        table.with_columns(pl.from_epoch("ts", time_unit="ns").alias("time"))
        .group_by_dynamic("time", every=timeframe, closed="left", label="left")
        .agg(
            pl.col("price").first().alias("open"),
            pl.col("price").max().alias("high"),
            pl.col("price").min().alias("low"),
            pl.col("price").last().alias("close"),
            pl.col("units").sum(),
        )
        .with_columns(pl.col("time").dt.epoch("ns").alias("start"))
    )
    rows = grouped.select("start", "open", "high", "low", "close", "units").rows()
    return [row for row in rows if row[0] + length <= stop]


def measured(found: list[Body], timeframe: str) -> list[tuple[object, ...]]:
    return [
        (b.ts_open, b.open, b.high, b.low, b.close, round(b.volume * 10**8))
        for b in found
        if isinstance(b, Bar) and b.timeframe == timeframe
    ]


@st.composite
def markets(draw: st.DrawFn) -> list[Trade]:
    """Trades in order of time, with many at one time and many on a boundary."""
    steps = draw(
        st.lists(
            st.one_of(st.just(0), st.just(MINUTE), st.integers(1, 3 * MINUTE), st.sampled_from([5, 15, 60, 240])),
            min_size=1,
            max_size=30,
        )
    )
    ts, found = START, []
    for step in steps:
        ts = ts + step if step == 0 or step > 1000 else ts - ts % MINUTE + step * MINUTE
        price = draw(st.integers(900, 1100))
        quantity = draw(st.integers(1, 10**12)) / 10**8
        found.append(trade(ts, float(price), quantity))
    return found


@given(markets())
@settings(max_examples=100, deadline=None)
def test_bars_of_all_timeframes_equal_a_resampling_of_the_trades(trades: list[Trade]) -> None:
    stop = (trades[-1].ts_event // DAY + 1) * DAY

    found = run(trades, TimeBars(), stop)

    assert {f: measured(found, f) for f in FRAMES} == {f: resampled(trades, f, stop) for f in FRAMES}


def test_a_day_of_random_trades_equals_a_resampling() -> None:
    draw = random.Random(3)
    times = sorted(draw.randrange(START, START + DAY) // 1000 * 1000 for _ in range(5000))
    trades = [trade(ts, float(draw.randint(900, 1100)), draw.randrange(1, 10**9) / 10**8) for ts in times]

    found = run(trades, TimeBars(), START + DAY)

    assert {f: measured(found, f) for f in FRAMES} == {f: resampled(trades, f, START + DAY) for f in FRAMES}


def test_the_smallest_timeframe_comes_first() -> None:
    found = run([trade(START, 10.0), trade(START + DAY - 1, 11.0)], TimeBars(), START + DAY)

    assert [b.timeframe for b in found[-6:] if isinstance(b, Bar)] == list(FRAMES)


def test_a_trade_at_the_boundary_closes_the_bar_and_belongs_to_the_next() -> None:
    stage = TimeBars(timeframes=("1m",))
    turn(stage, BTC)
    turn(stage, trade(START, 10.0), START)

    found = turn(stage, trade(START + MINUTE, 20.0), START + MINUTE)

    assert found == [Bar(NAME, "1m", START, START + MINUTE, 10.0, 10.0, 10.0, 10.0, 1.0)]


def test_with_grace_only_the_tick_closes_a_bar() -> None:
    stage = TimeBars(timeframes=("1m",), grace="2s")
    turn(stage, BTC)
    turn(stage, trade(START, 10.0), START)
    early = turn(stage, trade(START + MINUTE, 20.0), START + MINUTE)
    early += turn(stage, trade(START + MINUTE - 1, 30.0), START + MINUTE + 1)

    found = turn(stage, Tick("1m", START + MINUTE), START + MINUTE + 2 * 10**9)

    assert early == []
    assert found == [Bar(NAME, "1m", START, START + MINUTE, 10.0, 30.0, 10.0, 30.0, 2.0)]


def test_a_late_trade_is_an_issue_and_changes_no_bar() -> None:
    stage = TimeBars(timeframes=("1m", "5m"))
    found = run([trade(START, 10.0)], stage, START + MINUTE)

    found += turn(stage, trade(START + 1, 99.0), START + MINUTE + 5)
    found += turn(stage, trade(START + 2, 98.0), START + MINUTE + 6)
    found += turn(stage, Tick("1m", START + 5 * MINUTE), START + 5 * MINUTE)

    assert [b.high for b in found if isinstance(b, Bar)] == [10.0, 10.0]
    assert [(i.kind, i.ts_from, i.detail.partition("; ")[2]) for i in found if isinstance(i, DataIssue)] == [
        ("late_trade", START + 1, "number 1 of this instrument"),
        ("late_trade", START + 2, "number 2 of this instrument"),
    ]


@pytest.mark.parametrize("listed_first", [True, False])
def test_a_trade_dated_before_a_tick_is_late_even_for_an_instrument_that_never_traded(listed_first: bool) -> None:
    stage = TimeBars(timeframes=("1m",))
    tick = Tick("1m", START + MINUTE)
    for body in (BTC, tick) if listed_first else (tick, BTC):
        turn(stage, body, START + MINUTE)

    found = turn(stage, trade(START, 10.0), START + MINUTE + 1)

    assert [type(b) for b in found] == [DataIssue]


def test_a_venue_clock_that_runs_ahead_closes_no_bar_before_its_time() -> None:
    stage = TimeBars(timeframes=("1m",))
    turn(stage, BTC)
    turn(stage, trade(START, 10.0), START)

    ahead = turn(stage, trade(START + MINUTE, 20.0), START + MINUTE - 5)
    behind = turn(stage, trade(START + MINUTE - 4, 11.0), START + MINUTE - 4)
    closed = turn(stage, trade(START + MINUTE + 1, 21.0), START + MINUTE + 1)

    assert (ahead, behind) == ([], [])
    assert closed == [Bar(NAME, "1m", START, START + MINUTE, 10.0, 11.0, 10.0, 11.0, 2.0)]


def test_a_bucket_without_trades_gives_no_bar() -> None:
    found = run([trade(START, 10.0), trade(START + 10 * MINUTE, 11.0)], TimeBars(("1m",)), START + 20 * MINUTE)

    assert [b.ts_open for b in found if isinstance(b, Bar)] == [START, START + 10 * MINUTE]


def test_an_unfinished_bar_is_never_emitted() -> None:
    found = run([trade(START, 10.0)], TimeBars(("1m", "5m")), START + 4 * MINUTE)

    assert [b.timeframe for b in found if isinstance(b, Bar)] == ["1m"]


def test_volumes_are_exact_sums_where_floats_would_not_be() -> None:
    trades = [trade(START + i, 10.0, 0.1) for i in range(10)]

    found = run(trades, TimeBars(("1m",)), START + MINUTE)

    assert [b.volume for b in found if isinstance(b, Bar)] == [1.0]
    # Not `sum`: from Python 3.12 on it corrects itself.
    assert functools.reduce(operator.add, (t.quantity for t in trades)) != 1.0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 2**62 - 1) | st.integers(2**61, 2**62 - 1), min_size=1, max_size=60), st.integers(0, 60))
def test_volumes_that_run_over_in_one_call_are_exact(units: list[int], cut: int) -> None:
    series, none = Series(NAME, ("1m", "5m"), 0), np.zeros(0, np.int64)

    for part in (units[:cut], units[cut:]):
        ts = np.full(len(part), START, np.int64)
        given_trades = Trades(ts, ts, np.ones(len(part)), np.array(part, np.int64))
        assert list(series.trades(True, given_trades, none, none)) == []
    ends = np.array([START + DAY])
    said = list(series.trades(True, NOBODY, np.zeros(1, np.int64), ends))

    volumes = [(int(high) << 60) + int(low) for one in said for high, low in zip(one.high, one.low, strict=True)]
    assert volumes == [sum(units), sum(units)]


def test_a_finer_size_scale_in_the_middle_of_a_bar_keeps_its_volume() -> None:
    stage = TimeBars(("1m", "5m"))
    coarse = Instrument(NAME, "BTC", "ZAR", 0, 1, tick=Decimal(1), lot=Decimal("0.1"))
    turn(stage, coarse)
    turn(stage, trade(START, 10.0, 0.5), START)
    turn(stage, trade(START + MINUTE, 10.0, 0.5), START + MINUTE)
    turn(stage, BTC)
    turn(stage, trade(START + MINUTE + 1, 10.0, 0.00000001), START + MINUTE + 1)

    found = turn(stage, Tick("1m", START + 5 * MINUTE), START + 5 * MINUTE)

    assert [b.volume for b in found if isinstance(b, Bar)] == [0.50000001, 1.00000001]


def test_instruments_do_not_mix() -> None:
    stage = TimeBars(("1m",))
    other = Instrument("ETHZAR.VALR", "ETH", "ZAR", 0, 8, tick=Decimal(1), lot=Decimal(1))
    for body in (BTC, other, trade(START, 10.0), trade(START, 20.0, 3.0, "ETHZAR.VALR")):
        turn(stage, body, START)

    found = turn(stage, Tick("1m", START + MINUTE), START + MINUTE)

    assert [(b.instrument, b.close, b.volume) for b in found if isinstance(b, Bar)] == [
        (NAME, 10.0, 1.0),
        ("ETHZAR.VALR", 20.0, 3.0),
    ]


def test_a_trade_of_an_undefined_instrument_says_what_is_missing() -> None:
    with pytest.raises(DataError, match=r"expected the Instrument BTCZAR.VALR before its first trade"):
        turn(TimeBars(), trade(START, 10.0))


@pytest.mark.parametrize("frames", [(), ("5m", "1m"), ("1m", "1m"), ("15m", "20m"), ("7m",)])
def test_timeframes_that_do_not_nest_are_refused(frames: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="expected"):
        TimeBars(frames)


def test_saved_and_restored_in_the_middle_it_says_the_same() -> None:
    draw = random.Random(5)
    times = sorted(draw.randrange(START, START + 60 * MINUTE) for _ in range(200))
    trades = [trade(ts, float(draw.randint(900, 1100)), draw.randrange(1, 10**9) / 10**8) for ts in times]
    whole, first, second = TimeBars(), TimeBars(), TimeBars()
    expected = run(trades, whole, START + 60 * MINUTE)

    found = turn(first, BTC)
    for one in trades[:100]:
        found += turn(first, one, one.ts_event)
    state.load(second, state.dump(first))
    for one in trades[100:]:
        found += turn(second, one, one.ts_event)
    found += turn(second, Tick("1m", START + 60 * MINUTE), START + 60 * MINUTE)

    assert found == expected
