"""`helios-engine data sql`"""

from __future__ import annotations

import math
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from helios_engine.cli.output import as_json, catalog_place, data_catalog, print_json


@click.command("sql")
@click.argument("query")
@click.option(
    "--csv", "csv_path", type=click.Path(path_type=Path, dir_okay=False), default=None, help="Write the answer there."
)
@click.option("--replace", is_flag=True, help="Overwrite the file of --csv.")
@click.option("--rows", type=click.IntRange(1), default=100, show_default=True, help="Most rows to print as a table.")
@data_catalog
@as_json
def sql(query: str, csv_path: Path | None, replace: bool, rows: int, catalog: str | None, as_json: bool) -> int:
    """Answer QUERY, one SELECT over the views bars, trades, quotes, books, funding, features, issues, instruments.

    Prices and quantities are in real units; `ts` is nanoseconds UTC, `time` the same as a timestamp. A condition on
    `ts` reads only the files that it touches. `DESCRIBE bars` shows a view's columns.
    """
    from helios_engine.catalog import open as open_catalog
    from helios_engine.catalog.queries import sql as answer

    table = answer(open_catalog(catalog_place(catalog)).catalog, query)
    if csv_path is not None:
        _write_csv(table, csv_path, replace)
        click.echo(f"{table.num_rows:,} rows written to {csv_path}", err=True)
    if as_json:
        print_json([{name: _plain(value) for name, value in row.items()} for row in table.to_pylist()])
    elif csv_path is None:
        for line in aligned(table.column_names, [list(row.values()) for row in table.slice(0, rows).to_pylist()]):
            click.echo(line)
        if table.num_rows > rows:
            click.echo(f"{rows:,} of {table.num_rows:,} rows; --rows shows more, --csv PATH writes all", err=True)
    return 0


def aligned(names: list[str], rows: list[list[Any]]) -> list[str]:
    """Lines of a table: numbers to the right, all else to the left."""
    cells = [[_shown(value) for value in row] for row in rows]
    widths = [max([len(name), *(len(row[n]) for row in cells)]) for n, name in enumerate(names)]
    right = [
        all(isinstance(row[n], int | float | Decimal | None) for row in rows) and bool(rows) for n in range(len(names))
    ]
    return [
        "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, widths, right, strict=True)).rstrip()
        for line in [names, ["-" * width for width in widths], *cells]
    ]


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.12g}"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _plain(value: Any) -> Any:
    """What JSON holds: no NaN, times as ISO text, exact numbers as text unless they are whole."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _write_csv(table: Any, path: Path, replace: bool) -> None:
    import pyarrow as pa
    import pyarrow.csv as csv

    from helios_engine.catalog.exact import whole_file
    from helios_engine.errors import ConfigError

    with whole_file(path, replace=replace) as draft:
        try:
            csv.write_csv(table, draft)
        except pa.ArrowException as error:
            raise ConfigError(f"--csv: {str(error).splitlines()[0]}; cast that column to VARCHAR") from None
