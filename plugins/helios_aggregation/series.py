"""What is open of one instrument: buckets of the smallest timeframe, and one of each timeframe above."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from helios_aggregation.lengths import checked_lengths
from helios_engine.bodies import Bar
from helios_engine.errors import DataError

LATE = -1
"""The level of a trade or bar that came too late."""
_ROWS = 4096


class Word(NamedTuple):
    """What the state machine said: see `helios_aggregation.kernel`."""

    cause: int
    level: int
    ts_open: int
    low: int
    high: int
    prices: list[float]


class Trades(NamedTuple):
    """Trades in columns: their dates, when they may be known (ns UTC), prices, and sizes in whole units."""

    ts: NDArray[np.int64]
    now: NDArray[np.int64]
    price: NDArray[np.float64]
    units: NDArray[np.int64]


class Series:
    """The state of one instrument, and the way to the compiled machine that works on it.

    Volumes are integers in units of 10^−`size_scale` until a bar is made: their sum is exact and does
    not depend on the order of addition. They are divided once.
    """

    def __init__(self, instrument: str, timeframes: Sequence[str], size_scale: int) -> None:
        self.instrument, self.timeframes, self.scale = instrument, tuple(timeframes), size_scale
        self.lengths = np.array(checked_lengths(timeframes), np.int64)
        self.facts = np.zeros(3, np.int64)
        self.small, self.small_price = np.zeros((2, 3), np.int64), np.zeros((2, 4))
        self.large, self.large_price = np.zeros((len(self.lengths), 3), np.int64), np.zeros((len(self.lengths), 4))
        self.large[:, 0] = -1

    @property
    def closed(self) -> int:
        """Up to when bars are closed (ns UTC)."""
        return int(self.facts[0])

    def refine(self, size_scale: int) -> None:
        """Change to a finer size scale; a coarser one changes nothing."""
        factor = 10 ** max(0, size_scale - self.scale)
        self.scale = max(self.scale, size_scale)
        for buckets in (self.small, self.large) if factor > 1 else ():
            for bucket in buckets:
                volume = (int(bucket[2]) * 2**60 + int(bucket[1])) * factor
                bucket[1], bucket[2] = volume % 2**60, volume // 2**60

    def trades(
        self, closes_early: bool, trades: Trades, ticks: NDArray[np.int64], boundaries: NDArray[np.int64]
    ) -> Iterator[Word]:
        """Give the machine trades, and the tick of `boundaries[t]` after the first `ticks[t]` of them."""
        from helios_aggregation import kernel

        def take(progress: Any, said: Any, prices: Any) -> int:
            buckets = (self.facts, self.small, self.small_price, self.large, self.large_price, self.lengths)
            status: int = kernel.take_trades(*buckets, closes_early, *trades, ticks, boundaries, progress, said, prices)
            return status

        return self._said(take, len(self.lengths) * (len(self.small) + len(ticks) + 4), len(trades.ts) + len(ticks))

    def bars(self, *columns: NDArray[Any]) -> Iterator[Word]:
        """Give the machine bars of the smallest timeframe: ts_open, ts_close, open, high, low, close, units."""
        from helios_aggregation import kernel

        machine: Any = kernel.take_bars
        state = (self.facts, self.large, self.large_price, self.lengths)

        def take(progress: Any, said: Any, prices: Any) -> int:
            status: int = machine(*state, *columns, progress, said, prices)
            return status

        return self._said(take, 4 * len(self.lengths), len(columns[0]))

    def bar(self, word: Word) -> Bar:
        """The bar that a bucket has become."""
        end = word.ts_open + int(self.lengths[word.level])
        first, high, low, close = word.prices
        volume = (word.high * 2**60 + word.low) / 10**self.scale
        name, timeframe = self.instrument, self.timeframes[word.level]
        return Bar(name, timeframe, word.ts_open, end, first, high, low, close, volume)

    def _said(self, take: Callable[[Any, Any, Any], int], least: int, inputs: int) -> Iterator[Word]:
        from helios_aggregation import kernel

        progress, rows = np.zeros(3, np.int64), min(max(least, 16), _ROWS) if inputs < _ROWS else _ROWS
        status = kernel.FULL
        while status != kernel.DONE:
            rows = max(rows, len(self.lengths) * (len(self.small) + 4))
            said, prices = kernel.room(rows)
            status = take(progress, said, prices)
            number = progress[kernel.SAID]
            if number:
                for row, price in zip(said[:number].tolist(), prices[:number].tolist(), strict=True):
                    cause, level, ts_open, volume_low, volume_high = row
                    yield Word(cause, level, ts_open, volume_low, volume_high, price)
            if status == kernel.CROWDED:
                self._widen()

    def _widen(self) -> None:
        """More room for open buckets: the venue dates trades into many at once."""
        self.small = np.concatenate([self.small, np.zeros_like(self.small)])
        self.small_price = np.concatenate([self.small_price, np.zeros_like(self.small_price)])


def whole(values: NDArray[np.float64], scale: int, what: str) -> NDArray[np.int64]:
    """Sizes as whole units of 10^−`scale`, rounded as `round(value * 10**scale)`; DataError beyond 2^62 of them."""
    units = np.rint(values * float(10**scale))
    if len(units) and not np.abs(units).max() < 2**62:
        raise DataError(
            f"expected sizes of {what} below 2^62 units of 1e-{scale}, found {values[np.abs(units).argmax()]!r}; "
            "is a column of another meaning mixed in, or the size scale of its Instrument too fine?"
        )
    found: NDArray[np.int64] = units.astype(np.int64)
    return found
