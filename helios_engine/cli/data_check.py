"""`helios-engine data check`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from helios_engine.cli.output import Progress, as_json, catalog_place, data_catalog, print_json

if TYPE_CHECKING:
    from helios_engine.catalog.checking import Checkup
    from helios_engine.catalog.store import Catalog


@click.command("check")
@click.argument("name", required=False, default="")
@click.option("--kind", default="", help="Only data of a kind: bars, trades, quotes, books, funding.")
@click.option("--timeframe", default="", help="Only bars of a timeframe, such as 1h.")
@click.option("--all", "show_all", is_flag=True, help="Show every finding, however many there are.")
@click.option("--html", "page", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with a calendar.")
@click.option("--gaps", type=click.Path(path_type=Path, dir_okay=False), help="Write every gap's exact span as CSV.")
@click.option(
    "--confirm", "confirmed", multiple=True, metavar="KIND@TIME", help="Take a finding of one data set off quarantine."
)
@data_catalog
@as_json
def check(
    name: str,
    kind: str,
    timeframe: str,
    show_all: bool,
    page: Path | None,
    gaps: Path | None,
    confirmed: tuple[str, ...],
    catalog: str | None,
    as_json: bool,
) -> int:
    """Check data again: files against their digests, every row, and pairs against each other.

    NAME is an instrument such as BTCUSDT.BINANCE; without it everything is checked. What is found is kept in the
    catalog, where runs are told of it.

    Exit code 0 if all is well or there are only warnings, such as gaps; 1 for errors and for quarantine that nobody
    has confirmed or repaired; 3 if a data set cannot be read.
    """
    from helios_engine.catalog.checking import check as check_catalog
    from helios_engine.catalog.store import Catalog

    where = Catalog(catalog_place(catalog))
    progress = Progress("checking")
    found = check_catalog(where, kind, name, timeframe, progress=progress)
    progress.done()
    if confirmed:
        found = _confirmed(where, found, confirmed)
    if gaps is not None:
        _write_gaps(where, found, gaps)
    if page is not None:
        from helios_engine.catalog.checkup_page import write_page

        write_page(found, where.url, page)
    if as_json:
        print_json(_described(found))
    else:
        from helios_engine.cli.data_check_text import lines

        for line in lines(found, show_all=show_all):
            click.echo(line)
        for path in filter(None, (page, gaps)):
            click.echo(f"written: {path}")
    return found.exit_code


def finding(text: str) -> tuple[str, int]:
    """`jump@2024-10-04T12:00:00Z` as kind and time (ns UTC); a time may also be int nanoseconds. ConfigError."""
    from helios_engine.errors import ConfigError
    from helios_engine.timeframe import parse_time

    kind, at, when = text.rpartition("@")
    try:
        if not at or not kind:
            raise ValueError("there is no @")
        if when.isdigit():
            return kind, int(when)
        whole, _, rest = when.removesuffix("Z").partition(".")
        if rest and not (rest.isdigit() and len(rest) <= 9):
            return kind, parse_time(when)
        return kind, parse_time(whole + ("Z" if when.endswith("Z") else "")) + int(rest.ljust(9, "0") or 0)
    except ValueError as error:
        raise ConfigError(f"expected KIND@TIME such as jump@2024-10-04T12:00:00Z, found {text!r}: {error}") from None


def _confirmed(catalog: Catalog, found: Checkup, confirmed: tuple[str, ...]) -> Checkup:
    from helios_engine.catalog.audit.result import score
    from helios_engine.catalog.checking import confirm
    from helios_engine.errors import ConfigError

    if len(found.datasets) != 1 or found.unreadable:
        named = ", ".join(d.manifest.title for d in found.datasets)
        raise ConfigError(f"--confirm is for one data set; name it, with --kind and --timeframe if need be: {named}")
    m = found.datasets[0].manifest
    pairs = [finding(text) for text in confirmed]
    manifest = confirm(catalog.dataset(m.kind, m.name, m.timeframe), pairs)
    return type(found)(datasets=[score(manifest)], unreadable=[])


def _write_gaps(catalog: Catalog, found: Checkup, path: Path) -> None:
    from helios_engine.catalog.checking import gaps_of
    from helios_engine.files import write_whole
    from helios_engine.timeframe import UNITS, iso

    rows = ["kind,name,timeframe,from,to,seconds,bars"]
    for checked in found.datasets:
        m = checked.manifest
        for gap in gaps_of(catalog.dataset(m.kind, m.name, m.timeframe)):
            seconds = f"{(gap.end - gap.begin) / UNITS['s']:.9f}".rstrip("0").rstrip(".")
            span = f"{iso(gap.begin)},{iso(gap.end)}"
            rows.append(f"{m.kind},{m.name},{m.timeframe},{span},{seconds},{gap.bars or ''}")
    write_whole(path, ("\n".join(rows) + "\n").encode())


def _described(found: Checkup) -> dict[str, Any]:
    import msgspec

    from helios_engine.timeframe import iso

    datasets = []
    for d in found.datasets:
        m = d.manifest
        counts = {severity: d.count(severity) for severity in ("error", "warn", "info")}
        days = [{**msgspec.to_builtins(day), "day": iso(day.day)[:10]} for day in d.days]
        datasets.append(
            {
                "kind": m.kind,
                "name": m.name,
                "timeframe": m.timeframe,
                "rows": m.rows,
                "first": m.first,
                "last": m.last,
                "score": d.score,
                "findings": {**counts, "quarantined": d.quarantined},
                "days": days,
                "issues": [msgspec.to_builtins(issue) for issue in d.issues],
            }
        )
    return {"datasets": datasets, "unreadable": found.unreadable, "exit_code": found.exit_code}
