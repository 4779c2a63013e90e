"""`helios-engine data export`"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from helios_engine.cli.output import Progress, as_json, catalog_place, data_catalog, print_json


@click.command("export")
@click.argument("kind")
@click.argument("name")
@click.argument("timeframe", default="")
@click.option("--to", "form", type=click.Choice(["nautilus", "csv", "parquet"]), required=True)
@click.option("--path", type=click.Path(path_type=Path), required=True, help="A file; for nautilus a folder.")
@click.option("--start", default=None, help="First time, such as 2024-01-31 or 2024-01-31T09:00 (UTC).")
@click.option("--stop", default=None, help="Rows from this time on are left out.")
@click.option("--replace", is_flag=True, help="Overwrite what is there.")
@data_catalog
@as_json
def export(
    kind: str,
    name: str,
    timeframe: str,
    form: Any,
    path: Path,
    start: str | None,
    stop: str | None,
    replace: bool,
    catalog: str | None,
    as_json: bool,
) -> int:
    """Write a data set, such as `bars BTCUSDT.BINANCE 1h`, exactly: no number passes through a float.

    csv: plain decimal text, times in ns and ISO. parquet: decimals and timestamps. nautilus: into a
    ParquetDataCatalog, with the instrument; bars, trades and quotes.
    """
    from helios_engine.catalog import exporting
    from helios_engine.catalog import open as open_catalog

    dataset = open_catalog(catalog_place(catalog)).catalog.dataset(kind, name, timeframe)
    begin, end = _time("--start", start, 0), _time("--stop", stop, 2**63 - 1)
    progress = Progress(f"exporting {dataset.name}")
    try:
        rows = exporting.export(dataset, form, path, begin, end, replace=replace, progress=progress)
    finally:
        progress.done()
    if as_json:
        print_json({"dataset": dataset.name, "to": form, "path": str(path), "rows": rows})
    else:
        click.echo(f"{dataset.name}: {rows:,} rows written to {path}")
    return 0


def _time(flag: str, text: str | None, missing: int) -> int:
    from helios_engine.errors import ConfigError
    from helios_engine.timeframe import parse_time

    try:
        return missing if text is None else parse_time(text)
    except ValueError:
        raise ConfigError(f"{flag} {text!r}: expected a time such as 2024-01-31T09:00") from None
