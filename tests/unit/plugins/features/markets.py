"""Bars as frames with columns ts_open (ns), open, high, low, close, volume: generated, and real."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

REAL = os.environ.get("HELIOS_REAL_DATA")
MINUTE = 60 * 10**9
MIDNIGHT = 19_000 * 1440 * MINUTE
FIELDS = ["open", "high", "low", "close", "volume"]


def generated(count: int = 8_000, seed: int = 1, missing: float = 0.02) -> pd.DataFrame:
    """One-minute bars of a random walk with jumps, bars without volume and missing minutes, from midnight on."""
    draw = np.random.Generator(np.random.PCG64(seed))
    moves = draw.standard_normal(count) * 1e-3 + (draw.random(count) < 0.002) * draw.standard_normal(count) * 0.05
    close = 500_000.0 * np.exp(np.cumsum(moves))
    opened = np.concatenate([[500_000.0], close[:-1]])
    frame = pd.DataFrame(
        {
            "ts_open": MIDNIGHT + np.arange(count) * MINUTE,
            "open": opened,
            "high": np.maximum(opened, close) * (1.0 + draw.random(count) * 5e-4),
            "low": np.minimum(opened, close) * (1.0 - draw.random(count) * 5e-4),
            "close": close,
            "volume": np.round(draw.lognormal(0.0, 1.5, count), 8) * (draw.random(count) > 0.05),
        }
    )
    kept = draw.random(count) >= missing
    kept[0] = True
    return frame[kept].reset_index(drop=True)


def real_minutes() -> pd.DataFrame:
    """Ten days of one-minute bars with 538 gaps (freqtrade's test data, UNITTEST/BTC, November 2017)."""
    frame = pd.read_feather(Path(str(REAL)) / "freqtrade_testdata/UNITTEST_BTC-1m.feather")
    return _framed(pd.DatetimeIndex(frame["date"]).as_unit("ns").asi8, frame)


def real_quarters() -> pd.DataFrame:
    """A year of fifteen-minute bars (Binance klines, BTCUSDT, 2025)."""
    names = ["ts", *FIELDS, *"abcdef"]
    path = Path(str(REAL)) / "binance_klines_multi/15m/BTCUSDT-15m-2025.csv.gz"
    frame = pd.read_csv(path, names=names, header=None)
    frame = frame[pd.to_numeric(frame["ts"], errors="coerce").notna()].astype(dict.fromkeys(FIELDS, float))
    ts = frame["ts"].astype("int64").to_numpy()
    return _framed(ts * 10 ** (19 - len(str(ts[0]))), frame)


def _framed(ts: np.ndarray, frame: pd.DataFrame) -> pd.DataFrame:
    found = pd.DataFrame({"ts_open": ts, **{n: frame[n].to_numpy(float) for n in FIELDS}})
    return found.drop_duplicates("ts_open").sort_values("ts_open").reset_index(drop=True)


def columns(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """What `Series.table` takes."""
    return {name: frame[name].to_numpy() for name in frame.columns}


def larger(frame: pd.DataFrame, minutes: int, base: int = 1) -> pd.DataFrame:
    """Larger bars by pandas, from the first that begins with the data on; `ts_known` is when each is known.

    A bar closes with its last bar of `base` minutes or, where that is missing, with the next that there is.
    """
    length = minutes * MINUTE
    bucket = frame["ts_open"] // length
    grouped = frame.groupby(bucket)
    found = grouped.agg(open=("open", "first"), high=("high", "max"), low=("low", "min"), close=("close", "last"),
                        volume=("volume", "sum"), last=("ts_open", "last"))  # fmt: skip
    found["ts_open"] = found.index.to_numpy() * length
    last_one = (found["ts_open"] + length - base * MINUTE) == found["last"]
    following = frame["ts_open"].to_numpy()
    nexts = np.searchsorted(following, found["last"].to_numpy(), side="right")
    after = np.append(following, np.iinfo(np.int64).max)[nexts]
    found["ts_known"] = np.where(last_one, found["last"], after)
    complete = found["ts_open"] >= frame["ts_open"].iloc[0]
    return found[complete].reset_index(drop=True)
