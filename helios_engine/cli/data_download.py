"""`helios-engine data download`"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from helios_engine.cli.output import Progress, as_json, catalog_place, data_catalog, print_json

if TYPE_CHECKING:
    from helios_engine.catalog.importers.contract import Ask


@click.command("download")
@click.argument("source")
@click.argument("symbol")
@click.option("--kind", type=click.Choice(["bars", "trades", "agg_trades"]), default="bars", show_default=True)
@click.option("--timeframe", default=None, help="Of bars: 1m, 1h, 1d …")
@click.option("--start", required=True, help="First moment, ISO, UTC.")
@click.option("--stop", default=None, help="First moment that is not wanted; default: now.")
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), default=Path("downloads"), show_default=True
)
@click.option("--no-import", is_flag=True, help="Only fetch the vendor's files.")
@click.option("--base-url", default=None, help="Another server that speaks the same: a mirror, or a test.")
@click.option("--maker-fee", default="0", help="As a fraction: 0.001 is 0.1 %.")
@click.option("--taker-fee", default="0", help="As a fraction: 0.001 is 0.1 %.")
@data_catalog
@as_json
def download(
    source: str, symbol: str, kind: str, timeframe: str | None, start: str, stop: str | None, folder: Path,
    no_import: bool, base_url: str | None, maker_fee: str, taker_fee: str, catalog: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Fetch public history of SYMBOL from SOURCE, whole files at a time, and import it.

    SOURCE is a vendor that a plugin offers, such as binance or valr; a wrong one is answered with all there are.
    May be stopped and called again at any time: what is whole is kept, what was cut goes on. Days that are not
    over are fetched again each time, and go on where they ended. What the source does not have is named.
    """
    from helios_engine.catalog.download import Download, fetch
    from helios_engine.catalog.importers.contract import Ask
    from helios_engine.errors import ConfigError
    from helios_engine.timeframe import parse_time

    try:
        begin, end = parse_time(start), parse_time(stop) if stop is not None else time.time_ns()
    except ValueError as error:
        raise ConfigError(f"--start or --stop: {error}") from None
    if kind == "bars" and timeframe is None:
        raise ConfigError("bars need --timeframe, such as 1h")
    if end <= begin:
        raise ConfigError(f"--start {start} is not before --stop {stop or 'now'}")
    request = Download(source, symbol, kind, timeframe, begin, end)
    progress = Progress("download", "bytes")
    try:
        found = fetch(
            request, folder, base_url=base_url,
            progress=lambda done, total, count: progress(done / max(total, 1), count),
        )  # fmt: skip
    finally:
        progress.done()
    told = {
        "files": [str(path) for path in found.files],
        "missing": list(found.missing),
        "reused": found.reused,
        "bytes": found.bytes,
    }
    if not as_json:
        click.echo(f"{len(found.files)} files ({found.reused} at hand already, {found.bytes:,} bytes received)")
        for text in found.missing:
            click.echo(f"missing: {text}", err=True)
    if found.files and not no_import:
        told["datasets"] = _imported(
            found.files, catalog_place(catalog), Ask(maker_fee=maker_fee, taker_fee=taker_fee), quiet=as_json
        )
    if as_json:
        print_json(told)
    return 0


def _imported(files: tuple[Path, ...], catalog: str, ask: Ask, *, quiet: bool) -> list[object]:
    from helios_engine.catalog.importers.run import import_paths
    from helios_engine.catalog.store import Catalog
    from helios_engine.cli.data import described, line
    from helios_engine.cli.data_import import importers

    progress = Progress("import", "rows")
    try:
        outcome = import_paths(Catalog(catalog), files, importers(), ask, progress=progress)
    finally:
        progress.done()
    if not quiet:
        for manifest in outcome.datasets:
            click.echo(line(manifest))
    return [described(manifest) for manifest in outcome.datasets]
