"""Help for tests of importers: run a real import into a temporary catalog and read its rows back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from helios_engine.catalog.importers.contract import Ask, ImporterSpec
from helios_engine.catalog.importers.run import import_paths
from helios_engine.catalog.manifest import Issue, Manifest
from helios_engine.catalog.plugin import helios_importers
from helios_engine.catalog.store import Catalog

REAL = os.environ.get("HELIOS_REAL_DATA")
real = pytest.mark.skipif(REAL is None, reason="needs HELIOS_REAL_DATA, the folder of real market data")
Row = tuple[Any, ...]


def imported(folder: Path, *paths: Path, wanted: str | None = None, **asked: Any) -> dict[str, Manifest]:
    """The data sets of an import, by kind and name."""
    specs: dict[str, ImporterSpec] = {spec.name: spec for spec in helios_importers()}
    found = import_paths(Catalog(folder / "catalog"), list(paths), specs, Ask(**asked), wanted=wanted)
    return {f"{m.kind} {m.name}": m for m in found.datasets}


def rows(folder: Path, kind: str, name: str) -> list[Row]:
    """Every row of a data set, its numbers as Decimal."""
    dataset = Catalog(folder / "catalog").dataset(kind, name)
    table = dataset.table()
    return list(zip(*(_values(table, column, dataset.manifest) for column in table.column_names), strict=True))


def issues(manifest: Manifest) -> dict[str, Issue]:
    """What the import itself found, by kind."""
    return {issue.kind: issue for issue in manifest.issues if issue.origin == "import"}


def real_path(*parts: str) -> Path:
    assert REAL is not None
    return Path(REAL, *parts)


def _values(block: Any, column: str, manifest: Manifest) -> Sequence[Any]:
    values: list[Any] = block[column].to_pylist()
    if column in ("price", "bid", "ask"):
        return [Decimal(v).scaleb(-manifest.price_scale) for v in values]
    if column in ("quantity", "bid_quantity", "ask_quantity"):
        return [Decimal(v).scaleb(-manifest.size_scale) for v in values]
    return values
