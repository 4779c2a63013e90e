"""Bars in, larger bars out: the cascade for data that comes as bars."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from helios_aggregation.lengths import checked_lengths
from helios_aggregation.series import Series, machine, whole
from helios_engine.block import Block
from helios_engine.bodies import Bar, DataIssue, Instrument
from helios_engine.errors import DataError
from helios_engine.events import Event
from helios_engine.timeframe import iso


class LargerBars:
    """Bars of `timeframes[0]` cascaded into the others, each a multiple of the one before.

    A larger bar closes with the last bar it can hold or, where that is missing, at the next bar:
    ticks are not waited for, since an imported bar may be known later than its close. Bars of other
    timeframes are left alone; one that lies in a closed larger bar becomes a `late_bar` issue.
    """

    consumes = (Instrument, Bar)

    def __init__(self, timeframes: tuple[str, ...] = ("1m", "5m", "15m", "1h", "4h", "1d")) -> None:
        machine()  # what it reads is read before the run
        checked_lengths(timeframes)
        self.timeframes = timeframes
        self.series: dict[str, Series] = {}

    def on_event(self, event: Event[Instrument | Bar]) -> Iterator[Bar | DataIssue]:
        body = event.body
        if isinstance(body, Instrument):
            known = self.series.get(body.instrument)
            if known is None:
                self.series[body.instrument] = Series(body.instrument, self.timeframes, body.size_scale)
            else:
                known.refine(body.size_scale)
        elif body.timeframe == self.timeframes[0]:
            series = self._series(body.instrument, event.ts)
            units = np.array([whole(body.volume, series.scale, body.instrument)])
            times = (np.array([body.ts_open]), np.array([body.ts_close]))
            prices = (np.array([price], np.float64) for price in (body.open, body.high, body.low, body.close))
            for said in series.bars(*times, *prices, units):
                for bar in series.bodies(said):
                    yield bar if bar is not None else self._late(body)

    def on_columns(self, block: Block) -> Iterator[tuple[int, Bar | DataIssue]]:
        for rows in block.parts:
            if rows.timeframe != self.timeframes[0]:
                continue
            series = self._series(rows.instrument, int(rows.ts[0]))
            columns = (rows[name] for name in ("ts_open", "ts_close", "open", "high", "low", "close"))
            for said in series.bars(*columns, rows.units("volume", series.scale)):
                indices = rows.at[said.cause].tolist()
                for cause, index, bar in zip(said.cause.tolist(), indices, series.bodies(said), strict=True):
                    yield index, bar if bar is not None else self._late(rows.body(cause))

    def _late(self, bar: Any) -> DataIssue:
        detail = f"the {bar.timeframe} bar came after one that closed later"
        return DataIssue(bar.instrument, "late_bar", "warn", bar.ts_open, bar.ts_close, detail)

    def _series(self, name: str, now: int) -> Series:
        series = self.series.get(name)
        if series is None:
            raise DataError(
                f"expected the Instrument {name} before its first bar at {iso(now)}, found none; its size scale "
                "is needed to add volumes: let the feed or [[instrument]] define it"
            )
        return series
