"""`helios-engine runs ls|show|rm`"""

from __future__ import annotations

from pathlib import Path

import click

from helios_engine.cli.output import as_json, print_json, runs_folder, runs_path


@click.group()
def runs() -> None:
    """List, show or remove runs."""


@runs.command("ls")
@runs_folder
@as_json
def list_runs(runs: Path | None, as_json: bool) -> int:
    """Every run, oldest first: status, return, trades, and the head of its decisions."""
    from helios_engine.folder import list_folders
    from helios_engine.report.summary import read_status

    rows = [read_status(place) for place in list_folders(runs_path(runs))]
    if as_json:
        print_json(rows)
    elif not rows:
        click.echo(f"no runs under {runs_path(runs)}; `helios-engine backtest configs/…` makes one")
    for row in () if as_json else rows:
        change = "" if row["return"] is None else f"{row['return']:+.2%}"
        click.echo(
            f"{row['status']:<12} {change:>9} {row['trades'] or 0:>6} trades  "
            f"{row['decisions'][:12]:<12}  {row['folder']}" + "  CONTAMINATED" * bool(row.get("contaminated"))
        )
    return 0


@runs.command()
@click.argument("run")
@runs_folder
@as_json
def show(run: str, runs: Path | None, as_json: bool) -> int:
    """The summary of a run, or as much as the journal of a killed one holds."""
    import msgspec

    from helios_engine.codec import Codec
    from helios_engine.folder import JOURNAL, SUMMARY, find_folder
    from helios_engine.journal import JournalReader
    from helios_engine.report.summary import read_summary, summary_text

    place = find_folder(run, runs_path(runs))
    if (place / SUMMARY).is_file():
        summary = read_summary(place)
        print_json(msgspec.to_builtins(summary)) if as_json else click.echo(summary_text(summary, place))
        return 0
    reader = JournalReader(place / JOURNAL, Codec(), salvage=True)
    header, decisions = reader.header(), sum(1 for _ in reader.outputs())
    known = {"name": header["name"], "status": "killed", "stored_decisions": decisions}
    print_json(known) if as_json else click.echo(
        f"{place.name}: killed before its end; its journal is readable and holds {decisions} decisions"
    )
    return 0


@runs.command()
@click.argument("run")
@click.option("--yes", is_flag=True, help="Do not ask.")
@runs_folder
def rm(run: str, yes: bool, runs: Path | None) -> int:
    """Remove a run folder."""
    from helios_engine.folder import find_folder, remove_folder

    place = find_folder(run, runs_path(runs))
    if not yes:
        click.confirm(f"remove {place}?", abort=True)
    remove_folder(place)
    click.echo(f"removed {place}")
    return 0
