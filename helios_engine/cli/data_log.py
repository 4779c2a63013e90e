"""`helios-engine data log ls|verify|rebuild|compact`: what a recorder wrote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from helios_engine.cli.output import as_json, catalog_place, data_catalog, print_json

if TYPE_CHECKING:
    from helios_engine.recorder.checking import Checked

folder = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
parser_name = click.option("--parser", required=True, help="Who reads the frames; plugins offer them by name.")


@click.group("log")
def log() -> None:
    """List, check, parse again or compact a recording."""


@log.command("ls")
@folder
@as_json
def list_segments(folder: Path, as_json: bool) -> int:
    """The segments of a recording: frames, gaps, span, and how each ended."""
    from helios_engine.recorder.checking import check

    return _tell(check(folder), machine=as_json)


@log.command()
@folder
@as_json
def verify(folder: Path, as_json: bool) -> int:
    """Hold every segment against its seal and the one before; exit 1 if one is damaged or missing."""
    from helios_engine.recorder.checking import check

    found = check(folder)
    _tell(found, machine=as_json)
    return int(any(one.wrong for one in found))


@log.command()
@folder
@parser_name
@as_json
def rebuild(folder: Path, parser: str, as_json: bool) -> int:
    """Parse a recording again and compare with the heads written meanwhile; exit 1 if one differs, 4 if none can be."""
    from helios_engine.plugins import Plugins
    from helios_engine.recorder.parsing import parses
    from helios_engine.recorder.parsing import rebuild as parse_again

    begin, _ = parses(parser, Plugins())
    found = parse_again(folder, begin)
    if as_json:
        print_json([one._asdict() for one in found])
    for one in () if as_json else found:
        said = one.differs or f"{one.marks} marks agree"
        click.echo(f"session {one.session}: {one.inputs:,} inputs, head {one.head[:12]}: {said}")
    if any(one.marks and one.differs for one in found):
        return 1
    return 4 if any(one.differs for one in found) or not found else 0


@log.command()
@folder
@parser_name
@click.option("--remove", is_flag=True, help="Remove the raw of ended sessions that are compacted whole.")
@data_catalog
@as_json
def compact(folder: Path, parser: str, remove: bool, catalog: str | None, as_json: bool) -> int:
    """Write what sealed segments hold into the catalog, and read it back before it counts."""
    from helios_engine.catalog.store import Catalog
    from helios_engine.plugins import Plugins
    from helios_engine.recorder.compaction import Compaction
    from helios_engine.recorder.parsing import parses

    begin, codec = parses(parser, Plugins())
    done = Compaction(folder, Catalog(catalog_place(catalog)), begin, codec).run(remove=remove)
    if as_json:
        import msgspec

        print_json(msgspec.to_builtins(done))
        return 0
    for one in done:
        wrong = f"  WRONG: {one.wrong}" if one.wrong else ""
        click.echo(f"{one.segment}: {one.rows:,} rows in {len(one.datasets)} data sets{wrong}")
    if not done:
        click.echo("nothing to compact: every sealed segment is done")
    return 0


def _tell(found: list[Checked], *, machine: bool) -> int:
    from helios_engine.timeframe import iso

    if machine:
        print_json([one._asdict() for one in found])
        return 0
    for one in found:
        span = f"{iso(one.first_ns)} … {iso(one.last_ns)}" if one.frames else "no frames"
        back = f"  clock stepped back {one.steps_back} times" * bool(one.steps_back)
        end = one.sealed or "not sealed"
        click.echo(
            f"{one.name}  {one.frames:>9,} frames  {one.gaps:>3} gaps  {span}  {end}{back}"
            + f"  WRONG: {one.wrong}" * bool(one.wrong)
        )
    return 0
