"""`helios-engine data import|ls|generate`"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from helios_engine.cli.output import as_json, print_json

catalog_option = click.option(
    "--catalog", type=click.Path(path_type=Path, file_okay=False), default=None, help="Default: the setting `catalog`."
)


@click.group()
def data() -> None:
    """Import, generate and list market data."""


@data.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "format_name", type=click.Choice(["binance-klines", "generic"]), required=True)
@click.option("--instrument", required=True, help="SYMBOL.VENUE, such as BTCUSDT.BINANCE.")
@click.option("--kind", type=click.Choice(["bars", "trades"]), default="bars", show_default=True)
@click.option("--timeframe", default=None, help="Of bars: 1m, 1h, 1d …")
@click.option("--map", "columns", default=None, help="ts=COLUMN,open=COLUMN,… by name, or by number from 0.")
@click.option("--unit", type=click.Choice(["s", "ms", "us", "ns", "iso"]), default=None, help="Of the times.")
@click.option("--stamp", type=click.Choice(["open", "close"]), default=None, help="Which end of a bar its time names.")
@click.option("--no-header", is_flag=True, help="The file begins with data.")
@click.option("--skip", type=click.IntRange(0), default=0, help="Lines above the header.")
@click.option("--delimiter", default=",", show_default=True)
@click.option("--sort", is_flag=True, help="The file is not oldest first; sort it.")
@click.option("--drop-identical", is_flag=True, help="Leave out rows that repeat the one before.")
@click.option("--allow-ohlc", is_flag=True, help="Admit an open or close outside [low, high].")
@click.option("--allow-exponent", is_flag=True, help="Admit numbers such as 5.28E-06.")
@click.option("--tick", default=None, help="Smallest price step; default: the finest decimals in the file.")
@click.option("--lot", default=None, help="Smallest quantity step; default: the finest decimals in the file.")
@click.option("--min-quantity", default="0")
@click.option("--min-notional", default="0")
@click.option("--maker-fee", default="0", help="As a fraction: 0.001 is 0.1 %.")
@click.option("--taker-fee", default="0", help="As a fraction: 0.001 is 0.1 %.")
@click.option("--base", default=None)
@click.option("--quote", default=None)
@click.option("--replace", is_flag=True, help="Start over with these files.")
@catalog_option
@as_json
def import_files(paths: tuple[Path, ...], catalog: Path | None, as_json: bool, replace: bool, **options: Any) -> int:
    """Read PATHS into the catalog, refusing whatever cannot be true.

    Several files are added in the order given. Nothing is guessed: where a file can be read in two ways,
    the flag to add is named.
    """
    import msgspec

    from helios_engine import logs
    from helios_engine.catalog.store import Catalog
    from helios_engine.settings import Settings

    logs.configure(Settings.load())
    target = Catalog(_catalog(catalog))
    rows = []
    for number, path in enumerate(paths):
        click.echo(f"reading {path.name} ({number + 1} of {len(paths)})", err=True)
        found = _read(path, options)
        manifest = target.write(
            found.kind,
            found.instrument,
            found.table,
            timeframe=found.timeframe,
            source=path.name,
            issues=found.issues,
            replace=replace and number == 0,
        )
        rows.append(
            {"file": path.name, "rows": found.table.num_rows, "issues": [msgspec.to_builtins(i) for i in found.issues]}
        )
        if not as_json:
            click.echo(f"{path.name}: {found.table.num_rows:,} rows, {len(found.issues)} issues")
    if as_json:
        print_json({"dataset": _described(manifest), "files": rows})
    else:
        click.echo(_line(manifest))
        if not manifest.instrument.taker_fee:
            click.echo(
                "no fees were given: set --maker-fee and --taker-fee, or [[instrument]] in the run's config", err=True
            )
    return 0


@data.command("ls")
@catalog_option
@as_json
def list_data(catalog: Path | None, as_json: bool) -> int:
    """Every data set: kind, instrument, rows, span, issues."""
    from helios_engine.catalog.store import Catalog

    root = _catalog(catalog)
    manifests = [dataset.manifest for dataset in Catalog(root).datasets()]
    if as_json:
        print_json([_described(manifest) for manifest in manifests])
    elif not manifests:
        click.echo(f"no data under {root}; `helios-engine data import …` or `helios-engine data generate` brings some")
    else:
        for manifest in manifests:
            click.echo(_line(manifest))
    return 0


@data.command("generate")
@click.option("--start", default="2026-01-05", show_default=True, help="First UTC day.")
@click.option("--days", type=click.IntRange(1, 3650), default=10, show_default=True)
@click.option("--seed", type=int, default=20260105, show_default=True)
@click.option("--timeframe", default="1h", show_default=True, help="Of the bars that are written beside the trades.")
@catalog_option
@as_json
def generate_data(start: str, days: int, seed: int, timeframe: str, catalog: Path | None, as_json: bool) -> int:
    """Write a seeded market of BTCZAR and ETHZAR: trades, and the bars that follow from them."""
    from helios_engine.catalog.sample import SAMPLE, write_market
    from helios_engine.errors import ConfigError

    try:
        written = write_market(_catalog(catalog), SAMPLE, start, days, seed, timeframe)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    if as_json:
        print_json([_described(manifest) for manifest in written])
    else:
        for manifest in written:
            click.echo(_line(manifest))
    return 0


def _catalog(given: Path | None) -> Path:
    from helios_engine.settings import Settings

    return given if given is not None else Path(Settings.load().catalog)


def _read(path: Path, o: dict[str, Any]) -> Any:
    from helios_engine.catalog.importers import generic
    from helios_engine.catalog.importers.binance_klines import import_klines
    from helios_engine.catalog.importers.rows import Terms
    from helios_engine.errors import ConfigError
    from helios_engine.timeframe import timeframe_ns

    names = Terms.__struct_fields__
    terms = Terms(**{name: o[name] for name in names if o[name] is not None})
    timeframe = o["timeframe"]
    if o["kind"] == "bars" or o["format_name"] == "binance-klines":
        if timeframe is None:
            raise ConfigError("bars need --timeframe, such as --timeframe 1h")
        try:
            timeframe_ns(timeframe)
        except ValueError as error:
            raise ConfigError(f"--timeframe: {error}") from None
    if o["format_name"] == "binance-klines":
        return import_klines(path, terms, timeframe, sort=o["sort"], drop_identical=o["drop_identical"])
    if o["columns"] is None or o["unit"] is None:
        raise ConfigError("--format generic needs --map and --unit: say which column is what, and what a time counts")
    how = generic.Reading(
        columns=_map(o["columns"]),
        unit=o["unit"],
        stamp=o["stamp"],
        header=not o["no_header"],
        **{name: o[name] for name in ("skip", "delimiter", "sort", "drop_identical", "allow_ohlc", "allow_exponent")},
    )
    if o["kind"] == "trades":
        return generic.import_trades(path, terms, how)
    return generic.import_bars(path, terms, timeframe, how)


def _map(text: str) -> dict[str, str]:
    from helios_engine.errors import ConfigError

    pairs = [pair.partition("=") for pair in text.split(",")]
    if not all(equals for _, equals, _ in pairs):
        raise ConfigError(f"--map must read ts=COLUMN,open=COLUMN,…; found {text!r}")
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}


def _described(manifest: Any) -> dict[str, Any]:
    return {
        "kind": manifest.kind,
        "instrument": manifest.instrument.instrument,
        "timeframe": manifest.timeframe,
        "rows": manifest.rows,
        "first": manifest.first,
        "last": manifest.last,
        "issues": len(manifest.issues),
        "revision": manifest.revision,
        "digest": manifest.digest,
    }


def _line(manifest: Any) -> str:
    from helios_engine.timeframe import iso

    name = f"{manifest.kind:<7} {manifest.instrument.instrument:<20} {manifest.timeframe:<4}"
    span = f"{iso(manifest.first)} … {iso(manifest.last)}"
    return f"{name} {manifest.rows:>10,} rows  {span}  {len(manifest.issues)} issues  {manifest.digest[:12]}"
