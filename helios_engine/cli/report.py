"""`helios-engine report`"""

from __future__ import annotations

from pathlib import Path

import click

from helios_engine.cli.output import as_json, print_json, runs_folder, runs_path


@click.command()
@click.argument("run")
@runs_folder
@as_json
def report(run: str, runs: Path | None, as_json: bool) -> int:
    """Write the HTML page of RUN again and print its path."""
    from helios_engine.folder import find_folder
    from helios_engine.report.page import write_page

    page = write_page(find_folder(run, runs_path(runs)))
    print_json({"report": str(page)}) if as_json else click.echo(str(page))
    return 0
