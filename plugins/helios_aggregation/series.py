"""What is open of one instrument: buckets of the smallest timeframe, and one of each timeframe above."""

from __future__ import annotations

import functools
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


@functools.cache
def machine() -> Any:
    """The compiled state machine; it is compiled, or what was compiled is read, when it is asked for first."""
    from helios_aggregation import kernel

    return kernel


class Said(NamedTuple):
    """What the state machine said, in columns: see `helios_aggregation.kernel`."""

    cause: NDArray[np.int64]
    level: NDArray[np.int64]
    ts_open: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    prices: NDArray[np.float64]


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
        self.length = int(self.lengths[0])
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
    ) -> Iterator[Said]:
        """Give the machine trades, and the tick of `boundaries[t]` after the first `ticks[t]` of them."""
        kernel = machine()

        def take(progress: Any, said: Any, prices: Any) -> int:
            buckets = (self.facts, self.small, self.small_price, self.large, self.large_price, self.lengths)
            status: int = kernel.take_trades(*buckets, closes_early, *trades, ticks, boundaries, progress, said, prices)
            return status

        return self._said(take, len(self.lengths) * (len(self.small) + len(ticks) + 4), len(trades.ts) + len(ticks))

    def bars(self, *columns: NDArray[Any]) -> Iterator[Said]:
        """Give the machine bars of the smallest timeframe: ts_open, ts_close, open, high, low, close, units."""
        kernel = machine()
        take_bars: Any = kernel.take_bars
        state = (self.facts, self.large, self.large_price, self.lengths)

        def take(progress: Any, said: Any, prices: Any) -> int:
            status: int = take_bars(*state, *columns, progress, said, prices)
            return status

        return self._said(take, 4 * len(self.lengths), len(columns[0]))

    def inside(self, closes_early: bool, ts: int, now: int, price: float, units: int) -> bool:
        """Give the machine a trade that opens and closes nothing; False, and nothing done, where it does."""
        kernel = machine()
        state = (self.facts, self.small, self.small_price)
        found: bool = kernel.take_inside(*state, ts, now, price, units, self.length, closes_early)
        return found

    def bodies(self, said: Said) -> list[Bar | None]:
        """The bars that buckets have become; None for what came too late."""
        frames = [self.timeframes[level] for level in said.level.tolist()]
        ends = said.ts_open + self.lengths[said.level]
        columns = (frames, said.ts_open.tolist(), ends.tolist(), *said.prices.T.tolist(), self._volumes(said))
        found: list[Bar | None] = [Bar(self.instrument, *row) for row in zip(*columns, strict=True)]
        for n in np.flatnonzero(said.level == LATE).tolist():
            found[n] = None
        return found

    def _volumes(self, said: Said) -> list[float]:
        if not said.high.any() and int(said.low.max(initial=0)) < 2**53:
            volumes: list[float] = (said.low / float(10**self.scale)).tolist()
            return volumes
        pairs = zip(said.high.tolist(), said.low.tolist(), strict=True)
        return [(high * 2**60 + low) / 10**self.scale for high, low in pairs]

    def _said(self, take: Callable[[Any, Any, Any], int], least: int, inputs: int) -> Iterator[Said]:
        kernel = machine()
        progress, rows = np.zeros(3, np.int64), min(max(least, 16), _ROWS) if inputs < _ROWS else _ROWS
        status = kernel.FULL
        while status != kernel.DONE:
            rows = max(rows, len(self.lengths) * (len(self.small) + 4))
            said, prices = kernel.room(rows)
            status = take(progress, said, prices)
            number = int(progress[kernel.SAID])
            if number:
                cause, level, ts_open, low, high = said[:number].T
                yield Said(cause, level, ts_open, low, high, prices[:number])
            if status == kernel.CROWDED:
                self._widen()

    def _widen(self) -> None:
        """More room for open buckets: the venue dates trades into many at once."""
        self.small = np.concatenate([self.small, np.zeros_like(self.small)])
        self.small_price = np.concatenate([self.small_price, np.zeros_like(self.small_price)])


def whole(size: float, scale: int, what: str) -> int:
    """A size as whole units of 10^−`scale`; DataError for 2^62 of them or more."""
    units: int = round(size * 10**scale)
    if units >= 2**62:
        raise DataError(
            f"expected sizes of {what} below 2^62 units of 1e-{scale}, found {size!r}; is a column of another meaning "
            "mixed in, or the size scale of its Instrument too fine?"
        )
    return units
