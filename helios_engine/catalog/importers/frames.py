"""How long the bars of a file are: what its times say, checked against its name and the user's word."""

from __future__ import annotations

import re

import numpy as np

from helios_engine.catalog.importers.times import Times
from helios_engine.catalog.truths import Where
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import DAY, duration_text, iso, timeframe_ns

_WORDS = {
    "d": "1d",
    "h": "1h",
    "1440": "1d",
    "720": "12h",
    "240": "4h",
    "60": "1h",
    "30": "30m",
    "15": "15m",
    "5": "5m",
}


def named_timeframe(name: str) -> str | None:
    """The timeframe in a file's name: `BTCUSDT-1h-2023`, `Binance_BTCUSDT_d`, `XBTUSD_1440`."""
    for word in re.split(r"[-_. ]", name.lower()):
        if re.fullmatch(r"[1-9]\d?(s|m|min|h|d)", word):
            return word.replace("min", "m")
        if word in ("daily", "hourly"):
            return {"daily": "1d", "hourly": "1h"}[word]
    last = re.split(r"[-_]", name.lower())[-1]
    return _WORDS.get(last)


def settled(asked: str | None, named: str | None, times: Times, where: Where) -> str:
    """The timeframe of bars: the user's, or the one that the steps between them show and the name does not deny.

    Raises ConfigError naming --timeframe where it cannot be told.
    """
    if asked is not None:
        try:
            timeframe_ns(asked)
        except ValueError as error:
            raise ConfigError(f"--timeframe: {error}") from None
        _steps_fit(asked, times, where)
        return asked
    shown = _shown(times)
    if named is not None and shown in (named, None):
        return named
    if shown is not None and named is None:
        return shown
    said = f"the name says {named}, the times are {shown} apart" if shown else _unclear(times, where)
    raise ConfigError(f"{where(0).rpartition(':')[0]}: how long is a bar? {said}; add --timeframe")


def _steps_fit(timeframe: str, ts: Times, where: Where) -> None:
    """Among ten bars, two at least follow each other, or the timeframe that was named is not theirs: ConfigError."""
    steps = np.abs(np.diff(ts))
    if len(steps) >= 10 and steps.min() > timeframe_ns(timeframe):
        raise ConfigError(
            f"{where(0).rpartition(':')[0]}: --timeframe {timeframe}, but no two rows are nearer than "
            f"{duration_text(int(steps.min()))}; name the timeframe of the file"
        )


def _shown(times: Times) -> str | None:
    """The smallest step, if it divides a day, is the commonest too, and all times lie on its grid."""
    steps = np.abs(np.diff(times))
    steps = steps[steps > 0]
    if len(steps) < 2:
        return None
    smallest = int(steps.min())
    if DAY % smallest or np.mean(steps == smallest) < 0.3 or np.any(times % smallest != times[0] % smallest):
        return None
    return duration_text(smallest)


def _unclear(times: Times, where: Where) -> str:
    steps = np.unique(np.abs(np.diff(times)), return_counts=True)
    if len(times) < 3:
        return f"{len(times)} rows from {iso(int(times[0]))} do not show it"
    common = int(steps[0][steps[1].argmax()])
    if common > DAY:
        raise DataError(
            f"{where(0)}: the commonest step between rows is {common / DAY:g} days; bars longer than a day are not "
            "kept, since their ends are calendar dates: import daily data and resample"
        )
    return f"the commonest step between rows is {common / 1e9:g} s, the smallest {int(steps[0][0]) / 1e9:g} s"
