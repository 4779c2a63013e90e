"""Bars from a vendor's trades against the bars the vendor made of them (freqtrade's test data)."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import talib

from helios_aggregation.time_bars import TimeBars
from helios_engine.bodies import Bar, Features, Instrument, Trade
from helios_engine.events import Body
from helios_features.basic import Basic
from tests.unit.plugins.feeding import feed, turn

ROOT = Path(os.environ.get("HELIOS_REAL_DATA", "missing")) / "freqtrade_testdata"
NAME = "XRPETH.BINANCE"
pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif("HELIOS_REAL_DATA" not in os.environ, reason="HELIOS_REAL_DATA is not set"),
]


@pytest.fixture(scope="module")
def built() -> list[Body]:
    """Everything said to two days of trades, ties in the vendor's order."""
    stage = TimeBars(("1m", "5m"))
    found = turn(stage, Instrument(NAME, "XRP", "ETH", 8, 8, tick=Decimal("0.00000001"), lot=Decimal(1)))
    trades = pd.read_feather(ROOT / "XRP_ETH-trades.feather")
    columns = [trades[name].tolist() for name in ("timestamp", "price", "amount", "side", "id")]
    for milliseconds, price, amount, side, number in zip(*columns, strict=True):
        ts = milliseconds * 10**6
        found += turn(stage, Trade(NAME, ts, price, amount, side.upper(), number), ts)
    return found


@pytest.mark.parametrize("timeframe", ["1m", "5m"])
def test_bars_built_from_the_trades_are_the_vendors(built: list[Body], timeframe: str) -> None:
    vendor = pd.read_feather(ROOT / f"XRP_ETH-{timeframe}.feather")
    vendor = vendor[vendor["volume"] > 0]

    found = [b for b in built if isinstance(b, Bar) and b.timeframe == timeframe]

    assert len(found) > 300
    opened = pd.DatetimeIndex(vendor["date"]).as_unit("ns").asi8
    assert [b.ts_open for b in found] == opened[: len(found)].tolist()
    for column in ("open", "high", "low", "close", "volume"):
        theirs = vendor[column].to_numpy()[: len(found)]
        np.testing.assert_allclose([getattr(b, column) for b in found], theirs, rtol=1e-12, err_msg=column)


def test_features_of_real_bars_equal_talib(built: list[Body]) -> None:
    given = [b for b in built if isinstance(b, Bar) and b.timeframe == "5m"]
    close, high, low = (np.array([getattr(b, f) for b in given]) for f in ("close", "high", "low"))

    rows = np.array([row.array for row in feed(Basic(), given) if isinstance(row, Features)])

    averages = [talib.SMA(close, n) for n in (10, 20, 50)] + [talib.EMA(close, n) for n in (10, 20, 50)]
    expected = [*(close / average - 1 for average in averages), talib.RSI(close), talib.ATR(high, low, close) / close]
    np.testing.assert_allclose(rows[:, 1:].T, expected, rtol=1e-9, atol=1e-12)
