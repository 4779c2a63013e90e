"""`helios-engine diff`"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from helios_engine.cli.output import Progress, as_json, catalog_folder, print_json, runs_folder, runs_path


@click.command()
@click.argument("left")
@click.argument("right")
@catalog_folder
@runs_folder
@as_json
def diff(left: str, right: str, catalog: str | None, runs: Path | None, as_json: bool) -> int:
    """Name the first event in which two runs differ: stage, turn, time and both values.

    LEFT and RIGHT are run folders or parts of their names. What no journal stores is made anew.
    Exit code 1 if they differ.
    """
    from helios_engine.folder import find_folder
    from helios_engine.replay import first_difference

    places = find_folder(left, runs_path(runs)), find_folder(right, runs_path(runs))
    progress = Progress("diff")
    try:
        found = first_difference(*places, catalog, progress=progress)
    finally:
        progress.done()
    if as_json:
        print_json(
            {
                "same": found is None,
                "number": found and found.number,
                "left": _plain(found and found.left),
                "right": _plain(found and found.right),
            }
        )
    elif found is None:
        click.echo("the runs made the same outputs")
    else:
        click.echo(f"output {found.number} is the first that differs; the {found.number} before it are the same")
        for label, side in (("left", found.left), ("right", found.right)):
            click.echo(f"{label:<6} {_line(side)}")
    return 0 if found is None else 1


def _line(output: Any) -> str:
    from helios_engine.timeframe import iso

    if output is None:
        return "the run has ended"
    return (
        f"stage {output.stage} at {iso(output.ts)}, turn {output.turn}, "
        f"caused by {output.cause[0]}#{output.cause[1]}:\n"
        f"       {_readable(output.body)}"
    )


def _readable(body: Any) -> str:
    from helios_engine.bodies import Features

    if isinstance(body, Features):
        return f"Features({body.instrument} {body.timeframe} {body.schema}: {body.array.tolist()})"
    return repr(body)


def _plain(output: Any) -> dict[str, Any] | None:
    if output is None:
        return None
    return {
        "ts": output.ts,
        "stage": output.stage,
        "turn": output.turn,
        "cause": list(output.cause),
        "kind": type(output.body).__name__,
        "body": _readable(output.body),
    }
