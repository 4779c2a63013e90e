"""Imports into a catalog of a test's own, and bars that an independent parse expects."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helios_engine.catalog.importers.contract import Ask
from helios_engine.catalog.importers.run import import_paths
from helios_engine.catalog.store import Catalog, Dataset
from helios_engine.plugins import Plugins
from helios_engine.timeframe import timeframe_ns

REAL = os.environ.get("HELIOS_REAL_DATA")
real = pytest.mark.skipif(REAL is None, reason="needs HELIOS_REAL_DATA, the folder of real market data")
IMPORTERS = {name: offer.spec for name, offer in Plugins().offers("importer").items()}
FIELDS = ("open", "high", "low", "close", "volume")


def brought(folder: Path, *paths: Path, wanted: str | None = None, **ask: Any) -> list[Dataset]:
    """Import into a fresh catalog below a folder; the data sets in the order of their paths."""
    catalog = Catalog(folder / "catalog")
    import_paths(catalog, paths, IMPORTERS, Ask(**ask), wanted=wanted)
    return catalog.datasets()


def from_real(folder: Path, *names: str, wanted: str | None = None, **ask: Any) -> list[Dataset]:
    """Import files of the folder of real data, named from there."""
    return brought(folder, *(Path(str(REAL)) / name for name in names), wanted=wanted, **ask)


def same_bars(dataset: Dataset, opened: Any, frame: pd.DataFrame) -> None:
    """The bars are exactly those of a frame with FIELDS, opened at these times (ns), in order of time."""
    order = np.argsort(np.asarray(opened), kind="stable")
    begin = np.asarray(opened, np.int64)[order]
    length = timeframe_ns(dataset.manifest.timeframe)
    table = dataset.table()
    assert table.num_rows == len(frame)
    assert np.array_equal(table["ts_open"].to_numpy(), begin)
    assert np.array_equal(table["ts_close"].to_numpy(), begin + length)
    assert np.array_equal(table["ts"].to_numpy(), begin + length)
    for name in FIELDS:
        scale = dataset.manifest.size_scale if name == "volume" else dataset.manifest.price_scale
        expected = np.rint(frame[name].to_numpy(np.float64)[order] * 10.0**scale)
        found = table[name].to_numpy()
        assert np.array_equal(found, expected) or np.allclose(found, expected, rtol=2e-16 * 4, atol=0), name


def ns(times: Any) -> Any:
    """Times of pandas as ns UTC."""
    return pd.DatetimeIndex(times).as_unit("ns").asi8


def found(dataset: Dataset) -> dict[str, Any]:
    """What the import said, by kind."""
    return {issue.kind: issue for issue in dataset.manifest.issues if issue.origin == "import"}
