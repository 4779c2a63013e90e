"""EWMA volatility, and how much of a signal it allows."""

from __future__ import annotations

import math
from collections.abc import Iterator

from helios_engine.bodies import Bar, RiskDecision, VolForecast
from helios_engine.events import Event
from helios_engine.timeframe import DAY, timeframe_ns

YEAR = 365 * DAY


class VolTarget:
    """Scale exposure so that forecast volatility meets `target` (a fraction a year), up to `max_leverage`.

    Variance is RiskMetrics' (1996, table 5.1): v = decay v + (1 − decay) r², r the return of a bar;
    it starts as the mean of the first `warmup` squares. A year has 365 days, as crypto trades.
    Decisions are the instrument's: with bars of several timeframes, choose one by `on`.
    """

    consumes = Bar

    def __init__(self, target: float = 0.20, decay: float = 0.94, warmup: int = 20, max_leverage: float = 1.0) -> None:
        if target <= 0 or not 0 < decay < 1 or warmup < 2 or max_leverage <= 0:
            raise ValueError(
                "expected target > 0, 0 < decay < 1, warmup >= 2, max_leverage > 0; "
                f"found {target}, {decay}, {warmup}, {max_leverage}"
            )
        self.target, self.decay, self.warmup, self.max_leverage = target, decay, warmup, max_leverage
        self.last: dict[tuple[str, str], float] = {}
        self.squares: dict[tuple[str, str], list[float]] = {}
        self.variance: dict[tuple[str, str], float] = {}

    def on_event(self, event: Event[Bar]) -> Iterator[VolForecast | RiskDecision]:
        bar = event.body
        key = (bar.instrument, bar.timeframe)
        last = self.last.get(key)
        self.last[key] = bar.close
        if last is None or not self._update(key, bar.close / last - 1.0):
            return
        volatility = math.sqrt(self.variance[key])
        yield VolForecast(bar.instrument, bar.timeframe, volatility)
        yearly = volatility * math.sqrt(YEAR / timeframe_ns(bar.timeframe))
        multiplier = self.max_leverage if yearly == 0.0 else min(self.max_leverage, self.target / yearly)
        yield RiskDecision(bar.instrument, multiplier, f"volatility {yearly:.4f} a year, target {self.target:.4f}")

    def _update(self, key: tuple[str, str], change: float) -> bool:
        """Take in a return; whether there is a forecast."""
        if key in self.variance:
            self.variance[key] = self.decay * self.variance[key] + (1.0 - self.decay) * change * change
            return True
        squares = self.squares.setdefault(key, [])
        squares.append(change * change)
        if len(squares) < self.warmup:
            return False
        self.variance[key] = math.fsum(squares) / len(squares)
        del self.squares[key]
        return True
