"""Periods of the thirty features of one timeframe, and the names of their columns."""

from __future__ import annotations

from typing import NamedTuple


class Periods(NamedTuple):
    """Lengths in bars; `width` in standard deviations; `anchor` bars make a session, `year` bars 365 days."""

    averages: tuple[int, ...] = (5, 10, 20, 50)
    highest: int = 20
    rsi: int = 14
    fast: int = 12
    slow: int = 26
    signal: int = 9
    stochastic: int = 14
    smooth: int = 3
    roc: int = 10
    williams: int = 14
    atr: int = 14
    bollinger: int = 20
    width: float = 2.0
    volatility: int = 20
    volume: int = 20
    moments: int = 60
    anchor: int = 1440
    year: float = 525_600.0

    @property
    def longest(self) -> int:
        """The most bars that any window looks back, and thus what rings must hold."""
        return max(
            *self.averages, self.highest, self.fast, self.stochastic, self.smooth, self.roc + 1, self.williams,
            self.bollinger, self.volatility, self.volume, self.moments,
        )  # fmt: skip

    @property
    def columns(self) -> tuple[str, ...]:
        """Names in the order in which the kernel writes them."""
        return (
            "return", "log_return", f"close_to_max_{self.highest}",
            *(f"sma_{n}" for n in self.averages), *(f"ema_{n}" for n in self.averages),
            f"rsi_{self.rsi}", f"macd_{self.fast}_{self.slow}", f"macd_signal_{self.signal}",
            f"slow_k_{self.stochastic}", f"slow_d_{self.stochastic}", f"roc_{self.roc}", f"williams_r_{self.williams}",
            f"atr_{self.atr}", f"percent_b_{self.bollinger}", f"bandwidth_{self.bollinger}",
            f"volatility_{self.volatility}",
            f"volume_ratio_{self.volume}", f"volume_z_{self.volume}", "vwap_deviation",
            "spread_bps", "depth_imbalance", "tick_direction",
            f"skew_{self.moments}", f"kurtosis_{self.moments}",
        )  # fmt: skip

    def checked(self) -> Periods:
        """Itself; ValueError for lengths with which a feature would have no meaning."""
        lengths = {
            name: value for name, value in self._asdict().items() if name not in ("averages", "width", "year", "anchor")
        }
        least = {"volatility": 2, "moments": 4}
        for name, value in lengths.items():
            if value < least.get(name, 1):
                raise ValueError(f"expected {name} of at least {least.get(name, 1)} bars, found {value}")
        if not self.averages or min(self.averages) < 1 or len(set(self.averages)) < len(self.averages):
            raise ValueError(f"expected averages of at least 1 bar, each once, found {self.averages}")
        if self.fast >= self.slow:
            raise ValueError(f"expected fast below slow, found fast {self.fast} and slow {self.slow}")
        if not 0.0 < self.width < 100.0:
            raise ValueError(f"expected width in standard deviations above 0, found {self.width}")
        return self
