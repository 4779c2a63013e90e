"""Ninety features beside TA-Lib and nautilus' indicators, in one run: `python -m tests.bench.features [--small]`.

CPU seconds of one thread, the least of some rounds taken in turn, so that a busy machine changes little; compiled code
is warm. A year of one-minute bars of a random walk. Ratios over 1 mean that Helios is faster.

* batch: a table of 90 columns by rows. Beside it TA-Lib's functions on three timeframes, with numpy for the arithmetic
  between them and pandas for what TA-Lib has not (moments, VWAP), put into a table of the same shape; the same without
  what TA-Lib has not; and that as columns left loose. TA-Lib's running sums remember what has left the window; ours do
  not.
* streaming: one bar at a time. Beside it nautilus' indicators for the features that it has, on bars of the three
  timeframes made before. It has not all of them, so the ratio is also given by feature: what a bar costs over how many
  features it gave, of which ours are 27 on bars alone.
* backtest: what the stage adds to a run, a bar.
* live: one closed bar in, the row out through the stage; the median.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import talib

from helios_engine.assemble import assemble
from helios_engine.bodies import Bar
from helios_engine.build import build
from helios_engine.config import parse_config
from helios_engine.events import Event
from helios_engine.runner import drive
from helios_features.technical import Technical
from tests.bench.data import START, write_bars
from tests.bench.indicators import Indicators, nautilus_bars

MINUTE = 60 * 10**9
RATIOS = (1, 5, 15)
FIELDS = ("open", "high", "low", "close", "volume")
WITH_BARS = 27
"""Of the thirty features, those that bars alone give: all but spread, depth and tick."""
Columns = dict[str, np.ndarray]
CONFIG = """
[run]
name = "bench"
[data]
catalog = "."
[account]
currency = "USDT"
balances = {{ USDT = "1000000" }}
[venue]
use = "nautilus.sim"
[[feed]]
use = "catalog.bars"
instrument = "BTCUSDT.BENCH"
timeframe = "1m"
{features}
[[stage]]
use = "strategy.cross"
"""


def market(count: int) -> Columns:
    """Bars of a random walk."""
    draw = np.random.Generator(np.random.PCG64(1))
    close = 30_000 * np.exp(np.cumsum(draw.standard_normal(count) * 5e-4))
    opened = np.concatenate([[30_000.0], close[:-1]])
    return {
        "ts_open": START + np.arange(count) * MINUTE,
        "open": opened,
        "high": np.maximum(opened, close) * (1.0 + draw.random(count) * 1e-4),
        "low": np.minimum(opened, close) * (1.0 - draw.random(count) * 1e-4),
        "close": close,
        "volume": draw.random(count) * 10.0,
    }


def larger(bars: Columns, ratio: int) -> Columns:
    """Larger bars of bars without gaps."""
    count = len(bars["close"]) // ratio
    cut = {name: bars[name][: count * ratio].reshape(count, ratio) for name in FIELDS}
    return {
        "open": cut["open"][:, 0],
        "high": cut["high"].max(axis=1),
        "low": cut["low"].min(axis=1),
        "close": np.ascontiguousarray(cut["close"][:, -1]),
        "volume": cut["volume"].sum(axis=1),
    }


def by_talib(bars: Columns) -> list[np.ndarray]:
    """The columns of one timeframe that TA-Lib and arithmetic give; no VWAP, no moments."""
    h, low, c, v = (bars[n] for n in ("high", "low", "close", "volume"))
    found = [talib.ROCP(c, 1), talib.LN(1.0 + talib.ROCP(c, 1)), c / talib.MAX(c, 20) - 1]
    found += [c / talib.SMA(c, n) - 1 for n in (5, 10, 20, 50)] + [c / talib.EMA(c, n) - 1 for n in (5, 10, 20, 50)]
    line, signal, _ = talib.MACD(c, 12, 26, 9)
    found += [talib.RSI(c, 14), line / c, signal / c, *talib.STOCH(h, low, c, 14, 3, 0, 3, 0)]
    upper, middle, lower = talib.BBANDS(c, 20, 2.0, 2.0)
    found += [talib.ROC(c, 10), talib.WILLR(h, low, c, 14), talib.ATR(h, low, c, 14) / c]
    found += [(c - lower) / (upper - lower), (upper - lower) / middle, talib.STDDEV(found[1], 20, 725.0)]
    mean = talib.SMA(v, 20)
    return [*found, v / mean, (v - mean) / talib.STDDEV(v, 20)]


def loose(bars: Columns) -> list[np.ndarray]:
    """TA-Lib's columns of three timeframes, those of the larger ones held until the next."""
    count, found = len(bars["close"]), by_talib(bars)
    for ratio in RATIOS[1:]:
        known = np.maximum((np.arange(count) + 1) // ratio - 1, 0)
        found += [column[known] for column in by_talib(larger(bars, ratio))]
    return found


def by_pandas(bars: Columns) -> list[np.ndarray]:
    """What TA-Lib does not have: skew, kurtosis and VWAP of three timeframes."""
    count, found = len(bars["close"]), []
    for ratio in RATIOS:
        part = bars if ratio == 1 else larger(bars, ratio)
        window = pd.Series(talib.LN(part["close"])).diff().rolling(60)
        day = np.arange(len(part["close"])) * ratio // 1440
        value = pd.Series((part["high"] + part["low"] + part["close"]) / 3 * part["volume"])
        vwap = value.groupby(day).cumsum() / pd.Series(part["volume"]).groupby(day).cumsum()
        known = np.maximum((np.arange(count) + 1) // ratio - 1, 0)
        columns = (window.skew().to_numpy(), window.kurt().to_numpy(), part["close"] / vwap.to_numpy() - 1)
        found += [column[known] for column in columns]
    return found


def as_table(bars: Columns, columns: list[np.ndarray]) -> np.ndarray:
    """Columns as rows, in a table with room for ninety."""
    table = np.empty((len(bars["close"]), 90))
    for place, column in enumerate(columns):
        table[:, place] = column
    return table


def least(rounds: int, *work: Callable[[], Any]) -> list[float]:
    """The least CPU seconds of each, taken in turn."""
    found = [float("inf")] * len(work)
    for _ in range(rounds):
        for place, call in enumerate(work):
            begin = time.process_time()
            call()
            found[place] = min(found[place], time.process_time() - begin)
    return found


def batch(stage: Technical, bars: Columns, rounds: int) -> None:
    """The columns driver beside TA-Lib."""
    count = len(bars["close"])
    work = (
        lambda: stage.fresh().table(bars),
        lambda: as_table(bars, loose(bars) + by_pandas(bars)),
        lambda: as_table(bars, loose(bars)),
        lambda: loose(bars),
    )
    ours, *others = least(rounds, *work)
    print(f"batch, {count:,} bars: Helios {count / ours / 1e3:,.0f} k rows/s")
    names = ("TA-Lib, pandas for the rest, table", "TA-Lib alone, table", "TA-Lib alone, loose columns")
    for name, seconds in zip(names, others, strict=True):
        print(f"  {name:<36}{count / seconds / 1e3:>6,.0f} k rows/s   ratio {seconds / ours:.2f}")


def streaming(stage: Technical, bars: Columns, count: int, rounds: int) -> None:
    """One bar at a time beside nautilus' indicators."""
    numbers = (bars["ts_open"][:count] // MINUTE).tolist()
    rows = list(zip(numbers, *(bars[n][:count].tolist() for n in FIELDS), strict=True))
    nothing = (float("nan"),) * 3
    cut = {ratio: larger(bars, ratio) for ratio in RATIOS}
    theirs = [
        nautilus_bars(f"{r}-MINUTE", list(zip(*(cut[r][n][: count // r].tolist() for n in FIELDS), strict=True)))
        for r in RATIOS
    ]

    def ours() -> None:
        row = stage.fresh().row
        for bar in rows:
            row(*bar, *nothing).copy()

    def nautilus() -> None:
        sets: list[Indicators] = [Indicators() for _ in RATIOS]
        parts: list[list[float]] = [[] for _ in RATIOS]
        for n in range(count):
            for k, ratio in enumerate(RATIOS):
                if (n + 1) % ratio == 0:
                    parts[k] = sets[k].take(theirs[k][n // ratio])
            np.array(parts[0] + parts[1] + parts[2])

    mine, other = least(rounds, ours, nautilus)
    print(f"streaming, {count:,} bars: Helios {count / mine / 1e3:,.1f} k rows/s, {mine / count * 1e6:.1f} µs a bar")
    beside = f"nautilus, {Indicators.features} of 30 features {count / other / 1e3:,.1f} k rows/s"
    print(f"  {beside}   ratio {other / mine:.1f}")
    each, others = mine / WITH_BARS, other / Indicators.features
    print(f"  a feature and bar: Helios {each / count * 1e9:.0f} ns, nautilus {others / count * 1e9:.0f} ns", end="")
    print(f"   ratio {others / each:.1f}")


def backtest(count: int, rounds: int) -> None:
    """What the stage adds to a backtest on bars."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_bars(root, count)

        def run(features: str) -> None:
            plan = build(parse_config(CONFIG.format(features=features), root / "bench.toml"))
            engine = assemble(plan)
            drive(engine, plan)

        without, whole = least(rounds, lambda: run(""), lambda: run('[[stage]]\nuse = "features.technical"\n'))
    print(f"backtest, {count:,} bars: ninety features add {(whole - without) / count * 1e6:.1f} µs a bar")


def live(stage: Technical, bars: Columns, count: int) -> None:
    """One closed bar in, the row out."""
    given = zip(bars["ts_open"].tolist()[:count], *(bars[n].tolist()[:count] for n in FIELDS), strict=True)
    events = [
        Event(ts + MINUTE, n, "feed", Bar("X", "1m", ts, ts + MINUTE, *bar)) for n, (ts, *bar) in enumerate(given)
    ]
    took = []
    for event in events:
        begin = time.perf_counter_ns()
        for _ in stage.on_event(event):
            pass
        took.append((time.perf_counter_ns() - begin) / 1e3)
    middle, slow = np.percentile(took, [50, 99])
    print(f"live, {count:,} bars: median {middle:.1f} µs, 99 % within {slow:.1f} µs")


def main(small: bool) -> None:
    """Print all four."""
    begin = time.process_time()
    stage = Technical()
    print(f"making the stage: {time.process_time() - begin:.2f} CPU seconds, of which most is loading or compiling")
    year, some, rounds = (52_560, 2_000, 2) if small else (525_600, 20_000, 5)
    bars = market(year)
    batch(stage, bars, rounds)
    streaming(stage, bars, some, rounds)
    backtest(some, rounds)
    live(stage, bars, some)


if __name__ == "__main__":
    main("--small" in sys.argv)
