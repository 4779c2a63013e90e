"""Thirty features on each of several timeframes."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from helios_engine.timeframe import DAY, timeframe_ns
from helios_features.periods import Periods
from helios_features.stage import FeatureStage, Kernel

TIMEFRAMES = ("1m", "5m", "15m")
_USUAL = Periods()


class Technical(FeatureStage):
    """One row for each bar of the smallest timeframe: thirty features on each of `timeframes`, ninety by default.

    c, h, l, v are close, high, low and base volume; a window of n ends with the bar itself. Values come as soon as
    their window is full; where a definition has no value (or only an infinite one), it is masked.

    Price
      * return = c / c[−1] − 1; log_return = ln(c / c[−1]).
      * close_to_max_n = c / highest close of n − 1. (A z-score of the close would say the same as percent_b.)
    Averages, for each n of `averages`
      * sma_n = c / mean of n closes − 1.
      * ema_n = c / EMA − 1, alpha 2/(n+1), begun as the mean of the first n closes (TA-Lib; pandas and Achelis begin
        with the first close). After k more bars the beginning weighs (1 − alpha)^k: for n = 50, 1e-6 after 345.
    Momentum
      * rsi_n, 0 … 100 (Wilder 1978): gains and losses begin as means of the first n changes, then alpha 1/n; 100
        without a loss, 50 without a change (TA-Lib says 0).
      * macd_f_s = (EMA of f − EMA of s) / c, macd_signal_n = EMA of n of that difference / c. As in TA-Lib both
        averages begin at bar s, as means of the last f and s closes, and the signal as the mean of its first n values.
      * slow_k_n = mean of `smooth` of 100 (c − L) / (H − L), H and L the highest high and lowest low of n; 50 where H
        = L (TA-Lib: 0). slow_d_n = mean of `smooth` slow_k (Lane).
      * roc_n = 100 (c / c[−n] − 1). williams_r_n = −100 (H − c) / (H − L); −50 where H = L (TA-Lib: 0).
    Volatility
      * atr_n = Wilder's average of the true range / c, begun as the mean of the first n ranges from the second bar on
        (TA-Lib; Achelis counts the first bar's high − low).
      * percent_b_n = (c − lower) / (upper − lower), bandwidth_n = (upper − lower) / middle: bands `width` standard
        deviations (ddof 0) around the mean of n closes (Bollinger 2001); 0.5 and 0 in a flat window.
      * volatility_n = standard deviation (ddof 1) of n log returns × √(bars in 365 days).
    Volume
      * volume_ratio_n = v / mean of n volumes; masked if all are 0. volume_z_n = (v − mean) / standard deviation (ddof
        0) of n volumes; 0 if all are equal.
      * vwap_deviation = c / (Σ typical·v / Σ v) − 1, typical = (h + l + c) / 3, summed since the last multiple of
        `anchor` since 1970 (with "1d": 00:00 UTC), over bars that open at or after it. Bars without volume change
        nothing; masked until an anchor was passed and something traded.
    Microstructure: see `Microstructure`. Masked without quotes, books and trades. On a larger timeframe each is the
      mean over those of its bars that have it. What was heard more than `max_age` ago is not known.
      * spread_bps, depth_imbalance of the first `levels` levels, tick_direction.
    Statistics, of n log returns
      * skew_n, kurtosis_n: bias-corrected G1 and G2 (excess), as pandas; masked where nothing varies (pandas: 0, −3).

    The schema is `technical/1`; with other settings the name gets a digest of them.
    """

    def __init__(
        self,
        timeframes: tuple[str, ...] = TIMEFRAMES,
        averages: tuple[int, ...] = _USUAL.averages,
        highest: int = _USUAL.highest,
        rsi: int = _USUAL.rsi,
        macd: tuple[int, int, int] = (_USUAL.fast, _USUAL.slow, _USUAL.signal),
        stochastic: tuple[int, int] = (_USUAL.stochastic, _USUAL.smooth),
        roc: int = _USUAL.roc,
        williams: int = _USUAL.williams,
        atr: int = _USUAL.atr,
        bollinger: int = _USUAL.bollinger,
        width: float = _USUAL.width,
        volatility: int = _USUAL.volatility,
        volume: int = _USUAL.volume,
        moments: int = _USUAL.moments,
        anchor: str = "1d",
        max_gap: int = 60,
        levels: int = 5,
        max_age: str = "5m",
    ) -> None:
        from helios_features.kernel.layout import layout
        from helios_features.kernel.turn import machine, turn

        periods = Periods(
            averages,
            highest,
            rsi,
            *macd,
            *stochastic,
            roc,
            williams,
            atr,
            bollinger,
            width,
            volatility,
            volume,
            moments,
        ).checked()
        length = timeframe_ns(anchor)
        if any(length % timeframe_ns(name) for name in timeframes):
            raise ValueError(
                f"expected an anchor that is a multiple of every timeframe, found {anchor!r} for {timeframes}"
            )
        said = (timeframes, periods, length, max_gap, levels, max_age)
        usual = said == (TIMEFRAMES, _USUAL, DAY, 60, 5, "5m")
        name = (
            "technical/1" if usual else f"technical/1:{hashlib.blake2b(repr(said).encode(), digest_size=6).hexdigest()}"
        )

        whole = layout(periods)

        def settings(bar: int) -> NDArray[np.float64]:
            return layout(periods._replace(anchor=length // bar, year=365 * DAY / bar)).settings

        super().__init__(
            Kernel(name, lambda _: periods.columns, turn, settings, whole.memory, machine(whole.memory, periods)),
            timeframes, max_gap, levels, max_age,
        )  # fmt: skip
