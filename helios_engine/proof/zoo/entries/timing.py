"""Bars known before they close: higher timeframes, resampling, joins, and stamps of the wrong end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pandas as pd

from helios_engine.bodies import Bar, Features
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.frames import COLUMN, BarColumn, bars_frame
from helios_engine.proof.zoo.runs import BARS, FEED, FEED_RUN, LISTENER, LISTENING
from helios_engine.stage import FeedSpec

VALUE = "Features.values[0]"


class DayHigh(BarColumn):
    """How far the close is below the day's high, of the whole day: `groupby(day).transform("max")`."""

    def column(self, bars: pd.DataFrame) -> Any:
        """close / high of the UTC day"""
        day = bars["ts_open"] // 86_400_000_000_000
        return bars["close"] / bars.groupby(day)["high"].transform("max")


class DayHighSoFar(BarColumn):
    """How far the close is below the day's high so far: `groupby(day).cummax()`."""

    def column(self, bars: pd.DataFrame) -> Any:
        """close / high of the UTC day up to now"""
        day = bars["ts_open"] // 86_400_000_000_000
        return bars["close"] / bars.groupby(day)["high"].cummax()


class LeftLabels(BarColumn):
    """Closes of 4h bars from `resample("4h")`, whose labels are their beginnings, filled forward."""

    def column(self, bars: pd.DataFrame) -> Any:
        """The close of the 4h bar that the hour lies in."""
        close = bars.set_index(pd.to_datetime(bars["ts_open"], utc=True))["close"]
        return close.resample("4h").last().reindex(close.index, method="ffill").to_numpy()


class RightLabels(BarColumn):
    """Closes of 4h bars labelled with their ends, carried to the hours that close then or later."""

    def column(self, bars: pd.DataFrame) -> Any:
        """The close of the last 4h bar that has closed."""
        close = bars.set_index(pd.to_datetime(bars["ts"], utc=True))["close"]
        wide = close.resample("4h", label="right", closed="right").last()
        return wide.reindex(close.index, method="ffill").to_numpy()


class Joined(BarColumn):
    """The 4h close joined to hourly bars by `merge_asof`, in a given direction on a given column."""

    direction: ClassVar[Any] = "backward"
    on: ClassVar[str] = "ts"

    def column(self, bars: pd.DataFrame) -> Any:
        """The 4h close that the join finds."""
        wide = bars_frame(self.catalog, self.instrument, "4h")[["ts", "ts_open", "close"]]
        right = pd.DataFrame({"ts": wide[self.on], "wide": wide["close"]})
        return pd.merge_asof(bars[["ts"]], right, on="ts", direction=self.direction)["wide"].to_numpy()


class Nearest(Joined):
    """`direction="nearest"`: from the middle of a 4h bar on, that is the one that has not closed."""

    direction = "nearest"


class Forward(Joined):
    """`direction="forward"`, because backward left the first rows empty."""

    direction = "forward"


class ByOpen(Joined):
    """Joined backward, but on the time at which the 4h bar opened, as informative candles are stamped."""

    on = "ts_open"


class ByClose(Joined):
    """Joined backward on the time at which the 4h bar was known."""


class AtOpen(BarColumn):
    """Hourly bars read from files stamped at the open, and delivered then."""

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Features]]:
        """The close of each bar, at its open."""
        bars = bars_frame(self.catalog, self.instrument, self.timeframe)
        for ts, close in zip(bars["ts_open"].tolist(), bars["close"].tolist(), strict=True):
            if start <= ts < stop:
                yield ts, Features.of(self.instrument, COLUMN, [close], self.timeframe)


class AtClose(AtOpen):
    """Hourly bars, delivered at the close; for good measure a file stamped at the open is shifted by its length."""

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Features]]:
        """The close of each bar, at its open plus one hour."""
        bars = bars_frame(self.catalog, self.instrument, self.timeframe)
        for opened, close in zip(bars["ts_open"].tolist(), bars["close"].tolist(), strict=True):
            ts = opened + 3_600_000_000_000
            if start <= ts < stop:
                yield ts, Features.of(self.instrument, COLUMN, [close], self.timeframe)


class Midnight(AtOpen):
    """Daily bars dated by their day, so delivered at the midnight at which it begins."""

    def __init__(self, catalog: str) -> None:
        super().__init__(catalog, timeframe="1d")


class EarlyBars(BarColumn):
    """A feed of 4h bars of its own, made from hourly ones and delivered with the first hour of each."""

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Bar]]:  # type: ignore[override]
        """4h bars, once their first hour is known."""
        wide = bars_frame(self.catalog, self.instrument, "4h")
        hour = 3_600_000_000_000
        for ts, bar in _bars(wide, self.instrument):
            if start <= bar.ts_open + hour < stop:
                yield ts - 3 * hour, bar


class ClosedBars(BarColumn):
    """The same feed, patient: everything is loaded at once, and each bar delivered when it has closed."""

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Bar]]:  # type: ignore[override]
        """4h bars when they are known."""
        future = list(_bars(bars_frame(self.catalog, self.instrument, "4h"), self.instrument))
        for ts, bar in future:
            if start <= ts < stop:
                yield ts, bar


def _bars(wide: pd.DataFrame, instrument: str) -> Iterator[tuple[int, Bar]]:
    columns = (wide[name].tolist() for name in ("ts", "ts_open", "ts_close", "open", "high", "low", "close", "volume"))
    for ts, *rest in zip(*columns, strict=True):
        yield ts, Bar(instrument, "4h", *rest)


def _entry(name: str, about: str, leak: type, twin: type | None, label: Label, run: str = FEED_RUN) -> Entry:
    twins = (FeedSpec(f"zoo.{twin.__name__.lower()}", twin),) if twin is not None else ()
    return Entry(name, about, run, FeedSpec(f"zoo.{leak.__name__.lower()}", leak), twins, label, (LISTENING,))


HOUR_1 = "2026-01-05T01:00:00Z"
ENTRIES = (
    _entry("day_high", "the day's high at its open", DayHigh, DayHighSoFar, Label(VALUE, HOUR_1, 23)),
    _entry(
        "left_labels",
        "resample with labels at the left",
        LeftLabels,
        RightLabels,
        Label(VALUE, HOUR_1, 3),
    ),
    _entry("nearest", 'merge_asof(direction="nearest")', Nearest, None, Label(VALUE, HOUR_1, 3)),
    _entry("forward", 'merge_asof(direction="forward")', Forward, None, Label(VALUE, HOUR_1, 3)),
    _entry("joined_by_open", "4h bars joined on their open", ByOpen, ByClose, Label(VALUE, HOUR_1, 3)),
    _entry("at_open", "bars delivered at their open", AtOpen, AtClose, Label(VALUE, HOUR_1, 1)),
    _entry("midnight", "daily bars dated by their day", Midnight, None, Label(VALUE, "2026-01-06T00:00:00Z", 24)),
    _entry(
        "early_bars",
        "4h bars delivered with their first hour",
        EarlyBars,
        ClosedBars,
        Label(None, HOUR_1, 3),
        BARS + FEED + LISTENER,
    ),
)
