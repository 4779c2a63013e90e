"""Estimates of a state: smoothers where a filter belongs, averages of categories, and neighbours out of the future."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.frames import BarColumn
from helios_engine.proof.zoo.runs import FEED_RUN, LISTENING
from helios_engine.stage import FeedSpec

VALUE, FIRST = "Features.values[0]", "2026-01-05T01:00:00Z"
NOISE, DRIFT, STAY = 0.002, 0.0005, 0.95
Array = NDArray[np.float64]


class KalmanFilter(BarColumn):
    """The level of a local-level model, filtered: what is believed when the bar closes."""

    def column(self, bars: pd.DataFrame) -> Any:
        """The distance of the log close from its filtered level."""
        observed = np.log(bars["close"].to_numpy())
        return observed - self.level(observed)

    def level(self, observed: Array) -> Array:
        """The filtered level."""
        return self.filtered(observed)[0]

    def filtered(self, observed: Array) -> tuple[Array, Array]:
        """Means and variances of the filter, one a bar."""
        mean, variance = float(observed[0]), NOISE**2
        means, variances = [], []
        for value in observed.tolist():
            variance += DRIFT**2
            gain = variance / (variance + NOISE**2)
            mean, variance = mean + gain * (value - mean), variance * (1 - gain)
            means.append(mean)
            variances.append(variance)
        return np.array(means), np.array(variances)


class KalmanSmoother(KalmanFilter):
    """The same model through a smoother (Rauch, Tung and Striebel), which looks so much better on the chart."""

    def level(self, observed: Array) -> Array:
        """The smoothed level: every bar corrected by all that follow it."""
        means, variances = self.filtered(observed)
        smoothed = means.copy()
        for n in range(len(means) - 2, -1, -1):
            gain = variances[n] / (variances[n] + DRIFT**2)
            smoothed[n] += gain * (smoothed[n + 1] - means[n])
        return smoothed


class Regimes(BarColumn):
    """The probability of the wilder of two regimes, by the forward pass of a hidden Markov model."""

    def column(self, bars: pd.DataFrame) -> Any:
        """P(wild | returns up to now)"""
        return self.forward(self.likelihoods(bars))[:, 1]

    def likelihoods(self, bars: pd.DataFrame) -> Array:
        """Density of each return in both regimes."""
        moves = np.log(bars["close"]).diff().fillna(0.0).to_numpy()
        # Jumps lie beyond both: the floor keeps what is believed a number.
        return np.column_stack([np.exp(-0.5 * (moves / s) ** 2) / s + 1e-30 for s in (0.002, 0.006)])

    def forward(self, seen: Array) -> Array:
        """Filtered probabilities."""
        belief, found = np.array([0.5, 0.5]), []
        for row in seen:
            belief = row * (belief @ _MOVES)
            belief = belief / belief.sum()
            found.append(belief)
        return np.array(found)


class RegimesLater(Regimes):
    """`predict_proba` of a hidden Markov model: forward and backward, so each regime is named after the fact."""

    def column(self, bars: pd.DataFrame) -> Any:
        """P(wild | all returns)"""
        seen = self.likelihoods(bars)
        forward, behind = self.forward(seen), np.array([1.0, 1.0])
        found = []
        for row, belief in zip(seen[::-1], forward[::-1], strict=True):
            both = belief * behind
            found.append(both[1] / both.sum())
            behind = _MOVES @ (row * behind)
            behind = behind / behind.sum()
        return found[::-1]


class HourMeans(BarColumn):
    """Target encoding: each hour of the day becomes its mean return, of all days."""

    def column(self, bars: pd.DataFrame) -> Any:
        """The mean return of this hour of the day."""
        moves = bars["close"].pct_change().fillna(0.0)
        return moves.groupby(self.hour(bars)).transform("mean")

    def hour(self, bars: pd.DataFrame) -> Any:
        """The hour of the day of each bar."""
        return bars["ts_open"] // 3_600_000_000_000 % 24


class HourMeansSoFar(HourMeans):
    """Target encoding with an expanding mean: of the days until now."""

    def column(self, bars: pd.DataFrame) -> Any:
        """The mean return of this hour of the day so far."""
        moves = bars["close"].pct_change().fillna(0.0)
        grouped = moves.groupby(self.hour(bars))
        return grouped.cumsum() / (grouped.cumcount() + 1)


class Analogues(BarColumn):
    """What followed the five stretches most like the last six bars, of all the data."""

    everywhere = True

    def column(self, bars: pd.DataFrame) -> Any:
        """The mean of the moves that followed."""
        moves = bars["close"].pct_change().fillna(0.0).to_numpy()
        shapes = np.lib.stride_tricks.sliding_window_view(moves, 6)[:-1]
        follows = moves[6:]
        found = np.full(len(moves), np.nan)
        for now in range(36, len(moves)):
            shape = moves[now - 5 : now + 1]
            known = len(shapes) if self.everywhere else now - 5
            distance = np.abs(shapes[:known] - shape).sum(axis=1)
            if now - 5 < known:
                distance[now - 5] = np.inf  # itself
            found[now] = follows[np.argsort(distance, kind="stable")[:5]].mean()
        return found


class PastAnalogues(Analogues):
    """The same search, among what had been followed by something when the bar closed."""

    everywhere = False


class Seeded(BarColumn):
    """A GARCH-like variance that begins at the variance of the sample, as most packages let it."""

    def column(self, bars: pd.DataFrame) -> Any:
        """The conditional deviation, in percent."""
        moves = np.asarray(bars["close"].pct_change().fillna(0.0), dtype=np.float64)
        variance, found = self.begin(moves), []
        for move in moves.tolist():
            variance = 0.94 * variance + 0.06 * move**2
            found.append(100 * float(np.sqrt(variance)))
        return found

    def begin(self, moves: Array) -> float:
        """The variance of all returns."""
        return float(moves.var())


class Guessed(Seeded):
    """The same recursion from a guess that is a setting."""

    def begin(self, moves: Array) -> float:
        """Four tenths of a percent an hour."""
        return 0.004**2


_MOVES = np.array([[STAY, 1 - STAY], [1 - STAY, STAY]])


def _entry(name: str, about: str, leak: type, twin: type, first: str | None, horizon: Any) -> Entry:
    specs = [FeedSpec(f"zoo.{kind.__name__.lower()}", kind) for kind in (leak, twin)]
    return Entry(name, about, FEED_RUN, specs[0], (specs[1],), Label(VALUE, first, horizon), (LISTENING,))


ENTRIES = (
    _entry("kalman", "a Kalman smoother", KalmanSmoother, KalmanFilter, FIRST, None),
    _entry("regimes", "regimes by forward and backward passes", RegimesLater, Regimes, FIRST, None),
    _entry("hour_means", "a category encoded by its mean target", HourMeans, HourMeansSoFar, FIRST, None),
    _entry("analogues", "nearest neighbours from all the data", Analogues, PastAnalogues, None, None),
    _entry("seeded_variance", "a recursion begun at the sample's variance", Seeded, Guessed, FIRST, "end"),
)
