"""What the zoo's plugins share with many real ones: bars of the catalog as a pandas frame, and a feed of one column."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from helios_engine.bodies import Features, Instrument, Schema
from helios_engine.catalog.store import Catalog
from helios_engine.proof.zoo.market import BTC
from helios_engine.stage import Pin

if TYPE_CHECKING:
    import pandas as pd

COLUMN = Schema("zoo.column/1", ("value",))


def bars_frame(catalog: str, instrument: str = BTC, timeframe: str = "1h") -> pd.DataFrame:
    """All bars of a data set: `ts`, `ts_open`, `ts_close` (ns UTC), prices and volume as floats, in order of `ts`."""
    import pandas as pd  # here, because many plugins of the zoo, each in fresh processes, can do without

    dataset = Catalog(catalog).dataset("bars", instrument, timeframe)
    table, scales = dataset.table(), dataset.manifest
    frame = pd.DataFrame({name: table[name].to_numpy() for name in table.column_names})
    for name in ("open", "high", "low", "close"):
        frame[name] = frame[name] / 10.0**scales.price_scale
    frame["volume"] = frame["volume"] / 10.0**scales.size_scale
    return frame


class BarColumn:
    """A feed that computes one pandas column over the bars of the catalog and yields a row when its bar is known."""

    def __init__(self, catalog: str, instrument: str = BTC, timeframe: str = "1h") -> None:
        self.catalog, self.instrument, self.timeframe = catalog, instrument, timeframe
        self.dataset = Catalog(catalog).dataset("bars", instrument, timeframe)

    def column(self, bars: pd.DataFrame) -> Any:
        """The column, one value a bar; NaN where there is none."""
        raise NotImplementedError

    def pin(self) -> Pin:
        """That of the bars."""
        m = self.dataset.manifest
        return Pin(m.digest, m.rows, m.first, m.last)

    def instruments(self) -> Iterable[Instrument]:
        """None: the bars' own feed says it."""
        return []

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Features]]:
        """One row of features a bar that has a value."""
        bars = bars_frame(self.catalog, self.instrument, self.timeframe)
        for ts, value in zip(bars["ts"].tolist(), list(self.column(bars)), strict=True):
            if start <= ts < stop and value is not None and math.isfinite(value):
                yield ts, Features.of(self.instrument, COLUMN, [float(value)], self.timeframe)
