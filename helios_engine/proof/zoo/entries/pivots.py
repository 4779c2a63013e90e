"""Turning points: known only when the price has turned, but drawn where it did."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.frames import BarColumn
from helios_engine.proof.zoo.runs import FEED_RUN, LISTENING
from helios_engine.stage import FeedSpec

VALUE, TURN = "Features.values[0]", 0.01


class ZigZag(BarColumn):
    """The direction of the zigzag leg that each bar lies on, with legs of at least one per cent."""

    def column(self, bars: pd.DataFrame) -> Any:
        """+1 in a rising leg, -1 in a falling one; a leg begins at the extreme, before anybody can know it."""
        close = bars["close"].to_numpy()
        found, begin, extreme, direction = np.zeros(len(close)), 0, 0, 1
        for n in range(len(close)):
            if direction * (close[n] - close[extreme]) > 0:
                extreme = n
            elif direction * (close[extreme] - close[n]) > TURN * close[extreme]:
                found[begin:extreme] = direction
                begin, extreme, direction = extreme, n, -direction
        found[begin:] = direction
        return found


class ConfirmedZigZag(BarColumn):
    """The direction of the leg as far as it is confirmed at each bar."""

    def column(self, bars: pd.DataFrame) -> Any:
        """The same legs, each counted from the bar that confirms it."""
        close = bars["close"].tolist()
        found, extreme, direction = [], close[0], 1
        for price in close:
            if direction * (price - extreme) > 0:
                extreme = price
            elif direction * (extreme - price) > TURN * extreme:
                extreme, direction = price, -direction
            found.append(direction)
        return found


class SwingLows(BarColumn):
    """Lows that are the lowest of the five bars around them, as `argrelextrema(low, np.less, order=2)` finds."""

    def column(self, bars: pd.DataFrame) -> Any:
        """1 at a swing low, 0 elsewhere."""
        low = bars["low"]
        return (low == low.rolling(5, center=True, min_periods=1).min()).astype(float)


class ConfirmedSwingLows(BarColumn):
    """The same lows, told two bars later."""

    def column(self, bars: pd.DataFrame) -> Any:
        """1 at the bar that confirms a swing low."""
        low = bars["low"]
        return (low.shift(2) == low.rolling(5).min()).astype(float)


class TripleBarrier(BarColumn):
    """The label of a training set among the features: which barrier the price met first."""

    def column(self, bars: pd.DataFrame) -> Any:
        """+1, -1 or 0 after at most eight bars, at 0.5 %; Lopez de Prado, Advances in Financial ML, 3.4."""
        close = bars["close"].to_numpy()
        found = np.zeros(len(close))
        for n in range(len(close)):
            moves = close[n + 1 : n + 9] / close[n] - 1
            met = np.flatnonzero(np.abs(moves) > 0.005)
            found[n] = np.sign(moves[met[0]]) if met.size else 0.0
        return found


class MetBarrier(BarColumn):
    """What became of the bar eight hours ago, which is known by now."""

    def column(self, bars: pd.DataFrame) -> Any:
        """The same label, eight bars later."""
        labels = pd.Series(TripleBarrier.column(self, bars))  # type: ignore[arg-type]
        return labels.shift(8)


def _entry(name: str, about: str, leak: type, twin: type, label: Label) -> Entry:
    specs = [FeedSpec(f"zoo.{kind.__name__.lower()}", kind) for kind in (leak, twin)]
    return Entry(name, about, FEED_RUN, specs[0], (specs[1],), label, (LISTENING,))


ENTRIES = (
    _entry("zigzag", "zigzag legs from their extremes", ZigZag, ConfirmedZigZag, Label(VALUE)),
    _entry("swing_lows", "lows of centred windows", SwingLows, ConfirmedSwingLows, Label(VALUE, None, 2)),
    _entry("triple_barrier", "the label as a feature", TripleBarrier, MetBarrier, Label(VALUE, None, None)),
)
