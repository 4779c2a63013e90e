"""Market data at rest: Parquet with int64 and a scale, a manifest, importers and a generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from helios_engine.catalog.opening import OpenCatalog


def open(location: str | Path | None = None) -> OpenCatalog:  # noqa: A001 - read as `catalog.open`
    """A catalog to look into from a notebook: a folder, an fsspec URL, or by default the setting `catalog`.

    Raises DataError if there is no such place.
    """
    from helios_engine.catalog.opening import open_catalog

    return open_catalog(location)
