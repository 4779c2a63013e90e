"""From a run folder's tables to its metrics; writes trades.parquet and legs.parquet on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from helios_engine.bodies import Instrument
from helios_engine.files import storage_error
from helios_engine.report.breakdown import Breakdown, breakdown
from helios_engine.report.excursions import with_excursions
from helios_engine.report.frames import Frames
from helios_engine.report.metrics import Metrics, measure
from helios_engine.report.round_trips import LEGS, TRADES, round_trips, table
from helios_engine.report.valuation import Valuation


class Measured(NamedTuple):
    """What a run came to, and where its result went."""

    metrics: Metrics
    breakdown: Breakdown


def measure_run(
    folder: Path,
    instruments: Iterable[Instrument],
    currency: str,
    rates: Mapping[str, str] | None = None,
    unfunded: tuple[str, ...] = (),
) -> Measured:
    """Measure the run in `folder`, whose tables of `results` are written.

    `currency` is the report currency; `rates` names the instrument that prices each other one, as
    the config's `[account]` does, and `unfunded` the perpetuals without funding in the data. Raises
    JournalError for a missing table, StorageError when full.
    """
    frames = Frames(folder)
    valuation = Valuation(currency, instruments, rates or {}, frames.prices)
    ends = [pd.DatetimeIndex(frame.index).asi8[-1] for frame in (frames.equity, frames.fills) if len(frame)]
    trips, fills = round_trips(frames.fills, valuation, int(max(ends, default=0)))
    _write(folder / "trades.parquet", table(with_excursions(trips, frames.prices), TRADES))
    _write(folder / "legs.parquet", table(fills, LEGS))
    metrics = measure(frames.equity, trips, fills)
    found = breakdown(metrics, frames.orders, frames.funding, frames.legs, frames.volumes, valuation, unfunded=unfunded)
    return Measured(metrics, found)


def _write(path: Path, rows: pa.Table) -> None:
    try:
        pq.write_table(rows, path, compression="zstd")
    except OSError as error:
        path.unlink(missing_ok=True)
        raise storage_error(path, error) from error
