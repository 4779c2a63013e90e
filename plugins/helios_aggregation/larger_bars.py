"""Bars in, larger bars out: the cascade for data that comes as bars."""

from __future__ import annotations

from collections.abc import Iterator

from helios_aggregation.cascade import Bucket, Cascade, checked_lengths
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
        checked_lengths(timeframes)
        self.timeframes = timeframes
        self.cascades: dict[str, Cascade] = {}
        self.closed: dict[str, int] = {}

    def on_event(self, event: Event[Instrument | Bar]) -> Iterator[Bar | DataIssue]:
        body = event.body
        if isinstance(body, Instrument):
            known = self.cascades.get(body.instrument)
            if known is None:
                self.cascades[body.instrument] = Cascade(body.instrument, self.timeframes, body.size_scale)
            else:
                known.refine(body.size_scale)
        elif body.timeframe == self.timeframes[0]:
            yield from self._bar(body, event.ts)

    def _bar(self, bar: Bar, now: int) -> Iterator[Bar | DataIssue]:
        name = bar.instrument
        cascade = self.cascades.get(name)
        if cascade is None:
            raise DataError(
                f"expected the Instrument {name} before its first bar at {iso(now)}, found none; its size scale "
                "is needed to add volumes: let the feed or [[instrument]] define it"
            )
        if bar.ts_open < self.closed.get(name, 0):
            detail = f"the {bar.timeframe} bar came after one that closed later"
            yield DataIssue(name, "late_bar", "warn", bar.ts_open, bar.ts_close, detail)
            return
        yield from cascade.close(bar.ts_open)
        part = Bucket(bar.ts_open, bar.ts_close, bar.open)
        part.add(bar.high, bar.low, bar.close, round(bar.volume * cascade.unit))
        cascade.lift(part)
        self.closed[name] = bar.ts_close
        yield from cascade.close(bar.ts_close)
