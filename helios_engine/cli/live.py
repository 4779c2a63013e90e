"""`helios-engine live`"""

from __future__ import annotations

import asyncio
import faulthandler
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from helios_engine.cli.output import as_json, print_json, runs_folder, runs_path

if TYPE_CHECKING:
    from helios_engine.live.paper import Paper


@click.command()
@click.argument("config", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--paper", is_flag=True, help="Orders go to the simulated venue of a backtest, never to an exchange.")
@click.option("--for", "span", default=None, help="How long, such as 8h; default: until Ctrl-C.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of [live], such as url.")
@click.option("--no-check", is_flag=True, help="Do not replay and reconcile the run when it is over.")
@runs_folder
@as_json
def live(
    config: Path, paper: bool, span: str | None, settings: tuple[str, ...], no_check: bool, runs: Path | None,
    as_json: bool,
) -> int:  # fmt: skip
    """Run CONFIG on live data, with the connection of its [live] table in place of its feeds.

    Ctrl-C ends it: what is due settles, the report is written, and the run is replayed and reconciled.
    A stage or effect that fails is left out, no new risk is taken, and the exit code is 1.
    """
    import msgspec

    from helios_engine import logs
    from helios_engine.cli.seconds import seconds_of
    from helios_engine.config import load_config
    from helios_engine.errors import ConfigError
    from helios_engine.live.asking import settings_of
    from helios_engine.live.checks import check_run
    from helios_engine.live.starting import paper_run
    from helios_engine.live.status import StatusLine
    from helios_engine.report.summary import summary_text
    from helios_engine.settings import Settings

    if not paper:
        raise ConfigError("live orders are not available: add --paper for a run with the simulated venue")
    logs.configure(Settings.load())
    seconds = seconds_of("--for", span)
    status = StatusLine(quiet=as_json)
    faulthandler.enable()  # a plugin that kills the process in C is named on stderr
    run = paper_run(load_config(config), settings_of(settings), tell=status, alarm=status.alarm, trace=sys.__stderr__)
    result = asyncio.run(_until_stopped(run, runs_path(runs), seconds))
    status.done()
    checked = None if no_check else check_run(result.folder)
    if as_json:
        told: dict[str, Any] = {**msgspec.to_builtins(result.summary), "folder": str(result.folder)}
        print_json({**told, "report": str(result.report), "checked": checked._asdict() if checked else None})
    else:
        click.echo(summary_text(result.summary, result.folder))
        if checked is not None:
            click.echo(checked.text)
    return 1 if run.session.failures or (checked is not None and checked.differences) else 0


async def _until_stopped(run: Paper, runs: Path, seconds: float | None) -> Any:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, run.stop.set)
    if seconds is not None:
        loop.call_later(seconds, run.stop.set)
    return await run.run(runs)
