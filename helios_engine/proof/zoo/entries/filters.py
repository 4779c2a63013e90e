"""Filters that look both ways: Fourier and Hilbert transforms of the whole series, polynomials through its middle."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.frames import BarColumn
from helios_engine.proof.zoo.runs import FEED_RUN, LISTENING
from helios_engine.stage import FeedSpec

VALUE, FIRST = "Features.values[0]", "2026-01-05T01:00:00Z"


class LowPass(BarColumn):
    """Noise removed by a Fourier transform of the whole series."""

    def column(self, bars: pd.DataFrame) -> Any:
        """The lowest twenty frequencies, transformed back."""
        spectrum = np.fft.rfft(bars["close"].to_numpy())
        spectrum[20:] = 0
        return np.fft.irfft(spectrum, len(bars))


class OnePole(BarColumn):
    """Noise removed by a recursive filter of the past: y += (x - y) / 8."""

    def column(self, bars: pd.DataFrame) -> Any:
        """A one-pole low-pass."""
        found, state = [], float(bars["close"].iloc[0])
        for close in bars["close"].tolist():
            state += (close - state) / 8
            found.append(state)
        return found


class SavitzkyGolay(BarColumn):
    """A quadratic through the eleven closes around each one, as `savgol_filter(close, 11, 2)` gives."""

    def column(self, bars: pd.DataFrame) -> Any:
        """The value of the fit in the middle of its window; Savitzky and Golay, Anal. Chem. 36 (1964)."""
        return bars["close"].rolling(11, center=True).apply(lambda y: _fit(y, 0), raw=True)


class EndPointFit(BarColumn):
    """A quadratic through the last eleven closes, at their end."""

    def column(self, bars: pd.DataFrame) -> Any:
        """The value of the fit at the newest point."""
        return bars["close"].rolling(11).apply(lambda y: _fit(y, 5), raw=True)


class Envelope(BarColumn):
    """The amplitude of the price's swings by a Hilbert transform of the whole series."""

    def column(self, bars: pd.DataFrame) -> Any:
        """|analytic signal| of the close less its mean; the transform is a Fourier transform of all rows."""
        close = bars["close"].to_numpy() - bars["close"].iloc[0]
        spectrum = np.fft.fft(close)
        half = len(close) // 2
        spectrum[1:half] *= 2
        spectrum[half + 1 :] = 0
        return np.abs(np.fft.ifft(spectrum))


def _fit(window: Any, at: int) -> float:
    """The value at `at`, from -5 to 5, of the quadratic through eleven values, by orthogonal polynomials on -5 … 5.

    In plain Python: a product of matrices may differ in its last digit from one machine to another.
    """
    weights = [1 / 11 + at * x / 110 + (at * at - 10) * (x * x - 10) / 858 for x in range(-5, 6)]
    return math.fsum(w * y for w, y in zip(weights, window.tolist(), strict=True))


def _entry(name: str, about: str, leak: type, twin: type | None, first: str = FIRST, horizon: Any = "end") -> Entry:
    twins = (FeedSpec(f"zoo.{twin.__name__.lower()}", twin),) if twin is not None else ()
    spec = FeedSpec(f"zoo.{leak.__name__.lower()}", leak)
    return Entry(name, about, FEED_RUN, spec, twins, Label(VALUE, first, horizon), (LISTENING,))


ENTRIES = (
    _entry("fourier", "a low-pass by FFT of all data", LowPass, OnePole),
    _entry("savitzky_golay", "a centred polynomial filter", SavitzkyGolay, EndPointFit, "2026-01-05T06:00:00Z", 5),
    _entry("hilbert", "an envelope by Hilbert transform of all data", Envelope, None),
)
