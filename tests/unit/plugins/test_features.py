"""Features against TA-Lib, published tables and arithmetic by hand."""

from __future__ import annotations

import numpy as np
import pytest
import talib

from helios_engine import state
from helios_engine.bodies import Bar, Features
from helios_features.basic import Basic, schema_of
from tests.unit.plugins.feeding import bar, bars, feed, walk

# StockCharts ChartSchool, "Relative Strength Index (RSI)", worksheet cs-rsi: QQQQ closes and RSI(14).
STOCKCHARTS = """
    44.3389 44.0902 44.1497 43.6124 44.3278 44.8264 45.0955 45.4245 45.8433 46.0826 45.8931 46.0328 45.6140 46.2820
    46.2820 46.0028 46.0328 46.4116 46.2222 45.6439 46.2122 46.2521 45.7137 46.4515 45.7835 45.3548 44.0288 44.1783
    44.2181 44.5672 43.4205 42.6628 43.1314"""
STOCKCHARTS_RSI = """
    70.53 66.32 66.55 69.41 66.36 57.97 62.93 63.26 56.06 62.38 54.71 50.42 39.99 41.46 41.87 45.46 37.30 33.08 37.77"""
# Tulip Indicators, tests/untest.txt: closes of 15 bars, sma 5 and rsi 5 at the ends of their ranges.
TULIP = "81.59 81.06 82.87 83.00 83.61 83.15 82.84 83.99 84.55 84.36 85.53 86.54 86.89 87.77 87.29"


def numbers(text: str) -> list[float]:
    return [float(word) for word in text.split()]


def table(stage: Basic, given: list[Bar]) -> dict[str, np.ndarray]:
    """Each column over the bars, NaN where masked."""
    rows = [row.array for row in feed(stage, given) if isinstance(row, Features)]
    return dict(zip(stage.schema.columns, np.array(rows).T, strict=True))


def test_rsi_equals_the_stockcharts_worksheet() -> None:
    found = table(Basic(), bars(*numbers(STOCKCHARTS)))["rsi_14"]

    assert np.isnan(found[:14]).all()
    assert found[14:] == pytest.approx(numbers(STOCKCHARTS_RSI), abs=0.005)


def test_sma_and_rsi_equal_the_tulip_vectors() -> None:
    closes = numbers(TULIP)

    found = table(Basic(averages=(5,), rsi=5), bars(*closes))

    assert closes[-1] / (found["sma_5"][-1] + 1) == pytest.approx(86.804, abs=0.0005)
    assert closes[4] / (found["sma_5"][4] + 1) == pytest.approx(82.426, abs=0.0005)
    assert found["rsi_5"][[5, -1]] == pytest.approx([72.034, 78.498], abs=0.0005)


@pytest.mark.parametrize("seed", range(5))
def test_every_column_equals_talib(seed: int) -> None:
    given = walk(400, seed)
    close, high, low = (np.array([getattr(b, f) for b in given]) for f in ("close", "high", "low"))

    found = table(Basic(), given)

    expected = {
        "return_1": talib.ROCP(close, 1),
        **{f"sma_{n}": close / talib.SMA(close, n) - 1 for n in (10, 20, 50)},
        **{f"ema_{n}": close / talib.EMA(close, n) - 1 for n in (10, 20, 50)},
        "rsi_14": talib.RSI(close, 14),
        "atr_14": talib.ATR(high, low, close, 14) / close,
    }
    assert list(found) == list(expected)
    for name, column in expected.items():
        np.testing.assert_allclose(found[name], column, rtol=1e-9, atol=1e-12, err_msg=name)


def test_what_is_not_warm_is_masked_and_never_zero() -> None:
    rows = [row for row in feed(Basic(), walk(50)) if isinstance(row, Features)]

    assert rows[0].mask == bytes(9)
    assert [row.is_complete for row in rows] == [False] * 49 + [True]
    assert all(np.isnan(rows[5].array[i]) for i, there in enumerate(rows[5].mask) if not there)


def test_rsi_is_100_without_a_loss_and_50_without_a_change() -> None:
    rising = table(Basic(), bars(*range(1, 21)))["rsi_14"]
    flat = table(Basic(), bars(*[7.0] * 20))["rsi_14"]

    assert (rising[-1], flat[-1]) == (100.0, 50.0)


def test_a_wild_price_leaves_no_trace_in_the_simple_averages() -> None:
    calm = walk(200)

    after_shock = table(Basic(), [bar(1e15), *calm])["sma_50"][-100:]

    assert after_shock.tolist() == table(Basic(), calm)["sma_50"][-100:].tolist()


def test_rows_do_not_depend_on_what_comes_after() -> None:
    given = walk(120)

    assert feed(Basic(), given[:70]) == feed(Basic(), given)[:70]


def test_instruments_and_timeframes_have_memories_of_their_own() -> None:
    stage = Basic()
    one, two = bars(10.0, 11.0), bars(20.0, 30.0, timeframe="5m")

    rows = [r for pair in zip(one, two, strict=True) for r in feed(stage, list(pair)) if isinstance(r, Features)]

    assert [row.array[0] for row in rows[2:]] == pytest.approx([0.1, 0.5])


def test_other_periods_have_another_schema_name() -> None:
    names = {schema_of().name, Basic(averages=(5, 9)).schema.name, Basic(rsi=7).schema.name, Basic(atr=7).schema.name}

    assert len(names) == 4
    assert Basic().schema.name == "basic/1"


@pytest.mark.parametrize(
    "settings", [{"averages": ()}, {"averages": (0,)}, {"averages": (5, 5)}, {"rsi": 0}, {"atr": -1}]
)
def test_periods_that_make_no_sense_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Basic(**settings)  # type: ignore[arg-type]


def test_saved_and_restored_in_the_middle_it_says_the_same() -> None:
    given = walk(120)
    first, second = Basic(), Basic()
    expected = feed(Basic(), given)

    found = feed(first, given[:30])
    state.load(second, state.dump(first))

    assert found + feed(second, given[30:]) == expected
