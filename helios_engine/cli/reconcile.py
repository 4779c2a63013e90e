"""`helios-engine reconcile`"""

from __future__ import annotations

from pathlib import Path

import click

from helios_engine.cli.output import Progress, as_json, catalog_folder, print_json, runs_folder, runs_path


@click.command()
@click.argument("run")
@catalog_folder
@runs_folder
@as_json
def reconcile(run: str, catalog: str | None, runs: Path | None, as_json: bool) -> int:
    """Give every recorded input of RUN but the venue's answers to a new venue, and compare fill by fill.

    RUN is a run folder, a part of its name, or `last`. Exit code 1 if any head differs.
    """
    from helios_engine.folder import find_folder
    from helios_engine.reconcile import reconcile as reconcile_run
    from helios_engine.timeframe import iso

    place = find_folder(run, runs_path(runs))
    progress = Progress("reconcile")
    try:
        found = reconcile_run(place, catalog, progress=progress)
    finally:
        progress.done()
    if as_json:
        sides = {"recorded": repr(found.recorded), "again": repr(found.again)} if found.differences else {}
        heads = {name: {"recorded": a, "again": b} for name, (a, b) in found.heads.items()}
        print_json({
            "run": str(place), "answers": found.answers, "fills": found.fills, "heads": heads,
            "differences": found.differences, "agree": found.number, **sides,
        })  # fmt: skip
        return int(bool(found.differences))
    for name, (before, now) in found.heads.items():
        click.echo(f"{'same  ' if before == now else 'DIFFER'}  {before[:12]}  {now[:12]}  {name}")
    if found.recorded != found.again:
        click.echo(f"{found.number} answers agree; then")
        for side, answer in (("recorded", found.recorded), ("again", found.again)):
            click.echo(f"  {side:<9} " + (f"{iso(answer.ts)} {answer.body}" if answer else "nothing more"))
    verdict = f"{len(found.differences)} heads differ" if found.differences else "every head is the same"
    click.echo(f"{place.name}: {verdict}, {found.answers} answers of the venue, {found.fills} of them fills")
    return int(bool(found.differences))
