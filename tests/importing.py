"""Imports into a catalog of a test's own, through every importer that is installed."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from helios_engine.catalog.importers.contract import Ask, ImporterSpec
from helios_engine.catalog.importers.run import Outcome, import_paths
from helios_engine.catalog.store import Catalog, Dataset
from helios_engine.plugins import Plugins

REAL = os.environ.get("HELIOS_REAL_DATA")


def real(test: Any) -> Any:
    """Mark a test that reads real market data; it is skipped by name without it."""
    skip = pytest.mark.skipif(REAL is None, reason="needs HELIOS_REAL_DATA, the folder of real market data")
    return pytest.mark.real_data(skip(test))


def real_file(name: str) -> Path:
    """A file of the real data."""
    return Path(str(REAL)) / name


@cache
def importers() -> dict[str, ImporterSpec]:
    """Every importer that is installed."""
    return {name: offer.spec for name, offer in Plugins().offers("importer").items()}


def imported(root: Path, *paths: Path, wanted: str | None = None, replace: bool = False, **ask: Any) -> Outcome:
    """Import files into the catalog at `root`, as `data import` does."""
    return import_paths(Catalog(root), paths, importers(), Ask(**ask), wanted=wanted, replace=replace)


def only(root: Path) -> Dataset:
    """The one data set of a catalog."""
    (found,) = Catalog(root).datasets()
    return found


def real_units(dataset: Dataset) -> pd.DataFrame:
    """Rows with prices and quantities as floats in real units."""
    m = dataset.manifest
    frame = dataset.table().to_pandas()
    for names, scale in (
        (("open", "high", "low", "close", "price", "bid", "ask", "rate"), m.price_scale),
        (("volume", "quantity", "bid_quantity", "ask_quantity"), m.size_scale),
    ):
        for name in set(names) & set(frame):
            frame[name] = frame[name] / 10**scale
    return frame
