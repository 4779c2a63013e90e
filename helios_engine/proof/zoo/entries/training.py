"""Models that were fitted on what had not happened: whole samples, overlapping labels, chosen on the test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helios_engine.bodies import Features, Schema
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.frames import BarColumn, bars_frame
from helios_engine.proof.zoo.runs import FEED_RUN, LISTENING
from helios_engine.stage import FeedSpec

HORIZON, ENOUGH = 12, 48
TRAINING = Schema("zoo.training/1", ("momentum", "target"))
Array = NDArray[np.float64]


def features(bars: pd.DataFrame) -> Array:
    """Returns over 1, 3, 6 and 12 bars, and a constant: what is known when a bar closes, 0 where it is not."""
    close = bars["close"]
    columns = [close.pct_change(n).fillna(0.0) for n in (1, 3, 6, 12)]
    return np.column_stack([*columns, np.ones(len(bars))])


def ahead(bars: pd.DataFrame, horizon: int = 1) -> Array:
    """The return over the next `horizon` bars, NaN at the end: what a model should learn."""
    close = bars["close"].to_numpy()
    found = np.full(len(close), np.nan)
    found[:-horizon] = close[horizon:] / close[:-horizon] - 1
    return found


def fitted(rows: Array, target: Array) -> Array:
    """Ridge regression over the rows whose target is known."""
    known = ~np.isnan(target)
    x, y = rows[known], target[known]
    solved: Array = np.linalg.solve(  # type: ignore[assignment, unused-ignore]
        x.T @ x + 1e-6 * np.eye(x.shape[1]), x.T @ y
    )
    return solved


class FittedOnAll(BarColumn):
    """A regression on the whole catalog, the months that it is then tested on included."""

    def column(self, bars: pd.DataFrame) -> Any:
        """The prediction for the next bar."""
        rows = features(bars)
        return rows @ fitted(rows, ahead(bars))


class FittedOnPast(BarColumn):
    """A regression that is fitted again at every bar, on labels that have closed."""

    horizon, purge = 1, 1

    def column(self, bars: pd.DataFrame) -> Any:
        """The prediction for the next bar; nothing until there is enough to fit on."""
        rows, target = features(bars), ahead(bars, self.horizon)
        found = np.full(len(bars), np.nan)
        for now in range(ENOUGH, len(bars)):
            # The label of row i is known at i + horizon: the last rows have none yet, and are purged.
            last = now - self.purge + 1
            found[now] = rows[now] @ fitted(rows[:last], target[:last])
        return found


class Overlapping(FittedOnPast):
    """Walk-forward without purging: the labels of the last twelve rows of each training set end after it."""

    horizon, purge = HORIZON, 0


class Purged(FittedOnPast):
    """Walk-forward with the rows purged whose labels have not closed."""

    horizon, purge = HORIZON, HORIZON


class Shuffled(BarColumn):
    """`train_test_split(shuffle=True)`: trained on a random half of the bars, before and after each test bar."""

    def column(self, bars: pd.DataFrame) -> Any:
        """The prediction for the next bar, of a model that knows its neighbours."""
        rows, target = features(bars), ahead(bars)
        train = np.random.default_rng(0).permutation(len(bars))[: len(bars) // 2]
        return rows @ fitted(rows[train], target[train])


class FirstDays(BarColumn):
    """Trained once on the first two days, and used from then on, as it should be."""

    def column(self, bars: pd.DataFrame) -> Any:
        """The prediction for the next bar, after the training set."""
        rows, target = features(bars), ahead(bars)
        model = fitted(rows[: ENOUGH - 1], target[: ENOUGH - 1])
        found = rows @ model
        found[:ENOUGH] = np.nan
        return found


class Selected(BarColumn):
    """Keeps the one feature, of many, that goes best with the next return: over all rows."""

    def column(self, bars: pd.DataFrame) -> Any:
        """The chosen feature, in its right sign."""
        rows, target = features(bars)[:, :-1], ahead(bars)
        scores = [_correlation(rows[:-1, n], target[:-1]) for n in range(rows.shape[1])]
        best = int(np.argmax(np.abs(scores)))
        return rows[:, best] * scores[best]


class SelectedSoFar(BarColumn):
    """Chooses the feature again at each bar, by what it did until then."""

    def column(self, bars: pd.DataFrame) -> Any:
        """The feature that went best with the returns that followed it so far."""
        rows, target = features(bars)[:, :-1], ahead(bars)
        found = np.full(len(bars), np.nan)
        for now in range(ENOUGH, len(bars)):
            scores = [_correlation(rows[:now, n], target[:now]) for n in range(rows.shape[1])]
            best = int(np.argmax(np.abs(scores)))
            found[now] = rows[now, best] * scores[best]
        return found


class PickedOnTest(BarColumn):
    """The window of a moving average that would have earned most, from a search over all the data."""

    def column(self, bars: pd.DataFrame) -> Any:
        """The close against its mean over the best window."""
        close, target = bars["close"], np.nan_to_num(ahead(bars))
        signals = {w: np.sign(close / close.rolling(w, min_periods=1).mean() - 1) for w in range(2, 49)}
        best = max(signals, key=lambda w: float(np.dot(signals[w], target)))
        return close / close.rolling(best, min_periods=1).mean() - 1


class TargetKept(BarColumn):
    """The data frame of the training, used for trading as it was: the target is still a column of it."""

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Features]]:
        """Momentum and target of each bar."""
        bars = bars_frame(self.catalog, self.instrument, self.timeframe)
        momentum = bars["close"].pct_change().fillna(0.0)
        for ts, past, target in zip(bars["ts"].tolist(), momentum.tolist(), ahead(bars).tolist(), strict=True):
            if start <= ts < stop:
                yield ts, Features.of(self.instrument, TRAINING, [past, target], self.timeframe)


class LearnsFirst(BarColumn):
    """An online model in a loop of the wrong order: it learns each bar's label before it predicts it."""

    learns_first = True

    def column(self, bars: pd.DataFrame) -> Any:
        """The prediction for the next bar."""
        weights, found = np.zeros(5), []
        target = np.nan_to_num(ahead(bars))
        before: tuple[Array, float] | None = None
        for row, label in zip(features(bars), target.tolist(), strict=True):
            lesson = (row, label) if self.learns_first else before
            if lesson is not None:
                weights = weights + 5.0 * lesson[0] * (lesson[1] - float(weights @ lesson[0]))
            found.append(float(weights @ row))
            before = (row, label)
        return found


