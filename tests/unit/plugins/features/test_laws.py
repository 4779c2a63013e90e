"""What holds of any bars: the same bits however they come, nothing that is no number, nothing of the future."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helios_aggregation.larger_bars import LargerBars
from helios_engine.bodies import Bar, Features
from helios_features.bar_row import CLOSE
from helios_features.series import Series
from helios_features.stage import FeatureStage, Kernel
from helios_features.technical import Technical
from tests.unit.plugins.features.markets import MIDNIGHT, MINUTE, columns, generated
from tests.unit.plugins.feeding import BTC, feed, turn

Columns = dict[str, np.ndarray]
STAGE = Technical(
    averages=(2, 5), highest=4, rsi=3, macd=(3, 5, 2), stochastic=(3, 2), roc=3, williams=4, atr=3, bollinger=5,
    volatility=4, volume=4, moments=6, anchor="1h", max_gap=7,
)  # fmt: skip
"""Short windows, so that few bars fill all of them."""
WIDTH = len(STAGE.schema.columns) // 3


def counted(settings: None, memory: np.ndarray, bars: np.ndarray, out: np.ndarray) -> None:
    """A feature set of one's own: which bar of its segment it is, and the close."""
    for bar, row in zip(bars, out, strict=True):
        memory[0] += 1
        row[:] = memory[0], bar[CLOSE]


OWN = FeatureStage(
    Kernel("own/1", lambda _: ("number", "close"), counted, lambda length: None, 1), ("1m", "5m", "15m"), 7
)
WILD = [float("nan"), float("inf"), -float("inf"), 0.0, -1.0, 1e-300, 1e300, 1e100, 1e-100, 1e99]


@st.composite
def markets(draw: st.DrawFn) -> Columns:
    """Bars with gaps, flat stretches, no volume, wild numbers, and here and there one that comes twice."""
    count = draw(st.integers(1, 150) | st.integers(300, 700))  # few bars, and enough for tiles of the kernel
    random = np.random.Generator(np.random.PCG64(draw(st.integers(0, 2**32))))
    scale = draw(st.sampled_from([0.0, 1e-12, 1e-3, 0.5]))
    moves = random.standard_normal(count) * scale * (random.random(count) < draw(st.sampled_from([1.0, 0.2])))
    close = draw(st.sampled_from([1e-90, 7.1, 1e6, 1e90])) * np.exp(np.cumsum(moves))
    opened = np.concatenate([close[:1], close[:-1]])
    steps = random.choice(np.array(draw(st.sampled_from([[1], [1, 1, 1, 2], [1, 6, 40], [0, 1, 1]]))), count)
    found = {
        "ts_open": MIDNIGHT + draw(st.integers(0, 70)) * MINUTE + np.cumsum(steps) * MINUTE,
        "open": opened,
        "high": np.maximum(opened, close),
        "low": np.minimum(opened, close),
        "close": close,
        "volume": random.random(count) * (random.random(count) < draw(st.sampled_from([1.0, 0.3, 0.0]))),
        "spread": np.where(random.random(count) < 0.5, random.random(count), np.nan),
        "depth": np.full(count, np.nan),
        "tick": random.choice(np.array([1.0, -1.0, np.nan]), count),
    }
    for _ in range(draw(st.integers(0, 4))):
        column = draw(st.sampled_from(["open", "high", "low", "close", "volume"]))
        found[column][draw(st.integers(0, count - 1))] = draw(st.sampled_from(WILD))
    return found


def part(bars: Columns, start: int, stop: int) -> Columns:
    return {name: column[start:stop] for name, column in bars.items()}


