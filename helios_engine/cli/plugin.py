"""`helios-engine plugin list`"""

from __future__ import annotations

import click

from helios_engine.cli.output import as_json, print_json


@click.group()
def plugin() -> None:
    """See what plugins offer."""


@plugin.command("list")
@as_json
def list_plugins(as_json: bool) -> int:
    """Every installed plugin with its identity, and the stages, feeds, effects and venues it offers."""
    from helios_engine import recipe
    from helios_engine.plugins import Kind, Plugins

    plugins = Plugins()
    kinds: tuple[Kind, ...] = ("feed", "stage", "effect", "venue", "body")
    rows = [
        {
            "kind": kind,
            "name": name,
            "plugin": str(offer.plugin),
            "about": ((offer.spec.body if kind == "body" else offer.spec.factory).__doc__ or "")
            .strip()
            .partition("\n")[0],
            "settings": []
            if kind == "body"
            else list(recipe.settings_struct(name, offer.spec.factory).__struct_fields__),
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
                click.echo(f"  {row['kind']:<7} {row['name']:<26} {row['about']}")
    return 0
