"""`helios-engine ctl`"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from helios_engine.cli.output import as_json, print_json, runs_folder, runs_path

COMMANDS = ("status", "positions", "pause", "resume", "reduce_only", "flatten", "kill")


@click.command()
@click.argument("run")
@click.argument("command", type=click.Choice(COMMANDS))
@click.option("--instrument", default="all", show_default=True, help="The instrument that a switch is for.")
@runs_folder
@as_json
def ctl(run: str, command: str, instrument: str, runs: Path | None, as_json: bool) -> int:
    """Look at a live RUN, or turn a switch of it: an input of the run, answered once it is in the journal.

    status, positions: how it is. pause, reduce_only: only orders that reduce a position pass. flatten: take back what
    rests, close what is held, and nothing new. resume: lift all these. kill: take back what could add risk; nothing
    but cancels passes, for good. `touch RUN/KILL` kills too. Exit code 4 if the run is over.
    """
    import msgspec

    from helios_engine.errors import ConfigError
    from helios_engine.live.look_parts import Look
    from helios_engine.live.look_text import lines_of, positions_table
    from helios_engine.live.remote import ask, find_live

    if command in ("status", "positions") and instrument != "all":
        raise ConfigError(f"--instrument: {command} has none; it is for switches")
    told = ask(find_live(run, runs_path(runs)), command, instrument)
    if command not in ("status", "positions"):
        print_json(told) if as_json else click.echo(_switched(told))
        return 0
    if as_json:
        print_json(told if command == "status" else {"positions": told["positions"], "account": told["account"]})
        return 0
    look = msgspec.convert(told, Look)
    click.echo("\n".join(lines_of(look) if command == "status" else positions_table(look)))
    return 0


def _switched(told: dict[str, Any]) -> str:
    from helios_engine.timeframe import iso

    what = f"{told['command']} of {'everything' if told['value'] == 'all' else told['value']}"
    if told["ts"] is None:
        return f"{what}: {told['note']}"
    held = ", ".join(f"{name} of {'everything' if scope == '*' else scope}" for scope, name in told["gate"].items())
    return f"{what}: in the journal at {iso(told['ts'])}; the gate is {'held by ' + held if held else 'open'}"
