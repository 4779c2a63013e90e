"""`helios-engine replay`"""

from __future__ import annotations

from pathlib import Path

import click

from helios_engine.cli.output import Progress, as_json, catalog_folder, print_json, runs_folder, runs_path
from helios_engine.errors import ConfigError

SHORTEST = 8
"""Hex digits of a head that name it well enough."""


@click.command()
@click.argument("run")
@catalog_folder
@runs_folder
@click.option(
    "--expect",
    multiple=True,
    metavar="[CHAIN=]HEAD",
    help="A head that this run must have, eight hex digits of it or more; without CHAIN that of the decisions.",
)
@as_json
def replay(run: str, catalog: str | None, runs: Path | None, expect: tuple[str, ...], as_json: bool) -> int:
    """Make every output of RUN again from its journal, without a venue, and compare the heads.

    RUN is a run folder, a part of its name, or `last`. Exit code 1 if any head differs, or is not the expected one.
    """
    from helios_engine.folder import find_folder
    from helios_engine.replay import replay as replay_run

    wanted = dict(_expected(text) for text in expect)
    place = find_folder(run, runs_path(runs))
    progress = Progress("replay")
    try:
        found = replay_run(place, catalog, progress=progress)
    finally:
        progress.done()
    others = _others(wanted, found.replayed)
    if as_json:
        print_json({"run": str(place), **found._asdict(), "differences": found.differences, "not_expected": others})
    else:
        if found.contaminated:
            click.echo(found.contaminated)
        for name, head in found.recorded.items():
            again = found.replayed.get(name, "missing")
            click.echo(f"{'same  ' if again == head else 'DIFFER'}  {head[:12]}  {again[:12]}  {name}")
        for name in others:
            made = found.replayed.get(name, "missing")[: len(wanted[name])]
            click.echo(f"OTHER   {wanted[name]} was expected of {name}, found {made}")
        verdict = "every head is the same" if not found.differences else f"{len(found.differences)} heads differ"
        click.echo(
            f"{place.name}: {verdict}" + f", {len(wanted) - len(others)} of {len(wanted)} as expected" * bool(wanted)
        )
    return 1 if found.differences or others else 0


def _expected(text: str) -> tuple[str, str]:
    """`decisions=5ace221e` or the bare head of the decisions."""
    name, _, head = text.rpartition("=")
    if len(head) < SHORTEST or any(c not in "0123456789abcdef" for c in head):
        raise ConfigError(f"--expect {text!r}: expected CHAIN=HEAD with at least {SHORTEST} hex digits of a head")
    return name or "decisions", head


def _others(wanted: dict[str, str], made: dict[str, str]) -> list[str]:
    for name in wanted:
        if name not in made:
            raise ConfigError(f"--expect {name}: no such chain; the chains of this run are {', '.join(made)}")
    return [name for name, head in wanted.items() if not made[name].startswith(head)]
