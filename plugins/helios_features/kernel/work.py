"""Where columns stand while a tile is worked on; before they are features, some are what features are made of."""

from __future__ import annotations

import numpy as np

from helios_features.kernel.layout import FIXED, TILE

ONE = np.uint64(1)
(
    RETURN, LOGS, BELOW_MAX, RSI, MACD, SIGNALS, SLOW_KS, SLOW_DS, ROCS, WILLIAMS, ATR, PERCENT_B, BANDWIDTH,
    VOLATILITY, RATIO, SCORE, VWAP, SPREADS, DEPTHS, TICKS, SKEW, KURTOSIS, LOSSES, WEIGHTS, DELTAS,
) = (np.uint64(n * TILE) for n in range(FIXED + 3))  # fmt: skip
FREE = np.uint64((FIXED + 3) * TILE)
"""From here on sma_n and ema_n of each length in turn."""
