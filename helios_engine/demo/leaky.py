"""A smoothed trend as it is often written in pandas, and the bug that makes it rich: the window is centred."""

from __future__ import annotations

from collections.abc import Iterator

from helios_engine.bodies import Bar, Signal
from helios_engine.events import Event


class CentredTrend:
    """Long while the smoothed close rises. The smoothing takes twelve bars from before, and twelve from after."""

    consumes = Bar

    def __init__(self, catalog: str, window: int = 25) -> None:
        self.catalog, self.window = catalog, window
        self.signals: dict[str, dict[int, float]] = {}

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        bar = event.body
        if bar.instrument not in self.signals:
            self.signals[bar.instrument] = self._precompute(bar.instrument, bar.timeframe)
        yield Signal(bar.instrument, self.signals[bar.instrument][event.ts])

    def _precompute(self, instrument: str, timeframe: str) -> dict[int, float]:
        from helios_engine.catalog import open as open_catalog

        frame = open_catalog(self.catalog).bars(instrument, timeframe)
        smooth = frame["close"].rolling(self.window, center=True, min_periods=1).mean()  # the bug: center=True
        rising = (smooth.diff() > 0).astype(float)
        return dict(zip(frame.index.astype("int64"), rising, strict=True))
