"""`helios-engine data import` and `data formats`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from helios_engine.cli.output import Progress, as_json, catalog_place, data_catalog, print_json

if TYPE_CHECKING:
    from helios_engine.catalog.importers.contract import Ask, ImporterSpec
    from helios_engine.catalog.importers.run import Outcome


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "wanted", default=None, help="Read the files as this; see `data formats`.")
@click.option("--instrument", default=None, help="SYMBOL.VENUE, such as BTCUSDT.BINANCE, where the file does not say.")
@click.option("--kind", default=None, help="bars, trades, quotes or funding, for --format generic.")
@click.option("--timeframe", default=None, help="Of bars: 1m, 1h, 1d …")
@click.option("--map", "columns", default=None, help="ts=COLUMN,open=COLUMN,… by name, or by number from 0.")
@click.option("--unit", type=click.Choice(["s", "ms", "us", "ns", "iso"]), default=None, help="Of the times.")
@click.option("--stamp", type=click.Choice(["open", "close"]), default=None, help="Which end of a bar its time names.")
@click.option("--zone", default=None, help="Time zone of written times, such as Africa/Johannesburg; default UTC.")
@click.option("--time-format", default=None, help="How times are written, as strptime: %m/%d/%Y %I:%M %p.")
@click.option("--decimal-comma", is_flag=True, help="Numbers read 1234,5; columns are separated by semicolons.")
@click.option("--no-header", is_flag=True, help="The file begins with data.")
@click.option("--skip", type=click.IntRange(0), default=0, help="Lines above the header.")
@click.option("--delimiter", default=None, help="Default: a comma.")
@click.option("--sort", is_flag=True, help="The file is in no order; sort it.")
@click.option("--drop-identical", is_flag=True, help="Leave out rows that repeat the one before.")
@click.option("--drop-incomplete", is_flag=True, help="Leave out rows that are not whole.")
@click.option("--allow-ohlc", is_flag=True, help="Admit an open or close outside [low, high].")
@click.option("--allow-exponent", is_flag=True, help="Admit numbers such as 5.28E-06.")
@click.option("--clock-offset", default=None, help="Add this to receive times, such as 1300ms: the clock ran behind.")
@click.option("--valid-from", default=None, help="From when definitions hold that carry no date.")
@click.option("--tick", default=None, help="Smallest price step; default: the finest decimals in the file.")
@click.option("--lot", default=None, help="Smallest quantity step; default: the finest decimals in the file.")
@click.option("--min-quantity", default="0", help="Smallest order, in the base currency.")
@click.option("--min-notional", default="0", help="Smallest price * quantity of an order.")
@click.option("--maker-fee", default="0", help="As a fraction: 0.001 is 0.1 %.")
@click.option("--taker-fee", default="0", help="As a fraction: 0.001 is 0.1 %.")
@click.option("--base", default=None, help="Currency that is bought and sold, where its name does not say.")
@click.option("--quote", default=None, help="Currency that prices are in, where its name does not say.")
@click.option("--replace", is_flag=True, help="Start over with these files.")
@data_catalog
@as_json
def import_files(
    paths: tuple[Path, ...], catalog: str | None, as_json: bool, replace: bool, wanted: str | None, **flags: Any
) -> int:
    """Read PATHS (files, zips, folders) into the catalog, refusing whatever cannot be true.

    The format is recognised, and how sure that is is said. Nothing is guessed: where a file can be read in two
    ways, the flag to add is named. All files of a command are taken, or none.
    """
    from helios_engine import logs
    from helios_engine.catalog.importers.run import import_paths
    from helios_engine.catalog.store import Catalog
    from helios_engine.settings import Settings

    logs.configure(Settings.load())
    progress = Progress("import", "rows")
    try:
        outcome = import_paths(
            Catalog(catalog_place(catalog)), paths, importers(), _ask(flags), wanted=wanted, replace=replace,
            progress=progress,
        )  # fmt: skip
    finally:
        progress.done()
    _tell(outcome, machine=as_json)
    return 0


@click.command("formats")
@as_json
def formats(as_json: bool) -> int:
    """What can be imported, and which plugin reads it."""
    from helios_engine.plugins import Plugins

    offers = Plugins().offers("importer")
    if as_json:
        print_json([{"name": n, "about": o.spec.about, "plugin": str(o.plugin)} for n, o in sorted(offers.items())])
        return 0
    for name, offer in sorted(offers.items()):
        click.echo(f"{name:<20} {offer.spec.about}  [{offer.plugin.name}]")
    return 0


def importers() -> dict[str, ImporterSpec]:
    """Every importer that is installed, by name."""
    from helios_engine.plugins import Plugins

    return {name: offer.spec for name, offer in Plugins().offers("importer").items()}


def _ask(flags: dict[str, Any]) -> Ask:
    """The flags as what the importers are told; ConfigError for one that makes no sense."""
    from helios_engine.catalog.importers.contract import Ask
    from helios_engine.errors import ConfigError
    from helios_engine.timeframe import nanoseconds, parse_time, timeframe_ns

    header = not flags.pop("no_header")
    columns = _columns(flags.pop("columns"))
    try:
        offset, since = flags.pop("clock_offset"), flags.pop("valid_from")
        moved = None if offset is None else (-1 if offset.startswith("-") else 1) * nanoseconds(offset.lstrip("-"))
        valid = None if since is None else parse_time(since)
        if flags["timeframe"] is not None:
            timeframe_ns(flags["timeframe"])
    except ValueError as error:
        raise ConfigError(f"--clock-offset, --valid-from or --timeframe: {error}") from None
    _sensible(flags)
    return Ask(header=header, columns=columns, clock_offset=moved, valid_from=valid, **flags)


def _sensible(flags: dict[str, Any]) -> None:
    """How a file is written must be possible, whether or not it comes to matter; ConfigError if it is not."""
    import zoneinfo

    from helios_engine.errors import ConfigError

    if flags["delimiter"] is not None and len(flags["delimiter"]) != 1:
        raise ConfigError(f"--delimiter {flags['delimiter']!r}: expected one character, such as ';'")
    try:
        if flags["zone"] is not None:
            zoneinfo.ZoneInfo(flags["zone"])
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(
            f"--zone {flags['zone']!r} is no time zone; expected one such as Africa/Johannesburg"
        ) from None


def _columns(text: str | None) -> dict[str, str]:
    from helios_engine.errors import ConfigError

    pairs = [pair.partition("=") for pair in text.split(",")] if text else []
    if not all(equals for _, equals, _ in pairs):
        raise ConfigError(f"--map must read ts=COLUMN,open=COLUMN,…; found {text!r}")
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}


def _tell(outcome: Outcome, *, machine: bool) -> None:
    from helios_engine.cli.data import described, line

    if machine:
        datasets = [described(manifest) for manifest in outcome.datasets]
        print_json({"files": outcome.files, "datasets": datasets, "left_out": outcome.left_out})
        return
    for file in outcome.files:
        rows = ", ".join(f"{count:,} {what}" for what, count in file["rows"].items()) or "no rows"
        click.echo(f"{file['file']}: {file['format']} ({file['confidence']:.0%}: {file['why']}): {rows}")
    for text in outcome.left_out:
        click.echo(f"left out: {text}", err=True)
    for manifest in outcome.datasets:
        click.echo(line(manifest))
    if any(m.instrument is not None and not m.instrument.taker_fee for m in outcome.datasets):
        click.echo(
            "no fees were given: set --maker-fee and --taker-fee, or [[instrument]] in the run's config", err=True
        )
