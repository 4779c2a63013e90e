"""Metrics of whole runs, against pandas written down separately, and at their edges."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest

from helios_engine.report.frames import Frames
from helios_engine.report.measure import measure_run
from helios_engine.report.metrics import Metrics, measure
from helios_engine.report.round_trips import Trip
from helios_engine.timeframe import DAY
from tests.unit.report.run_folders import BTC, ETH, write_tables

FLAT = pd.DataFrame({"equity": [], "exposure": []}, index=pd.DatetimeIndex([], tz="UTC"))


def marked(*equity: float, exposure: float = 0.0, freq: str = "D") -> pd.DataFrame:
    index = pd.date_range("2024-01-01", periods=len(equity), freq=freq, tz="UTC")
    return pd.DataFrame({"equity": equity, "exposure": [exposure] * len(equity)}, index=index)


def trip(net: float, rate: float = 1.0, *, is_open: bool = False) -> Trip:
    end = None if is_open else 10
    return Trip(1, end, "BTCZAR.VALR", "LONG", 1.0, 0.0, 1.0, 1.0, net, 0.0, net, 9, 2, "ZAR", rate, is_open)


@pytest.mark.parametrize("seed", range(3))
def test_metrics_of_a_random_run_agree_with_pandas(tmp_path: Path, seed: int) -> None:
    write_tables(tmp_path, days=60, seed=seed)

    found = measure_run(tmp_path, [BTC, ETH], "ZAR").metrics

    frames = Frames(tmp_path)
    equity, fills = frames.equity["equity"], frames.fills
    daily = equity.resample("1D", closed="right", label="left").last().pct_change().dropna()
    fall = (equity / equity.cummax() - 1).min()
    yearly = (equity.iloc[-1] / equity.iloc[0]) ** (365 / 60) - 1
    held = frames.equity["exposure"].iloc[:-1]
    worth = (fills["quantity"] * fills["price"]).sum()
    expected = {
        "span": 60 * DAY,
        "days": 60,
        "total_return": equity.iloc[-1] / equity.iloc[0] - 1,
        "cagr": yearly,
        "max_drawdown": fall,
        "volatility": daily.std() * math.sqrt(365),
        "sharpe": daily.mean() / daily.std() * math.sqrt(365),
        "sortino": daily.mean() / math.sqrt((daily.clip(upper=0) ** 2).mean()) * math.sqrt(365),
        "calmar": yearly / abs(fall),
        "exposure_time": (held > 0).mean(),
        "exposure_mean": (held / equity.iloc[:-1]).mean(),
        "traded": worth,
        "turnover": worth / equity.iloc[:-1].mean(),
        "costs": fills["fee"].sum(),
        "costs_fraction": fills["fee"].sum() / equity.iloc[0],
        "fills": len(fills),
    }
    assert {name: getattr(found, name) for name in expected} == pytest.approx(expected, rel=1e-9)


def test_trips_explain_the_change_of_equity_to_the_cent(tmp_path: Path) -> None:
    write_tables(tmp_path, days=60)
    measure_run(tmp_path, [BTC, ETH], "ZAR")

    frames = Frames(tmp_path)

    trades, last = frames.trades, frames.prices.groupby("instrument", observed=True)["price"].last()
    sign = np.where(trades["side"] == "LONG", 1, -1)
    left = (trades["quantity"] - trades["open_quantity"]) * trades["exit_price"].fillna(0)
    still = trades["open_quantity"] * trades["instrument"].astype(str).map(last)
    explained = (sign * (left + still - trades["quantity"] * trades["entry_price"]) - trades["fees"]).sum()
    change = frames.equity["equity"].iloc[-1] - frames.equity["equity"].iloc[0]
    assert explained == pytest.approx(change, abs=0.01)


def test_trade_statistics_are_over_net_results_in_the_report_currency() -> None:
    found = measure(marked(1, 1), [trip(30), trip(10, rate=2), trip(-10), trip(0), trip(99, is_open=True)], [])

    assert (found.trades, found.open_trades, found.hit_rate) == (4, 1, 0.5)
    assert (found.profit_factor, found.payoff, found.mean_net) == (5.0, 2.5, 10.0)


@pytest.mark.parametrize(
    ("name", "found", "reason"),
    [
        ("total_return", measure(FLAT, [], []), "never marked"),
        ("max_drawdown", measure(FLAT, [], []), "never marked"),
        ("cagr", measure(marked(1, 2, freq="h"), [], []), "less than one day"),
        ("sharpe", measure(marked(1, 2), [], []), "two are needed"),
        ("sharpe", measure(marked(1, 1, 1), [], []), "the same"),
        ("sharpe", measure(marked(1, 0, 1), [], []), "to or below 0"),
        ("sortino", measure(marked(1, 2, 3), [], []), "no day with a loss"),
        ("calmar", measure(marked(1, 2, 3), [], []), "no drawdown"),
        ("exposure_time", measure(marked(1), [], []), "two marks"),
        ("hit_rate", measure(marked(1, 1), [], []), "no closed round trip"),
        ("profit_factor", measure(marked(1, 1), [trip(1)], []), "no round trip lost"),
        ("payoff", measure(marked(1, 1), [trip(-1)], []), "no round trip won"),
        ("hit_rate", measure(marked(1, 1), [trip(1, rate=math.nan)], []), "no price"),
    ],
)
def test_an_undefined_number_is_none_with_its_reason(name: str, found: Metrics, reason: str) -> None:
    assert getattr(found, name) is None
    assert reason in found.reasons[name]


@pytest.mark.parametrize("equity", [FLAT, marked(1), marked(1, 2), marked(1, 0), marked(0, 1), marked(-1, -2, 3)])
def test_every_none_has_a_reason_and_every_reason_a_none(equity: pd.DataFrame) -> None:
    found = measure(equity, [], [])

    nones = {name for name in Metrics.__struct_fields__ if getattr(found, name) is None}
    assert nones == set(found.reasons)


@pytest.mark.parametrize("equity", [FLAT, marked(1, 0), marked(0, 1), marked(1, 2)])
def test_metrics_are_json_without_infinities(equity: pd.DataFrame) -> None:
    found = measure(equity, [trip(1)], [])

    assert msgspec.json.decode(msgspec.json.encode(found), type=Metrics) == found
    assert all(math.isfinite(v) for v in msgspec.structs.asdict(found).values() if isinstance(v, float))
