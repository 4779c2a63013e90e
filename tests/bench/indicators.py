"""nautilus_trader's indicators for as many of the thirty features as it has."""

from __future__ import annotations

from nautilus_trader.indicators.averages import ExponentialMovingAverage, MovingAverageType, SimpleMovingAverage
from nautilus_trader.indicators.momentum import RateOfChange, RelativeStrengthIndex, Stochastics
from nautilus_trader.indicators.trend import MovingAverageConvergenceDivergence
from nautilus_trader.indicators.volatility import AverageTrueRange, BollingerBands
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.objects import Price, Quantity


def nautilus_bars(name: str, rows: list[tuple[float, ...]]) -> list[Bar]:
    """Bars as nautilus hands them to a strategy."""
    kind = BarType.from_str(f"BTCUSDT.BENCH-{name}-LAST-EXTERNAL")
    return [Bar(kind, *(Price(x, 4) for x in prices), Quantity(v, 6), n, n) for n, (*prices, v) in enumerate(rows)]


class Indicators:
    """Those of one timeframe, fed bars as a strategy is; they are as close to the features as their arguments allow."""

    features = 16
    """Eight averages, RSI, MACD, %K, %D, ROC, ATR, %B and bandwidth; without MACD's signal and Williams %R."""

    def __init__(self) -> None:
        self.averages = [SimpleMovingAverage(n) for n in (5, 10, 20, 50)]
        self.averages += [ExponentialMovingAverage(n) for n in (5, 10, 20, 50)]
        self.rsi, self.roc = RelativeStrengthIndex(14, MovingAverageType.WILDER), RateOfChange(10)
        self.macd, self.stochastics = MovingAverageConvergenceDivergence(12, 26), Stochastics(14, 3)
        self.atr, self.bands = AverageTrueRange(14, MovingAverageType.WILDER), BollingerBands(20, 2.0)
        self.all = [*self.averages, self.rsi, self.roc, self.macd, self.stochastics, self.atr, self.bands]

    def take(self, bar: Bar) -> list[float]:
        """Advance over one bar; return the features."""
        for indicator in self.all:
            indicator.handle_bar(bar)
        close, bands = bar.close.as_double(), self.bands
        width = bands.upper - bands.lower
        row = [close / average.value - 1.0 for average in self.averages]
        row += [100.0 * self.rsi.value, 100.0 * self.roc.value, self.macd.value / close, self.stochastics.value_k]
        row += [self.stochastics.value_d, self.atr.value / close, (close - bands.lower) / width if width else 0.5]
        row.append(width / bands.middle)
        return row
