"""Trades in, time bars out: the smallest timeframe from trades, the others from the bar below."""

from __future__ import annotations

from collections.abc import Iterator

from helios_aggregation.cascade import Bucket, Cascade, checked_lengths
from helios_engine.bodies import Bar, DataIssue, Instrument, Tick, Trade
from helios_engine.errors import DataError
from helios_engine.events import Event
from helios_engine.timeframe import iso, nanoseconds


class Series:
    """What is open of one instrument: buckets of the smallest timeframe, and the cascade above."""

    def __init__(self, cascade: Cascade) -> None:
        self.cascade = cascade
        self.open: dict[int, Bucket] = {}
        self.closed = 0
        self.late = 0

    def close(self, now: int) -> Iterator[Bar]:
        """Emit every bar that ends at or before `now`, smallest timeframe first."""
        cascade = self.cascade
        for start in sorted(self.open):
            bucket = self.open[start]
            if bucket.ts_close > now:
                break
            del self.open[start]
            yield from cascade.close(bucket.ts_open)
            yield cascade.bar(bucket, 0)
            cascade.lift(bucket)
        self.closed = max(self.closed, now - now % cascade.lengths[0])
        yield from cascade.close(now)


class TimeBars:
    """Bars by event time, bucket `[open, close)`, cascaded from the smallest timeframe up.

    A bar closes at its tick or, without grace, at the first trade at or past its boundary. A bucket
    without trades gives no bar, and what is open at the end stays unsaid. A trade dated into a closed
    bucket is not applied: it becomes a `DataIssue` of kind `late_trade`. `timeframes` go from small to
    large, each a multiple of the one before; `grace` is the run's, how long ticks wait for late trades.
    """

    consumes = (Instrument, Trade, Tick)

    def __init__(self, timeframes: tuple[str, ...] = ("1m", "5m", "15m", "1h", "4h", "1d"), grace: str = "0s") -> None:
        self.timeframes = timeframes
        self.length = checked_lengths(timeframes)[0]
        self.closes_early = nanoseconds(grace) == 0
        self.series: dict[str, Series] = {}
        self.boundary = 0

    def on_event(self, event: Event[Instrument | Trade | Tick]) -> Iterator[Bar | DataIssue]:
        body = event.body
        if isinstance(body, Trade):
            yield from self._trade(body, event.ts)
        elif isinstance(body, Tick):
            self.boundary = max(self.boundary, body.boundary)
            for series in self.series.values():
                yield from series.close(body.boundary)
        else:
            self._define(body)

    def _trade(self, trade: Trade, now: int) -> Iterator[Bar | DataIssue]:
        series = self.series.get(trade.instrument)
        if series is None:
            raise DataError(
                f"expected the Instrument {trade.instrument} before its first trade {trade.trade_id!r} at {iso(now)}, "
                "found none; its size scale is needed to add volumes: let the feed or [[instrument]] define it"
            )
        ts, length = trade.ts_event, self.length
        # The venue's clock may run ahead of ours: a bar has not ended before now has reached its end.
        known = min(ts, now)
        if self.closes_early and known - known % length > series.closed:
            yield from series.close(known)
        if ts < series.closed:
            series.late += 1
            detail = f"trade {trade.trade_id!r} is dated into a closed bar; number {series.late} of this instrument"
            yield DataIssue(trade.instrument, "late_trade", "warn", ts, series.closed, detail)
            return
        start = ts - ts % length
        bucket = series.open.get(start)
        if bucket is None:
            bucket = series.open[start] = Bucket(start, start + length, trade.price)
        bucket.add(trade.price, trade.price, trade.price, round(trade.quantity * series.cascade.unit))

    def _define(self, definition: Instrument) -> None:
        series = self.series.get(definition.instrument)
        if series is None:
            cascade = Cascade(definition.instrument, self.timeframes, definition.size_scale)
            series = self.series[definition.instrument] = Series(cascade)
            # Listed in the middle of a run: what ended before is closed for it as for all others.
            series.closed = self.boundary - self.boundary % self.length
            return
        factor = series.cascade.refine(definition.size_scale)
        for bucket in series.open.values():
            bucket.volume *= factor
