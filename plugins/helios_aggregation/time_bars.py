"""Trades in, time bars out: the smallest timeframe from trades, the others from the bar below."""

from __future__ import annotations

from collections.abc import Iterator

from helios_engine.bodies import Bar, DataIssue, Instrument, Tick, Trade
from helios_engine.events import Event
from helios_engine.timeframe import nanoseconds, timeframe_ns


class Bucket:
    """An open bar: prices as floats, volume as an exact integer in units of the size scale."""

    def __init__(self, ts_open: int, ts_close: int, price: float) -> None:
        self.ts_open, self.ts_close = ts_open, ts_close
        self.open = self.high = self.low = self.close = price
        self.volume = 0

    def add(self, high: float, low: float, close: float, volume: int) -> None:
        """Take in a trade, or a bar of the timeframe below."""
        if high > self.high:
            self.high = high
        if low < self.low:
            self.low = low
        self.close = close
        self.volume += volume


class TimeBars:
    """Bars by event time, bucket `[open, close)`, cascaded from the smallest timeframe up.

    A bar closes at its tick or, without grace, at the first trade at or past its boundary. Volumes
    are summed as integers, so they do not depend on the order of addition. A bucket without trades
    gives no bar. A trade dated into a closed bucket is not applied: it becomes a `DataIssue`.
    """

    consumes = (Instrument, Trade, Tick)

    def __init__(
        self, timeframes: tuple[str, ...] = ("1m", "5m", "15m", "1h", "4h", "1d"), grace: str = "0s"
    ) -> None:
        lengths = [timeframe_ns(name) for name in timeframes]
        for (small, below), (large, above) in zip(
            zip(timeframes, lengths, strict=True), list(zip(timeframes, lengths, strict=True))[1:], strict=False
        ):
            if above <= below or above % below:
                raise ValueError(f"timeframes must each be a multiple of the one before: {large} is none of {small}")
        if not lengths:
            raise ValueError("timeframes must not be empty")
        self.timeframes = timeframes
        self.lengths = lengths
        self.closes_early = nanoseconds(grace) == 0
        self.units: dict[str, int] = {}
        self.closed: dict[str, int] = {}
        self.waiting: dict[str, dict[int, Bucket]] = {}
        self.buckets: dict[str, list[Bucket | None]] = {}

    def on_event(self, event: Event[Instrument | Trade | Tick]) -> Iterator[Bar | DataIssue]:
        body = event.body
        if isinstance(body, Trade):
            yield from self._trade(body)
        elif isinstance(body, Tick):
            for name in self.waiting:
                yield from self._close(name, body.boundary)
        else:
            self.units[body.instrument] = 10**body.size_scale

    def _trade(self, trade: Trade) -> Iterator[Bar | DataIssue]:
        name, ts = trade.instrument, trade.ts_event
        if ts < self.closed.get(name, 0):
            yield DataIssue(name, "late_trade", "warn", ts, ts, f"trade {trade.trade_id} is dated into a closed bar")
            return
        waiting = self.waiting.setdefault(name, {})
        start = ts - ts % self.lengths[0]
        bucket = waiting.get(start)
        if bucket is None:
            if self.closes_early:
                yield from self._close(name, ts)
            bucket = waiting[start] = Bucket(start, start + self.lengths[0], trade.price)
        bucket.add(trade.price, trade.price, trade.price, round(trade.quantity * self.units[name]))

    def _close(self, name: str, now: int) -> Iterator[Bar]:
        """Emit every bar of an instrument that ends at or before `now`, smallest timeframe first."""
        waiting = self.waiting[name]
        for start in sorted(waiting):
            bucket = waiting[start]
            if bucket.ts_close > now:
                break
            del waiting[start]
            yield from self._close_above(name, bucket.ts_open)
            yield self._bar(name, 0, bucket)
            self._lift(name, 1, bucket)
        self.closed[name] = max(self.closed.get(name, 0), now - now % self.lengths[0])
        yield from self._close_above(name, now)

    def _close_above(self, name: str, now: int) -> Iterator[Bar]:
        """Emit the cascaded bars that end at or before `now`."""
        buckets = self.buckets.setdefault(name, [None] * len(self.lengths))
        for level in range(1, len(buckets)):
            bucket = buckets[level]
            if bucket is not None and bucket.ts_close <= now:
                buckets[level] = None
                yield self._bar(name, level, bucket)
                self._lift(name, level + 1, bucket)

    def _lift(self, name: str, level: int, part: Bucket) -> None:
        """Add a closed bar to the timeframe above."""
        buckets = self.buckets.setdefault(name, [None] * len(self.lengths))
        if level == len(self.lengths):
            return
        whole = buckets[level]
        if whole is None:
            start = part.ts_open - part.ts_open % self.lengths[level]
            whole = buckets[level] = Bucket(start, start + self.lengths[level], part.open)
        whole.add(part.high, part.low, part.close, part.volume)

    def _bar(self, name: str, level: int, b: Bucket) -> Bar:
        volume = b.volume / self.units[name]
        return Bar(name, self.timeframes[level], b.ts_open, b.ts_close, b.open, b.high, b.low, b.close, volume)
