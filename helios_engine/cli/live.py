"""`helios-engine live`"""

from __future__ import annotations

import asyncio
import faulthandler
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from helios_engine.cli.output import Progress, as_json, maybe_unread, print_json, runs_folder, runs_path

if TYPE_CHECKING:
    from helios_engine.live.checks import Checked
    from helios_engine.live.paper import Paper
    from helios_engine.live.stopping import Stopping


@click.command()
@click.argument("config", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--paper", is_flag=True, help="Orders go to the simulated venue of a backtest, never to an exchange.")
@click.option("--for", "span", default=None, help="How long, such as 8h; default: until Ctrl-C.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of [live], such as url.")
@click.option("--resume", "killed", metavar="RUN", default=None, help="Go on with a killed run; without CONFIG.")
@click.option("--no-check", is_flag=True, help="Do not replay and reconcile the run when it is over.")
@runs_folder
@as_json
def live(
    config: Path | None, paper: bool, span: str | None, settings: tuple[str, ...], killed: str | None, no_check: bool,
    runs: Path | None, as_json: bool,
) -> int:  # fmt: skip
    """Run CONFIG on live data, with the connection of its [live] table in place of its feeds.

    Ctrl-C ends it: what is due settles, the report is written, and the run is checked: replayed, reconciled, and where
    that can be done backtested over its recording. A second Ctrl-C leaves the check out, a third one kills. A run that
    was killed goes on with --resume, with all it knew, held and had on order, the settings of its beginning included,
    and says what it missed. `helios-engine
    ctl` looks at a run and steers it. A stage or effect that fails is left out, no new risk is taken, and the exit code
    is 1.
    """
    import msgspec

    from helios_engine import logs
    from helios_engine.cli.seconds import seconds_of
    from helios_engine.config import load_config
    from helios_engine.errors import ConfigError
    from helios_engine.folder import find_folder
    from helios_engine.live.asking import changed, settings_of
    from helios_engine.live.killed import Killed
    from helios_engine.live.starting import paper_run
    from helios_engine.live.status import StatusBlock
    from helios_engine.live.stopping import Stopping
    from helios_engine.report.summary import summary_text
    from helios_engine.settings import Settings

    if not paper:
        raise ConfigError("live orders are not available: add --paper for a run with the simulated venue")
    settled = Settings.load()
    logs.configure(settled)
    seconds = seconds_of("--for", span)
    faulthandler.enable()  # a plugin that kills the process in C is named on stderr
    status = StatusBlock(quiet=as_json)
    folder = runs_path(runs)
    if (config is None) == (killed is None):
        raise ConfigError("expected CONFIG for a new run, or --resume RUN for one that was killed")
    left = None if killed is None else Killed(find_folder(killed, folder))
    loaded = left.config if left is not None else load_config(config)  # type: ignore[arg-type]
    before, given = {} if left is None else left.settings, settings_of(settings)
    run = paper_run(
        loaded, before | given, tell=status, alarm=status.alarm, door=True, trace=sys.__stderr__,
        snapshot=settled.snapshot_seconds,
    )  # fmt: skip
    for text in changed(before, given) if left is not None else ():
        run.session.warn(text)
    with Stopping(run.end, status.alarm) as stopping:
        try:
            result = asyncio.run(_until_stopped(run, run.run(folder) if left is None else run.resume(left), seconds))
        finally:
            status.done()
        stopping.over()
        checked = None if no_check else _checked(result.folder, result.summary.counts.inputs, stopping)
    with maybe_unread():
        if as_json:
            told: dict[str, Any] = {**msgspec.to_builtins(result.summary), "folder": str(result.folder)}
            print_json({**told, "report": str(result.report), "checked": checked._asdict() if checked else None})
        else:
            click.echo(summary_text(result.summary, result.folder))
            if checked is not None:
                click.echo(checked.text)
            elif not no_check:
                click.echo(f"checked      left out; helios-engine replay and reconcile {result.folder.name} do it")
    return 1 if run.session.failures or (checked is not None and checked.differences) else 0


async def _until_stopped(run: Paper, running: Coroutine[Any, Any, Any], seconds: float | None) -> Any:
    if seconds is not None:
        asyncio.get_running_loop().call_later(seconds, run.stop.set)
    return await running


def _checked(place: Path, inputs: int, stopping: Stopping) -> Checked | None:
    """Hold the run against itself; nothing if somebody does not want to wait for it."""
    from helios_engine.live.checks import check_run

    shown: list[Progress] = []

    def progressing(what: str) -> Progress:
        shown.append(Progress(what))
        return shown[-1]

    try:
        stopping.is_checking = True
        return None if stopping.is_skipping else check_run(place, inputs=inputs, progressing=progressing)
    except KeyboardInterrupt:  # of Stopping, or of the replay, which takes Ctrl-C for itself
        stopping.is_skipping = True
        return None
    finally:
        stopping.is_checking = False
        for progress in shown:
            progress.done()
