"""Statistics over the whole sample: means, ranks, thresholds and matrices that know how it ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.frames import BarColumn, bars_frame
from helios_engine.proof.zoo.market import ETH
from helios_engine.proof.zoo.runs import FEED_RUN, LISTENING
from helios_engine.stage import FeedSpec

VALUE, FIRST = "Features.values[0]", "2026-01-05T01:00:00Z"


class ZScore(BarColumn):
    """The close, standardised before the split into train and test."""

    def column(self, bars: pd.DataFrame) -> Any:
        """(close - mean of all) / deviation of all"""
        return (bars["close"] - bars["close"].mean()) / bars["close"].std()


class ExpandingZScore(BarColumn):
    """The close against all closes so far."""

    def column(self, bars: pd.DataFrame) -> Any:
        """Expanding mean and deviation."""
        seen = bars["close"].expanding(min_periods=3)
        return (bars["close"] - seen.mean()) / seen.std()


class MinMax(BarColumn):
    """The close scaled to 0 … 1, as a MinMaxScaler fitted on everything does."""

    def column(self, bars: pd.DataFrame) -> Any:
        """(close - min) / (max - min)"""
        close = bars["close"]
        return (close - close.min()) / (close.max() - close.min())


class SoFarMinMax(BarColumn):
    """The close within the range so far."""

    def column(self, bars: pd.DataFrame) -> Any:
        """(close - cummin) / (cummax - cummin)"""
        low, high = bars["close"].cummin(), bars["close"].cummax()
        return (bars["close"] - low) / (high - low).replace(0, np.nan)


class Quantile(BarColumn):
    """A breakout: whether the volume is in the upper tenth, of all data."""

    def column(self, bars: pd.DataFrame) -> Any:
        """volume - 90 % quantile of the file"""
        return bars["volume"] - float(bars["volume"].quantile(0.9))


class RollingQuantile(BarColumn):
    """A breakout of the last two days."""

    def column(self, bars: pd.DataFrame) -> Any:
        """volume - rolling 90 % quantile"""
        return bars["volume"] - bars["volume"].rolling(48, min_periods=4).quantile(0.9)


class Rank(BarColumn):
    """The percentile of the return among all returns: `rank(pct=True)`."""

    def column(self, bars: pd.DataFrame) -> Any:
        """Rank of the return in the file."""
        return bars["close"].pct_change().rank(pct=True)


class ExpandingRank(BarColumn):
    """The percentile of the return among those so far."""

    def column(self, bars: pd.DataFrame) -> Any:
        """`expanding().rank(pct=True)`"""
        return bars["close"].pct_change().expanding().rank(pct=True)


class ByLargest(BarColumn):
    """Volume as a share of the largest volume there will ever be."""

    def column(self, bars: pd.DataFrame) -> Any:
        """volume / volume.max()"""
        return bars["volume"] / bars["volume"].max()


class ByTrailing(BarColumn):
    """Volume against its mean over the day before."""

    def column(self, bars: pd.DataFrame) -> Any:
        """volume / mean of the 24 before"""
        return bars["volume"] / bars["volume"].rolling(24).mean().shift(1)


class HedgeRatio(BarColumn):
    """The spread of a pair, with a hedge ratio regressed on all data."""

    def column(self, bars: pd.DataFrame) -> Any:
        """close - beta * other close, beta by least squares over the file"""
        other = bars_frame(self.catalog, ETH, self.timeframe)["close"].to_numpy()[: len(bars)]
        close = bars["close"].to_numpy()[: len(other)]
        away = other - other.mean()
        beta = float(away @ (close - close.mean()) / max(float(away @ away), 1e-9))
        return _padded(close - beta * other, len(bars))


class RollingHedgeRatio(BarColumn):
    """The spread of a pair, with the hedge ratio of the last three days."""

    def column(self, bars: pd.DataFrame) -> Any:
        """close - rolling beta * other close, joined on the time at which both are known"""
        other = bars_frame(self.catalog, ETH, self.timeframe).set_index("ts")["close"]
        close = bars.set_index("ts")["close"]
        both = pd.concat([close, other], axis=1, keys=["a", "b"]).reindex(close.index).ffill()
        beta = both["a"].rolling(72, min_periods=12).cov(both["b"]) / both["b"].rolling(72, min_periods=12).var()
        return both["a"] - beta * both["b"]


class FirstComponent(BarColumn):
    """The first principal component of four features, with a PCA fitted on all rows."""

    def column(self, bars: pd.DataFrame) -> Any:
        """Projection on the eigenvector of the correlation matrix of the file."""
        table = bars[["open", "high", "low", "volume"]].to_numpy()
        scaled = (table - table.mean(axis=0)) / np.maximum(table.std(axis=0), 1e-9)
        _, vectors = np.linalg.eigh(scaled.T @ scaled)
        return scaled @ vectors[:, -1]


def _padded(values: Any, length: int) -> Any:
    return np.concatenate([values, np.full(length - len(values), np.nan)])


def _entry(name: str, about: str, leak: type, twin: type | None, first: str = FIRST, horizon: Any = "end") -> Entry:
    twins = (FeedSpec(f"zoo.{twin.__name__.lower()}", twin),) if twin is not None else ()
    spec = FeedSpec(f"zoo.{leak.__name__.lower()}", leak)
    return Entry(name, about, FEED_RUN, spec, twins, Label(VALUE, first, horizon), (LISTENING,))


ENTRIES = (
    _entry("z_score", "mean and deviation of all data", ZScore, ExpandingZScore),
    _entry("min_max", "a min-max scaler fitted on all data", MinMax, SoFarMinMax),
    _entry("quantile", "a threshold at a quantile of all data", Quantile, RollingQuantile),
    _entry("rank", "rank(pct=True) over all data", Rank, ExpandingRank, "2026-01-05T02:00:00Z"),
    _entry("largest_volume", "volume normalised by the largest of all", ByLargest, ByTrailing),
    _entry("hedge_ratio", "a regression on all data", HedgeRatio, RollingHedgeRatio),
    _entry("principal_component", "a PCA fitted on all data", FirstComponent, None),
)
