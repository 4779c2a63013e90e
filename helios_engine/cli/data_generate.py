"""`helios-engine data generate`"""

from __future__ import annotations

import click

from helios_engine.cli.output import Progress, as_json, catalog_place, data_catalog, print_json


@click.command("generate")
@click.option("--start", default="2026-01-05", show_default=True, help="First UTC day.")
@click.option("--days", type=click.IntRange(1, 3650), default=10, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=20260105, show_default=True)
@click.option("--timeframe", default="1h", show_default=True, help="Of the bars that are written beside the trades.")
@click.option("--rich", is_flag=True, help="Also quotes and order books, regimes and a weekly rhythm.")
@click.option(
    "--edge", type=float, default=None, help="With --rich: how far order flow predicts the next minute, 0 to 0.6."
)
@click.option("--outages", type=click.IntRange(0), default=0, help="With --rich: spans without any data.")
@click.option("--jumps", type=float, default=0.0, help="With --rich: price jumps a day.")
@data_catalog
@as_json
def generate_data(
    start: str, days: int, seed: int, timeframe: str, rich: bool, edge: float | None, outages: int, jumps: float,
    catalog: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Write a seeded market of BTCZAR and ETHZAR: trades, and the bars that follow from them.

    What was generated there before is replaced, data of another source is not. The same seed gives the same bytes.
    Without an edge, prices are a martingale: nothing to be earned.
    """
    from helios_engine.catalog.sample import SAMPLE, write_market, write_world
    from helios_engine.cli.data import described, line
    from helios_engine.errors import ConfigError

    if not rich and (edge is not None or outages or jumps):
        raise ConfigError("--edge, --outages and --jumps need --rich")
    place = catalog_place(catalog)
    _in_time(start, days)
    progress = Progress("generate", "rows")
    try:
        if rich:
            written = write_world(place, start, days, seed, timeframe, edge or 0.0, outages, jumps, progress)
        else:
            written = write_market(place, SAMPLE, start, days, seed, timeframe, progress)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    finally:
        progress.done()
    if as_json:
        print_json([described(manifest) for manifest in written])
    else:
        for manifest in written:
            click.echo(line(manifest))
    return 0


def _in_time(start: str, days: int) -> None:
    from helios_engine.errors import ConfigError
    from helios_engine.timeframe import DAY, parse_time

    try:
        begin = parse_time(start)
    except ValueError:
        raise ConfigError(f"--start {start!r}: expected a UTC day such as 2026-01-05") from None
    if not parse_time("1971-01-01") <= begin <= parse_time("2100-01-01") - days * DAY:
        raise ConfigError(f"--start {start}, --days {days}: expected days between 1971 and 2100")
