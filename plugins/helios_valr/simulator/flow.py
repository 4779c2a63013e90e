"""What moves the markets: seeded orders, or a recording (`tape`)."""

from __future__ import annotations

from typing import Protocol

from helios_valr.simulator.market import Change, Market
from helios_valr.simulator.settings import Settings

SECOND = 10**9
PAST_STEP = 10 * SECOND
"""Between two orders of a made-up past."""


class Flow(Protocol):
    """One change of one market after the other."""

    markets: dict[str, Market]

    @property
    def due(self) -> float:
        """When the next change comes, seconds since the beginning; infinity if none will."""

    def begin(self, now: int) -> None:
        """Let the past of the markets happen, up to `now` (ns UTC), the beginning."""

    def step(self, at: int) -> tuple[Market, Change]:
        """The next change, at `at` (ns UTC)."""


class Seeded:
    """Made-up orders, to one pair after the other, at the rate of the settings. The same seed makes the same ones."""

    def __init__(self, settings: Settings) -> None:
        self.markets = {pair: Market(pair, settings.seed) for pair in settings.pairs}
        self._settings, self._done = settings, 0
        self._names = list(self.markets)

    @property
    def due(self) -> float:
        """One after each part of a second that the rate allots it."""
        return (self._done + 1) / self._settings.rate if self._settings.rate else float("inf")

    def begin(self, now: int) -> None:
        """An order every ten seconds."""
        steps = self._settings.history_minutes * 60 * SECOND // PAST_STEP
        for market in self.markets.values():
            for step in range(steps):
                market.step(now - (steps - step) * PAST_STEP)

    def step(self, at: int) -> tuple[Market, Change]:
        """The next order."""
        market = self.markets[self._names[self._done % len(self._names)]]
        self._done += 1
        return market, market.step(at)
