"""What an amount of one currency is worth in the report currency at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from helios_engine.bodies import Instrument


class Valuation:
    """Prices of `prices` (columns `instrument`, `price`; UTC index), looked up at or before a time.

    `rates` names the instrument that prices each currency other than the report's `currency`.
    """

    def __init__(
        self, currency: str, instruments: Iterable[Instrument], rates: Mapping[str, str], prices: pd.DataFrame
    ) -> None:
        self.currency = currency
        self._pairs = {known.instrument: (known.base, known.quote) for known in instruments}
        self._rates: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for money, instrument in rates.items():
            rows = prices[prices["instrument"] == instrument]
            times = pd.DatetimeIndex(rows.index).asi8
            self._rates[money] = (times, rows["price"].to_numpy(dtype=np.float64))

    def pair(self, instrument: str) -> tuple[str, str]:
        """Base and quote currency of an instrument; KeyError if the run did not define it."""
        return self._pairs[instrument]

    def rate(self, currency: str, ts: int) -> float:
        """Report currency per unit of `currency` at `ts` (ns UTC); NaN while no price is known."""
        if currency == self.currency:
            return 1.0
        times, values = self._rates.get(currency, (np.empty(0, np.int64), np.empty(0)))
        found = int(np.searchsorted(times, ts, side="right")) - 1
        return float(values[found]) if found >= 0 else math.nan
