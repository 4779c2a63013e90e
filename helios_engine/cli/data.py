"""`helios-engine data …`: bring market data in, look at it, mend it, take it out."""

from __future__ import annotations

from typing import Any

import click

from helios_engine.cli.lazy import LazyGroup
from helios_engine.cli.output import as_json, catalog_place, data_catalog, print_json

_HERE = "helios_engine.cli"
_VERBS = {
    "import": (f"{_HERE}.data_import:import_files", "Read vendors' files into the catalog."),
    "check": (f"{_HERE}.data_check:check", "Check data again, and say how good each day is."),
    "download": (f"{_HERE}.data_download:download", "Fetch public history and import it."),
    "export": (f"{_HERE}.data_export:export", "Write a data set as CSV, Parquet or a nautilus catalog."),
    "features": (f"{_HERE}.data_features:features", "Compute a config's features once and store them."),
    "formats": (f"{_HERE}.data_import:formats", "List the file formats that can be imported."),
    "generate": (f"{_HERE}.data_generate:generate_data", "Write a seeded market."),
    "record": (f"{_HERE}.data_record:record", "Record live market data."),
    "sql": (f"{_HERE}.data_sql:sql", "Ask the catalog in SQL."),
    "repair": (f"{_HERE}.data_repair:repair", "Fill gaps, drop or set rows; both values are kept."),
    "log": (f"{_HERE}.data_log:log", "List, check, parse again or compact a recording."),
    "ls": (f"{_HERE}.data:list_data", "List the data sets of a catalog."),
}


@click.group(cls=LazyGroup, verbs=_VERBS)
def data() -> None:
    """Import, check, query and generate market data."""


@click.command("ls")
@data_catalog
@as_json
def list_data(catalog: str | None, as_json: bool) -> int:
    """Every data set: kind, name, rows, span, issues."""
    from helios_engine.catalog.store import Catalog

    root = catalog_place(catalog)
    catalog_here = Catalog(root)
    manifests = [dataset.manifest for dataset in catalog_here.datasets()]
    if as_json:
        print_json([described(manifest) for manifest in manifests])
    elif not manifests:
        click.echo(f"no data under {root}; `helios-engine data import …` or `helios-engine data generate` brings some")
        for url in catalog_here.inside():
            click.echo(f"another catalog lies at {url}: --catalog {url!r}")
    else:
        for manifest in manifests:
            click.echo(line(manifest))
    return 0


def described(manifest: Any) -> dict[str, Any]:
    """A data set for machines."""
    return {
        "kind": manifest.kind,
        "instrument": manifest.name,
        "timeframe": manifest.timeframe,
        "rows": manifest.rows,
        "first": manifest.first,
        "last": manifest.last,
        "issues": len(manifest.issues),
        "quarantined": sum(i.state == "quarantined" for i in manifest.issues),
        "revision": manifest.revision,
        "clock_offset": manifest.clock_offset,
        "source": manifest.source,
        "digest": manifest.digest,
    }


def line(manifest: Any) -> str:
    """A data set for people."""
    from helios_engine.timeframe import iso

    name = f"{manifest.kind:<11} {manifest.name:<20} {manifest.timeframe:<4}"
    span = f"{iso(manifest.first)} … {iso(manifest.last)}"
    return f"{name} {manifest.rows:>10,} rows  {span}  {len(manifest.issues)} issues  {manifest.digest[:12]}"