def one_by_one(series: Series, bars: Columns) -> np.ndarray:
    """Rows of the driver that takes one bar at a time."""
    numbers = (bars["ts_open"] // MINUTE).tolist()
    given = zip(numbers, *(bars[n].tolist() for n in list(bars)[1:]), strict=True)
    return np.array([series.row(*bar).copy() for bar in given]).reshape(len(numbers), 3 * WIDTH)


@settings(max_examples=150)
@given(markets(), st.lists(st.integers(0, 700), max_size=8), st.booleans())
def test_the_bits_do_not_depend_on_how_the_bars_are_cut(bars: Columns, cuts: list[int], by_bar: bool) -> None:
    whole = STAGE.fresh().table(bars)
    edges = [0, *sorted(min(c, len(whole)) for c in cuts), len(whole)]
    series = STAGE.fresh()

    found = []
    for number, (start, stop) in enumerate(pairwise(edges)):
        chunk = part(bars, start, stop)
        found.append(one_by_one(series, chunk) if by_bar and number % 2 else series.table(chunk))

    assert np.concatenate(found).tobytes() == whole.tobytes()


@settings(max_examples=100)
@given(markets())
def test_bar_by_bar_is_as_by_columns_and_nothing_is_infinite(bars: Columns) -> None:
    whole = STAGE.fresh().table(bars)

    assert one_by_one(STAGE.fresh(), bars).tobytes() == whole.tobytes()
    assert not np.isinf(whole).any()


@settings(max_examples=100)
@given(markets(), st.integers(0, 700))
def test_a_set_of_ones_own_gets_the_bars_and_segments_that_ours_gets(bars: Columns, cut: int) -> None:
    whole, series = OWN.fresh().table(bars), OWN.fresh()

    parts = np.concatenate([series.table(part(bars, 0, cut)), series.table(part(bars, cut, len(whole)))])

    assert parts.tobytes() == whole.tobytes()
    returns = STAGE.fresh().table(bars)[:, ::WIDTH]
    assert np.array_equal(np.isnan(returns), ~(whole[:, ::2] >= 2))


@settings(max_examples=100)
@given(markets(), st.integers(0, 699), st.integers(0, 2**32))
def test_a_row_does_not_depend_on_what_comes_after(bars: Columns, cut: int, seed: int) -> None:
    cut = min(cut, len(bars["close"]))
    draw = np.random.Generator(np.random.PCG64(seed))
    other = {
        n: c if n == "ts_open" else np.concatenate([c[:cut], draw.random(c.size - cut) * 9]) for n, c in bars.items()
    }

    assert STAGE.fresh().table(other)[:cut].tobytes() == STAGE.fresh().table(bars)[:cut].tobytes()


@settings(max_examples=100)
@given(markets(), st.integers(0, 699))
def test_restored_state_says_the_same(bars: Columns, cut: int) -> None:
    series, other = STAGE.fresh(), STAGE.fresh()
    series.table(part(bars, 0, cut))

    other.restore(series.state.tobytes())

    rest = part(bars, cut, len(bars["close"]))
    assert other.table(rest).tobytes() == series.table(rest).tobytes()


@pytest.mark.parametrize("wild", WILD[:7])
def test_a_bar_that_is_not_fit_for_use_is_as_if_it_were_missing(wild: float) -> None:
    bars = columns(generated(300, missing=0.0))
    struck = {**bars, "close": bars["close"].copy()}
    struck["close"][120] = wild

    found = STAGE.fresh().table(struck)

    without = {name: np.delete(column, 120) for name, column in bars.items()}
    assert np.isnan(found[120, :WIDTH]).all()
    assert np.delete(found, 120, axis=0).tobytes() == STAGE.fresh().table(without).tobytes()
    assert found[120, WIDTH:].tobytes() == found[119, WIDTH:].tobytes()


def test_after_a_gap_of_more_than_max_gap_bars_a_timeframe_begins_anew() -> None:
    bars = columns(generated(600, missing=0.0))
    apart = {name: np.concatenate([c[:300], c[308:]]) for name, c in bars.items()}
    near = {name: np.concatenate([c[:300], c[307:]]) for name, c in bars.items()}

    found, other = STAGE.fresh().table(apart), STAGE.fresh().table(near)

    afresh = STAGE.fresh().table(part(bars, 308, 600))
    anew = [n for n, c in enumerate(STAGE.schema.columns[:WIDTH]) if c != "1m_vwap_deviation"]
    assert found[300:, anew].tobytes() == afresh[:, anew].tobytes()
    assert np.isnan(found[300, 0])
    assert np.isfinite(other[300, 0])
    assert np.isfinite(found[300, WIDTH])  # the five-minute bars have no such gap


def test_one_huge_price_leaves_no_trace_in_any_window() -> None:
    calm = columns(generated(400, missing=0.0))
    shocked = {name: column.copy() for name, column in calm.items()}
    for name in ("open", "high", "low", "close"):
        shocked[name][50] = 1e95
    windows = [n for n, c in enumerate(STAGE.schema.columns) if not any(w in c for w in ("ema", "rsi", "macd", "atr"))]

    found, expected = STAGE.fresh().table(shocked), STAGE.fresh().table(calm)

    assert found[250:, windows].tobytes() == expected[250:, windows].tobytes()


@pytest.mark.parametrize(("larger", "minutes"), [("5m", 5), ("15m", 15)])
def test_larger_timeframes_are_those_of_the_bars_of_aggregation_once_they_have_closed(
    larger: str, minutes: int
) -> None:
    frame = generated(900, missing=0.1)
    given_bars = [
        Bar(BTC.instrument, "1m", ts, ts + MINUTE, *values) for ts, *values in frame.itertuples(index=False, name=None)
    ]
    cascade, stage = LargerBars(("1m", larger)), Technical(timeframes=("1m", larger))
    alone = Technical(timeframes=(larger,))
    turn(cascade, BTC)
    last: Any = np.full(30, np.nan)

    for bar in given_bars:
        for closed in feed(cascade, [bar]):
            assert isinstance(closed, Bar)
            assert closed.ts_close <= bar.ts_close
            (row,) = feed(alone, [closed])
            assert isinstance(row, Features)
            last = row.array
        (found,) = feed(stage, [bar])
        assert isinstance(found, Features)
        np.testing.assert_allclose(found.array[30:], last, rtol=1e-9, atol=1e-12)
    assert np.isfinite(last).sum() > 20


def test_a_table_of_no_bars_is_empty() -> None:
    bars = columns(generated(10))

    assert STAGE.fresh().table(part(bars, 0, 0)).shape == (0, 3 * WIDTH)
