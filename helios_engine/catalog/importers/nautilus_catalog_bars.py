"""nautilus' bars: how long they are, of which price, and which end `ts_event` names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from helios_engine.bodies import Instrument
from helios_engine.catalog.decimals import Number
from helios_engine.catalog.importers import rows
from helios_engine.catalog.importers.contract import Ask, Rows, Source, Symbol
from helios_engine.catalog.importers.frames import settled
from helios_engine.catalog.importers.times import Times
from helios_engine.catalog.truths import Where
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import duration_text, timeframe_ns

_UNITS = {"MILLISECOND": "ms", "SECOND": "s", "MINUTE": "m", "HOUR": "h", "DAY": "d"}


class Bars(NamedTuple):
    """A file of bars: `bar_type` is `BTCUSDT.BINANCE-1-HOUR-LAST-EXTERNAL`, or empty."""

    source: Source
    bar_type: str
    ask: Ask


def read_bars(
    bars: Bars, symbol: Instrument | Symbol, ts: Times, event: Times, found: Mapping[str, Number], where: Where
) -> Rows:
    """Bars known at their `ts_init`, and not before they close.

    Raises ConfigError naming --stamp where it cannot be told whether `ts_event` is the opening or the close:
    nautilus' own bars carry the close in both times, and so do bars with the opening that were loaded without
    saying so.
    """
    timeframe = _timeframe(bars, event, where)
    length = timeframe_ns(timeframe)
    stamp = bars.ask.stamp
    if stamp is None and np.all(ts - (bars.ask.clock_offset or 0) - event == length):
        stamp = "open"  # known one bar after its time: nothing else makes these two
    if stamp is None:
        raise ConfigError(
            f"{bars.source.name}: is ts_event the close of a bar, as nautilus makes them, or its opening, as many "
            "vendors' bars are loaded? Add --stamp close or --stamp open"
        )
    opened = event if stamp == "open" else event - length
    known = np.maximum(ts, opened + length) if stamp == "open" else ts
    if isinstance(symbol, Instrument):
        symbol = Symbol(*symbol.instrument.rsplit(".", 1))
    made = rows.bars(bars.source, symbol, timeframe, opened, length, found, where)
    return made._replace(table=made.table.set_column(0, "ts", pa.array(known, pa.int64())))


def _timeframe(bars: Bars, event: Times, where: Where) -> str:
    """The timeframe that the bar type says, or the one that the user or the times say if there is none."""
    name, asked = bars.source.name, bars.ask.timeframe
    if not bars.bar_type:
        return settled(asked, None, event, where)
    words = bars.bar_type.split("@")[0].rsplit("-", 4)
    if len(words) != 5 or not words[1].isdigit():
        raise DataError(
            f"{name}: its bar type is {bars.bar_type!r}, expected such as BTCUSDT.BINANCE-1-HOUR-LAST-EXTERNAL"
        )
    _, step, unit, price, _ = words
    if unit not in _UNITS:
        raise DataError(f"{name}: bars by {unit} have no fixed length within a day; import the trades and resample")
    try:
        said = duration_text(timeframe_ns(step + _UNITS[unit]))
    except ValueError as error:
        raise DataError(f"{name}: {bars.bar_type}: {error}") from None
    if asked is not None and timeframe_ns(asked) != timeframe_ns(said):
        raise ConfigError(f"{name}: --timeframe {asked}, but its bars are {said}")
    if price != "LAST" and bars.ask.instrument is None:
        raise ConfigError(
            f"{name}: these are bars of {price} prices, not of trades; to keep them apart add --instrument, such as "
            f"--instrument {words[0].replace('/', '').replace('.', f'-{price}.')}"
        )
    return asked or said
