"""`helios-engine config check|schema`"""

from __future__ import annotations

from pathlib import Path

import click

from helios_engine.cli.output import as_json, catalog_folder, print_json


@click.group()
def config() -> None:
    """Check a config, or print its schema."""


@config.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@catalog_folder
@as_json
def check(file: Path, catalog: str | None, as_json: bool) -> int:
    """Build the run of FILE without running it: plugins, settings, data, and that every stage is fed."""
    from helios_engine.build import build
    from helios_engine.config import load_config, on_catalog
    from helios_engine.runner import check_money
    from helios_engine.timeframe import iso

    loaded = load_config(file)
    plan = build(on_catalog(loaded, catalog) if catalog is not None else loaded)
    check_money(plan)
    stages = [
        {
            "stage": node.name,
            "consumes": [k.__name__ for k in node.consumes],
            "emits": sorted(k.__name__ for k in node.emits),
        }
        for node in plan.nodes
    ]
    if as_json:
        print_json({"config": str(file), "start": plan.start, "stop": plan.stop, "stages": stages})
        return 0
    click.echo(f"{file}: sound; {iso(plan.start)} to {iso(plan.stop)}, ticks each {plan.tick}")
    for stage in stages:
        click.echo(f"  {stage['stage']:<26} {', '.join(stage['consumes'])} → {', '.join(stage['emits']) or 'nothing'}")
    return 0


@config.command()
def schema() -> int:
    """The JSON schema of a config, with the settings of every installed recipe."""
    from helios_engine.config_schema import config_schema
    from helios_engine.plugins import Plugins

    print_json(config_schema(Plugins()))
    return 0
