"""Plays a recording: each moment of it when it is due, at the recorded pace or faster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby

from helios_engine.bodies import Trade
from helios_engine.errors import ConfigError, DataError
from helios_valr.simulator.market import Change, Market
from helios_valr.simulator.taped import TapedMarket, Told

SECOND = 10**9
Row = tuple[int, str, Told]
"""When it was known (ns UTC), the pair, and what."""
Moment = tuple[int, str, tuple[Told, ...]]


class Tape:
    """The first `history` seconds of `rows` are the past when it begins; what follows plays `speed` times as fast.

    Times move along: what happens is dated when it is played. At the end the markets stand still. DataError if there
    is nothing after the past, ConfigError for a speed that is not above 0.
    """

    def __init__(self, markets: Iterable[TapedMarket], rows: Iterable[Row], history: float = 0.0, speed: float = 1.0):
        if not (speed > 0 and history >= 0):
            raise ConfigError(
                f"speed {speed} and history {history}: expected a speed above 0, and no less than 0 seconds"
            )
        self._taped = {market.pair: market for market in markets}
        self.markets: dict[str, Market] = dict(self._taped)
        self._speed, self._moments = speed, _moments(rows)
        self._next = next(self._moments, None)
        if self._next is None:
            raise DataError("the recording holds no trade, quote or book; expected some to play")
        self._start = self._next[0] + round(history * SECOND)

    def begin(self, now: int) -> None:
        """Let the past happen at its own distances, up to `now` (ns UTC)."""
        while self._next is not None and self._next[0] < self._start:
            self.step(now - (self._start - self._next[0]))
        if self._next is None:
            raise DataError("the recording is over before its history is; give it less history")

    @property
    def due(self) -> float:
        """When the next moment comes, seconds since the beginning."""
        return float("inf") if self._next is None else (self._next[0] - self._start) / SECOND / self._speed

    def step(self, at: int) -> tuple[Market, Change]:
        """The next moment, at `at` (ns UTC)."""
        assert self._next is not None  # it is asked for only when it is due
        _, pair, told = self._next
        self._next = next(self._moments, None)
        return self._taped[pair], self._taped[pair].take(at, told)


def _moments(rows: Iterable[Row]) -> Iterator[Moment]:
    """What one book says at one time is one moment, for in between its two sides may cross; each trade is its own."""
    for (ts, pair, is_trade), some in groupby(rows, key=lambda row: (row[0], row[1], isinstance(row[2], Trade))):
        told = [row[2] for row in some]
        yield from chain(
            [] if is_trade else [(ts, pair, tuple(told))], [(ts, pair, (one,)) for one in told if is_trade]
        )
