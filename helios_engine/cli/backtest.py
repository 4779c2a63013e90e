"""`helios-engine backtest`"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from helios_engine.cli.output import Progress, as_json, catalog_folder, print_json, runs_folder, runs_path


@click.command()
@click.argument("config", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--sensitivity", is_flag=True, help="Run it again under other assumptions of fills, path, costs and delay."
)
@click.option("--allow-contaminated", is_flag=True, help="Run with a model that has seen the data; marks every output.")
@catalog_folder
@runs_folder
@as_json
def backtest(
    config: Path, sensitivity: bool, allow_contaminated: bool, catalog: str | None, runs: Path | None, as_json: bool
) -> int:
    """Run CONFIG over recorded data; print the result and the path of the report."""
    import msgspec

    from helios_engine import logs, runner
    from helios_engine.build import build
    from helios_engine.cli import INTERRUPTED
    from helios_engine.config import load_config, on_catalog
    from helios_engine.report.sensitivity import sensitivity_text
    from helios_engine.report.summary import summary_text
    from helios_engine.settings import Settings

    logs.configure(Settings.load())
    loaded = load_config(config)
    plan = build(on_catalog(loaded, catalog) if catalog is not None else loaded)
    progress = Progress(loaded.run.name)
    begun = time.monotonic()
    try:
        result = runner.backtest(plan, runs_path(runs), progress, allow_contaminated=allow_contaminated)
    finally:
        progress.done()
    if not as_json:
        click.echo(summary_text(result.summary, result.folder))
    is_complete = result.summary.status == "complete"
    # A flag and no key of the config: it asks for more runs and changes nothing in this one.
    outcomes = _sensitivity(plan, result, time.monotonic() - begun) if sensitivity and is_complete else []
    if as_json:
        more: dict[str, Any] = {"folder": str(result.folder), "report": str(result.report)}
        if sensitivity:
            more["sensitivity"] = msgspec.to_builtins(outcomes)
        print_json({**msgspec.to_builtins(result.summary), **more})
    elif outcomes:
        click.echo(sensitivity_text(outcomes, result.summary.account.currency))
    statuses = {outcome.status for outcome in outcomes}
    if not is_complete or "interrupted" in statuses:
        return INTERRUPTED
    return 1 if "failed" in statuses else 0


def _sensitivity(plan: Any, result: Any, expected: float) -> list[Any]:
    """The outcomes of all sets, written beside the run and into its page."""
    from helios_engine.report.page import write_page
    from helios_engine.sensitivity import measure_sensitivity

    progress = Progress("sensitivity", "sets")
    try:
        outcomes = measure_sensitivity(plan, result.folder, result.summary, expected, progress)
    finally:
        progress.done()
    write_page(result.folder)
    return outcomes
