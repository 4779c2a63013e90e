"""Formulas over returns and equity, each undefined where it means nothing.

Returns are fractions of one period, `periods` the number of them in a year. Undefined is None.
Sharpe and Sortino: W. F. Sharpe, "The Sharpe Ratio", J. Portfolio Management 21(1), 1994, and
F. A. Sortino and L. N. Price, "Performance Measurement in a Downside Risk Framework",
J. Investing 3(3), 1994; the risk-free rate and the target are 0.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Times = NDArray[np.int64]


def volatility(returns: Floats, periods: float = 365.0) -> float | None:
    """Sample standard deviation (ddof 1) of the returns, annualised; None below two returns."""
    if returns.size < 2:
        return None
    return float(np.std(returns, ddof=1) * math.sqrt(periods))


def sharpe(returns: Floats, periods: float = 365.0) -> float | None:
    """Mean over sample standard deviation (ddof 1), annualised; None below two returns or without spread."""
    if returns.size < 2 or np.ptp(returns) == 0:
        return None
    return float(np.mean(returns) / np.std(returns, ddof=1) * math.sqrt(periods))


def sortino(returns: Floats, periods: float = 365.0) -> float | None:
    """Mean over the root mean square of negative returns, taken over all N returns; None without a loss."""
    downside = math.sqrt(float(np.mean(np.minimum(returns, 0.0) ** 2))) if returns.size else 0.0
    if returns.size < 2 or downside == 0:
        return None
    return float(np.mean(returns)) / downside * math.sqrt(periods)


def growth(factor: float, years: float) -> float | None:
    """The yearly growth rate that makes `factor` in `years`; None for a lost account or no time."""
    if factor <= 0 or years <= 0:
        return None
    exponent = math.log(factor) / years
    return math.expm1(exponent) if exponent < 700 else None


def calmar(yearly: float | None, drawdown: float | None) -> float | None:
    """Yearly growth over the depth of the deepest drawdown; None without either."""
    if yearly is None or not drawdown:
        return None
    return yearly / abs(drawdown)


def drawdowns(equity: Floats) -> Floats:
    """Distance from the highest equity so far, a fraction at or below 0; NaN where that was not above 0."""
    peaks = np.maximum.accumulate(equity)
    return np.divide(equity, peaks, out=np.full_like(equity, np.nan), where=peaks > 0) - 1.0


def deepest(ts: Times, equity: Floats) -> tuple[float, int] | None:
    """The deepest drawdown (≤ 0) and its duration in ns from the peak until it was made good, or the end.

    None if the equity is empty or starts at or below 0; a drawdown of 0 lasts 0.
    """
    if not equity.size or equity[0] <= 0:
        return None
    depth = drawdowns(equity)
    low = int(np.argmin(depth))
    if depth[low] == 0:
        return 0.0, 0
    high = int(np.flatnonzero(depth[:low] == 0)[-1])
    healed = np.flatnonzero(depth[low:] == 0)
    end = low + int(healed[0]) if healed.size else equity.size - 1
    return float(depth[low]), int(ts[end] - ts[high])
