"""`helios-engine replay`"""

from __future__ import annotations

from pathlib import Path

import click

from helios_engine.cli.output import Progress, as_json, catalog_folder, print_json, runs_folder, runs_path


@click.command()
@click.argument("run")
@catalog_folder
@runs_folder
@as_json
def replay(run: str, catalog: str | None, runs: Path | None, as_json: bool) -> int:
    """Make every output of RUN again from its journal, without a venue, and compare the heads.

    RUN is a run folder, a part of its name, or `last`. Exit code 1 if any head differs.
    """
    from helios_engine.folder import find_folder
    from helios_engine.replay import replay as replay_run

    place = find_folder(run, runs_path(runs))
    progress = Progress("replay")
    try:
        found = replay_run(place, catalog, progress=progress)
    finally:
        progress.done()
    if as_json:
        print_json({"run": str(place), **found._asdict(), "differences": found.differences})
    else:
        for name, head in found.recorded.items():
            again = found.replayed.get(name, "missing")
            click.echo(f"{'same  ' if again == head else 'DIFFER'}  {head[:12]}  {again[:12]}  {name}")
        verdict = "every head is the same" if not found.differences else f"{len(found.differences)} heads differ"
        click.echo(f"{place.name}: {verdict}")
    return 1 if found.differences else 0
