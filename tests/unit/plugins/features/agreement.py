"""Each column beside its reference: `python -m tests.unit.plugins.features.agreement` prints the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from helios_engine.timeframe import duration_text
from helios_features.technical import Technical
from tests.unit.plugins.features.markets import MINUTE, REAL, columns, generated, larger, real_minutes, real_quarters
from tests.unit.plugins.features.references import references


class Agreement(NamedTuple):
    """How far one column is from its reference; `difference` in the measure of the tolerance."""

    column: str
    by: str
    tolerance: float
    difference: float
    rows: int
    missing: int
    """Rows after warm-up in which the reference has a value and we have none, or the other way."""

    @property
    def holds(self) -> bool:
        """Whether it is within the tolerance wherever there is a value, and there is one wherever there should be."""
        return self.difference <= self.tolerance and self.missing == 0 and self.rows > 0


def agreements(frame: pd.DataFrame, minutes: tuple[int, ...] = (1, 5, 15)) -> Iterator[Agreement]:
    """Compare all columns that bars give on all timeframes; bars may not have gaps of more than `max_gap`."""
    names = tuple(duration_text(m * MINUTE) for m in minutes)
    stage = Technical(timeframes=names)
    table = stage.fresh().table(columns(frame))
    found = dict(zip(stage.schema.columns, table.T, strict=True))
    for name, length in zip(names, minutes, strict=True):
        bars = frame if length == minutes[0] else larger(frame, length, minutes[0])
        known = np.arange(len(frame))
        if length != minutes[0]:
            # The row at t has the last larger bar known by then.
            known = np.searchsorted(bars["ts_known"].to_numpy(), frame["ts_open"].to_numpy(), side="right") - 1
        for column, reference in references(bars, length * MINUTE).items():
            expected = np.append(reference.values, np.nan)[known]
            yield _compared(f"{name}_{column}", found[f"{name}_{column}"], expected, known, reference)


def _compared(column: str, ours: np.ndarray, expected: np.ndarray, known: np.ndarray, reference: object) -> Agreement:
    by, tolerance, warm = reference.by, reference.tolerance, reference.warm  # type: ignore[attr-defined]
    both = np.isfinite(ours) & np.isfinite(expected)
    scale = np.maximum(1.0, np.abs(expected[both]))
    difference = float(np.max(np.abs(ours[both] - expected[both]) / scale, initial=0.0))
    # TA-Lib keeps back slow_k until slow_d is there as well.
    late = 17 if "slow_k" in column else 33 if "macd_signal" in column else max(warm, 0)
    missing = int(np.count_nonzero((np.isfinite(ours) != np.isfinite(expected)) & (known >= late)))
    early = int(np.count_nonzero(np.isfinite(ours) & (known < warm)))
    return Agreement(column, by, tolerance, difference, int(np.count_nonzero(both)), missing + early)


def main() -> None:
    """Print the tables, for generated bars and, with HELIOS_REAL_DATA, for real ones."""
    tables = {"generated, 1m with gaps": (generated(), (1, 5, 15))}
    if REAL is not None:
        tables["UNITTEST/BTC 1m 2017-11, real"] = (real_minutes(), (1, 5, 15))
        tables["BTCUSDT 15m 2025, real"] = (real_quarters(), (15, 60, 240))
    for title, (frame, minutes) in tables.items():
        print(
            f"{title}, {len(frame):,} bars\n{'feature':<24}{'reference':<22}{'tolerance':>10}{'largest':>10}{'rows':>9}"
        )
        for a in agreements(frame, minutes):
            said = f"{a.tolerance:>10.0e}{a.difference:>10.1e}{a.rows:>9,}"
            print(f"{a.column:<24}{a.by:<22}{said}{'' if a.holds else f'  NO, {a.missing} rows on one side only'}")
        print()


if __name__ == "__main__":
    main()
