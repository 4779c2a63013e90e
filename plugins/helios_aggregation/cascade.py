"""Open bars of every timeframe of one instrument, each fed by the closed bars of the one below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from helios_engine.bodies import Bar
from helios_engine.timeframe import timeframe_ns


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


class Cascade:
    """The larger timeframes of one instrument; level 0 is the smallest, whose bars come from outside.

    Volumes are integers in units of 10^−`size_scale` until a bar is made: their sum is exact and does
    not depend on the order of addition. They are divided once.
    """

    def __init__(self, instrument: str, timeframes: Sequence[str], size_scale: int) -> None:
        self.instrument = instrument
        self.timeframes = tuple(timeframes)
        self.lengths = checked_lengths(timeframes)
        self.unit = 10**size_scale
        self.buckets: list[Bucket | None] = [None] * len(self.lengths)

    def refine(self, size_scale: int) -> int:
        """Change to a finer size scale; return the factor open volumes grow by (1 if it is no finer)."""
        factor: int = max(1, 10**size_scale // self.unit)
        self.unit *= factor
        for bucket in self.buckets:
            if bucket is not None:
                bucket.volume *= factor
        return factor

    def lift(self, part: Bucket, level: int = 1) -> None:
        """Add a closed bar to the open bar of `level`, the timeframe above its own."""
        if level == len(self.buckets):
            return
        whole = self.buckets[level]
        if whole is None:
            start = part.ts_open - part.ts_open % self.lengths[level]
            whole = self.buckets[level] = Bucket(start, start + self.lengths[level], part.open)
        whole.add(part.high, part.low, part.close, part.volume)

    def close(self, now: int) -> Iterator[Bar]:
        """Emit the larger bars that end at or before `now`, smallest timeframe first."""
        for level in range(1, len(self.buckets)):
            bucket = self.buckets[level]
            if bucket is not None and bucket.ts_close <= now:
                self.buckets[level] = None
                yield self.bar(bucket, level)
                self.lift(bucket, level + 1)

    def bar(self, b: Bucket, level: int) -> Bar:
        """The bar that a bucket has become."""
        volume = b.volume / self.unit
        name, timeframe = self.instrument, self.timeframes[level]
        return Bar(name, timeframe, b.ts_open, b.ts_close, b.open, b.high, b.low, b.close, volume)


def checked_lengths(timeframes: Sequence[str]) -> tuple[int, ...]:
    """Lengths in ns; ValueError unless each timeframe is a multiple of the one before."""
    if not timeframes:
        raise ValueError("expected at least one timeframe, found none; write e.g. timeframes = ['1m', '5m']")
    lengths = tuple(timeframe_ns(name) for name in timeframes)
    for number in range(1, len(lengths)):
        below, above = lengths[number - 1], lengths[number]
        if above <= below or above % below:
            raise ValueError(
                f"expected each timeframe to be a multiple of the one before, found {timeframes[number]!r} "
                f"after {timeframes[number - 1]!r}; leave one of them out"
            )
    return lengths