class LearnsAfter(LearnsFirst):
    """The same model in the right order: the label of the last bar has closed with this one."""

    learns_first = False


def _correlation(x: Array, y: Array) -> float:
    """Pearson's; 0 where one of both does not vary."""
    spread = float(np.std(x) * np.std(y))
    return float(np.mean((x - np.mean(x)) * (y - np.mean(y)))) / spread if spread > 0 else 0.0


def _entry(name: str, about: str, leak: type, twin: type | None, first: str | None, horizon: Any, at: int = 0) -> Entry:
    twins = () if twin is None else (FeedSpec(f"zoo.{twin.__name__.lower()}", twin),)
    label = Label(f"Features.values[{at}]", first, horizon)
    return Entry(name, about, FEED_RUN, FeedSpec(f"zoo.{leak.__name__.lower()}", leak), twins, label, (LISTENING,))


FIRST = "2026-01-05T01:00:00Z"
ENTRIES = (
    _entry("on_all", "a model fitted on the whole catalog", FittedOnAll, FittedOnPast, FIRST, "end"),
    _entry("overlap", "labels that overlap the test, not purged", Overlapping, Purged, "2026-01-07T01:00:00Z", HORIZON),
    _entry("shuffled", "train and test split at random", Shuffled, FirstDays, FIRST, None),
    _entry("selected", "features selected on all rows", Selected, SelectedSoFar, None, None),
    _entry("picked_on_test", "a window picked on the test", PickedOnTest, None, None, None),
    _entry("target_kept", "the target left among the features", TargetKept, None, FIRST, 1, 1),
    _entry("learns_first", "an online model told the label first", LearnsFirst, LearnsAfter, FIRST, 1),
)
