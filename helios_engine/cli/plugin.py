"""`helios-engine plugin list`, `new` and `test`"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from helios_engine.cli.output import as_json, print_json

KINDS = ("feature", "ml", "risk", "llm", "portfolio", "execution", "strategy", "feed", "venue", "importer")


@click.group()
def plugin() -> None:
    """See what plugins offer, write a new one, and test one."""


@plugin.command("list")
@as_json
def list_plugins(as_json: bool) -> int:
    """Every installed plugin with its identity, and all that it offers."""
    from helios_engine import recipe
    from helios_engine.config_schema import GIVEN
    from helios_engine.plugins import Kind, Plugins

    plugins = Plugins()
    kinds: tuple[Kind, ...] = (
        "feed", "stage", "effect", "venue", "body", "connection", "parser", "importer", "download"
    )  # fmt: skip
    rows = [
        {
            "kind": kind,
            "name": name,
            "plugin": str(offer.plugin),
            "about": _about(kind, offer.spec),
            "settings": list(recipe.settings_struct(name, offer.spec.factory, GIVEN).__struct_fields__)
            if kind in ("feed", "stage", "effect", "venue", "connection")
            else [],
        }
        for kind in kinds
        for name, offer in sorted(plugins.offers(kind).items())
    ]
    if as_json:
        print_json({"plugins": [str(identity) for identity in plugins.identities.values()], "offers": rows})
        return 0
    for identity in plugins.identities.values():
        click.echo(str(identity))
        for row in rows:
            if row["plugin"] == str(identity):
                click.echo(f"  {row['kind']:<10} {row['name']:<26} {row['about']}")
    return 0


def _about(kind: str, spec: Any) -> str:
    """The first line of what an offer says of itself."""
    match kind:
        case "importer":
            return str(spec.about)
        case "download":
            told = type(spec.source).__doc__
        case "body":
            told = spec.body.__doc__
        case _:
            told = spec.factory.__doc__
    return (told or "").strip().partition("\n")[0]


@plugin.command("new")
@click.argument("name")
@click.option("--kind", required=True, type=click.Choice(KINDS), help="What it offers.")
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="The folder to put it in."
)
def new_plugin(name: str, kind: str, into: Path) -> int:
    """Write a new plugin NAME that can be installed: a package, its test, and a config that runs it."""
    from helios_engine.testing.scaffold import write_plugin

    for path in write_plugin(name, kind, into):
        click.echo(str(path))
    return 0


@plugin.command("test")
@click.argument("place", metavar="[PATH|NAME]", default=".")
@as_json
def test_plugin(place: str, as_json: bool) -> int:
    """Run the kit's checks of everything a plugin offers, and its own tests.

    Exit codes: 0 all passed, 1 a check failed, 2 no such plugin, 4 a check could not be made.
    """
    import tempfile

    from helios_engine.testing.market import write_small_market
    from helios_engine.testing.trying import checks_of, named, own_tests

    plugins, name, project = named(place)
    verdicts = [] if project is None else list(own_tests(project))
    with tempfile.TemporaryDirectory(prefix="helios-kit-") as scratch:
        catalog = write_small_market(Path(scratch) / "catalog")
        for check in checks_of(plugins, name, catalog, Path(scratch), project):
            verdicts.append(check.verdict())
    code = max(({"passed": 0, "failed": 1, "not judged": 4}[v.status] for v in verdicts), default=4)
    code = 1 if any(v.status == "failed" for v in verdicts) else code
    if as_json:
        print_json({"plugin": name, "verdicts": [v._asdict() for v in verdicts], "exit_code": code})
        return code
    for v in verdicts:
        click.echo(f"  {v.status:<10} {v.subject:<32} {v.check}")
        for line in v.message.splitlines():
            click.echo(f"             {line}")
    if not verdicts:
        click.echo(f"{name} offers nothing that the kit has checks for")
    return code
