"""nautilus_trader's indicators for as many of the thirty features as it has."""

from __future__ import annotations

from nautilus_trader.indicators.averages import ExponentialMovingAverage, MovingAverageType, SimpleMovingAverage
from nautilus_trader.indicators.momentum import RateOfChange, RelativeStrengthIndex, Stochastics
from nautilus_trader.indicators.trend import MovingAverageConvergenceDivergence
from nautilus_trader.indicators.volatility import AverageTrueRange, BollingerBands


class Indicators:
    """Those of one timeframe, fed raw numbers; they are as close to the features as their arguments allow."""

    features = 16
    """Eight averages, RSI, MACD, %K, %D, ROC, ATR, %B and bandwidth; without MACD's signal and Williams %R."""

    def __init__(self) -> None:
        self.close = [SimpleMovingAverage(n) for n in (5, 10, 20, 50)]
        self.close += [ExponentialMovingAverage(n) for n in (5, 10, 20, 50)]
        self.close += [RelativeStrengthIndex(14, MovingAverageType.WILDER), RateOfChange(10)]
        self.close += [MovingAverageConvergenceDivergence(12, 26)]
        self.ranges = [Stochastics(14, 3), AverageTrueRange(14, MovingAverageType.WILDER), BollingerBands(20, 2.0)]

    def take(self, open: float, high: float, low: float, close: float, volume: float) -> None:
        """Advance over one bar, and read the values as a strategy would."""
        for indicator in self.close:
            indicator.update_raw(close)
            indicator.value  # noqa: B018 - reading costs as well
        for indicator in self.ranges:
            indicator.update_raw(high, low, close)
