"""Columns made with pandas over all bars at once: shifts, centred windows, backfills and interpolations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.frames import BarColumn
from helios_engine.proof.zoo.runs import FEED_RUN, LISTENING
from helios_engine.stage import FeedSpec

VALUE = "Features.values[0]"


class NextReturn(BarColumn):
    """The return of the next bar, left in the features after the labels were made: `shift(-1)`."""

    def column(self, bars: pd.DataFrame) -> Any:
        """close[t+1] / close[t] - 1"""
        return bars["close"].shift(-1) / bars["close"] - 1


class LastReturn(BarColumn):
    """The return of the last bar: `shift(+1)`."""

    def column(self, bars: pd.DataFrame) -> Any:
        """close[t] / close[t-1] - 1"""
        return bars["close"] / bars["close"].shift(1) - 1


class AheadByFive(BarColumn):
    """A moving average moved to the left, so that it lies better on the chart."""

    def column(self, bars: pd.DataFrame) -> Any:
        """Mean of eleven closes, shifted by -5."""
        return bars["close"].rolling(11).mean().shift(-5)


class FutureNamed(BarColumn):
    """Honest, for all its names: what the bars of the last five hours made of a `future` that is past by now."""

    def column(self, bars: pd.DataFrame) -> Any:
        """close[t] / close[t-5] - 1, by a reversed view, reversed again."""
        future_close = bars["close"][::-1]
        target = future_close / future_close.shift(-5) - 1
        return target[::-1]


class Difference(BarColumn):
    """`diff(-1)`, whose sign somebody liked better."""

    def column(self, bars: pd.DataFrame) -> Any:
        """close[t] - close[t+1]"""
        return bars["close"].diff(-1)


class PlainDifference(BarColumn):
    """`diff(1)`."""

    def column(self, bars: pd.DataFrame) -> Any:
        """close[t] - close[t-1]"""
        return bars["close"].diff(1)


class Centred(BarColumn):
    """A smoothed close: `rolling(9, center=True)`."""

    def column(self, bars: pd.DataFrame) -> Any:
        """Mean of closes t-4 to t+4."""
        return bars["close"].rolling(9, center=True).mean()


class Trailing(BarColumn):
    """A smoothed close: `rolling(9)`."""

    def column(self, bars: pd.DataFrame) -> Any:
        """Mean of the last nine closes."""
        return bars["close"].rolling(9).mean()


class Backfilled(BarColumn):
    """A slow average whose beginning was filled from behind, to keep the first rows."""

    def column(self, bars: pd.DataFrame) -> Any:
        """Mean of 24 closes, `bfill()`."""
        return bars["close"].rolling(24).mean().bfill()


class Forwardfilled(BarColumn):
    """A signal known every sixth hour and carried on: `ffill()`."""

    def column(self, bars: pd.DataFrame) -> Any:
        """Every sixth close, carried forward."""
        return bars["close"].where(np.arange(len(bars)) % 6 == 5).ffill()


class Interpolated(BarColumn):
    """A value known every sixth hour, joined by straight lines."""

    def column(self, bars: pd.DataFrame) -> Any:
        """Every sixth close, `interpolate()`."""
        return bars["close"].where(np.arange(len(bars)) % 6 == 0).interpolate()


class Extrapolated(BarColumn):
    """Straight lines too, drawn on from the last two known values."""

    def column(self, bars: pd.DataFrame) -> Any:
        """Every sixth close, carried on along its last slope."""
        known = bars["close"].where(np.arange(len(bars)) % 6 == 0)
        slope = (known.dropna().diff() / 6).reindex(bars.index).ffill()
        age = pd.Series(np.arange(len(bars)) % 6, index=bars.index)
        return known.ffill() + slope * age


class ReversedEwm(BarColumn):
    """An exponential mean over data that came newest first, and was turned round only afterwards."""

    def column(self, bars: pd.DataFrame) -> Any:
        """`close[::-1].ewm(span=12).mean()[::-1]`"""
        return bars["close"][::-1].ewm(span=12).mean()[::-1]


class ForwardEwm(BarColumn):
    """The same mean, oldest first; the list is turned round twice on the way."""

    def column(self, bars: pd.DataFrame) -> Any:
        """`close.ewm(span=12).mean()`"""
        return bars["close"][::-1][::-1].ewm(span=12, adjust=False).mean()


class LastRow(BarColumn):
    """How far the close is from "the current price", taken from the last row of the frame."""

    def column(self, bars: pd.DataFrame) -> Any:
        """close[t] / close.iloc[-1]"""
        return bars["close"] / bars["close"].iloc[-1]


class FirstRow(BarColumn):
    """How far the close is from where the data began."""

    def column(self, bars: pd.DataFrame) -> Any:
        """close[t] / close.iloc[0]"""
        return bars["close"] / bars["close"].iloc[0]


class Tail(BarColumn):
    """The close against the mean of the last day: `tail(24)`, of the file and not of the moment."""

    def column(self, bars: pd.DataFrame) -> Any:
        """close[t] - close.tail(24).mean()"""
        return bars["close"] - bars["close"].tail(24).mean()


def _entry(name: str, about: str, leak: type, twin: type | None, first: str, horizon: Any) -> Entry:
    twins = (FeedSpec(f"zoo.{twin.__name__.lower()}", twin),) if twin is not None else ()
    return Entry(
        name,
        about,
        FEED_RUN,
        leak=FeedSpec(f"zoo.{leak.__name__.lower()}", leak),
        twins=twins,
        label=Label(VALUE, first, horizon),
        helpers=(LISTENING,),
    )


ENTRIES = (
    _entry("next_return", "shift(-1) in a feature", NextReturn, LastReturn, "2026-01-05T01:00:00Z", 1),
    _entry("shifted_average", "an average shifted by -5", AheadByFive, FutureNamed, "2026-01-05T06:00:00Z", 5),
    _entry("diff_ahead", "diff(-1)", Difference, PlainDifference, "2026-01-05T01:00:00Z", 1),
    _entry("centred_rolling", "rolling(center=True)", Centred, Trailing, "2026-01-05T05:00:00Z", 4),
    _entry("backfill", "bfill of the first rows", Backfilled, Forwardfilled, "2026-01-05T01:00:00Z", 23),
    _entry("interpolate", "interpolate between known values", Interpolated, Extrapolated, "2026-01-05T02:00:00Z", 5),
    _entry("reversed_ewm", "ewm on a reversed series", ReversedEwm, ForwardEwm, "2026-01-05T01:00:00Z", None),
    _entry("last_row", "iloc[-1]", LastRow, FirstRow, "2026-01-05T01:00:00Z", "end"),
    _entry("tail", "tail(24) of the whole file", Tail, None, "2026-01-05T01:00:00Z", "end"),
)
