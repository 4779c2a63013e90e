"""`helios-engine backtest`"""

from __future__ import annotations

from pathlib import Path

import click

from helios_engine.cli.output import Progress, as_json, catalog_folder, print_json, runs_folder, runs_path


@click.command()
@click.argument("config", type=click.Path(path_type=Path, dir_okay=False))
@catalog_folder
@runs_folder
@as_json
def backtest(config: Path, catalog: str | None, runs: Path | None, as_json: bool) -> int:
    """Run CONFIG over recorded data; print the result and the path of the report."""
    import msgspec

    from helios_engine import logs, runner
    from helios_engine.build import build
    from helios_engine.cli import INTERRUPTED
    from helios_engine.config import load_config, on_catalog
    from helios_engine.report.summary import summary_text
    from helios_engine.settings import Settings

    logs.configure(Settings.load())
    loaded = load_config(config)
    plan = build(on_catalog(loaded, catalog) if catalog is not None else loaded)
    progress = Progress(loaded.run.name)
    try:
        result = runner.backtest(plan, runs_path(runs), progress)
    finally:
        progress.done()
    if as_json:
        print_json(
            {
                **msgspec.to_builtins(result.summary),
                "folder": str(result.folder),
                "report": str(result.report),
            }
        )
    else:
        click.echo(summary_text(result.summary, result.folder))
    return 0 if result.summary.status == "complete" else INTERRUPTED
