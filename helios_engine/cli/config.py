"""`helios-engine config check|fees|schema`"""

from __future__ import annotations

from pathlib import Path

import click

from helios_engine.cli.output import as_json, catalog_folder, print_json


@click.group()
def config() -> None:
    """Check a config, print its schema, or list what it may name."""


@config.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@catalog_folder
@as_json
def check(file: Path, catalog: str | None, as_json: bool) -> int:
    """Build the run of FILE without running it: plugins, settings, data, and that every stage is fed.

    Where there are no data yet, a config with a [live] table is checked as a live run.
    """
    from helios_engine.artefact_gate import check_artefacts
    from helios_engine.build import build
    from helios_engine.config import load_config, on_catalog
    from helios_engine.errors import AbsentError
    from helios_engine.live.starting import checked
    from helios_engine.runner import check_money
    from helios_engine.timeframe import iso

    loaded, no_backtest = load_config(file), ""
    try:
        plan = build(on_catalog(loaded, catalog) if catalog is not None else loaded)
    except AbsentError as error:
        if loaded.live is None:
            raise
        plan, no_backtest = checked(loaded), str(error)
    check_artefacts(plan)
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
        span = {"start": plan.start, "stop": plan.stop} if not no_backtest else {"no_backtest": no_backtest}
        print_json({"config": str(file), **span, "stages": stages})
        return 0
    span_text = "as a live run" if no_backtest else f"{iso(plan.start)} to {iso(plan.stop)}"
    click.echo(f"{file}: sound; {span_text}, ticks each {plan.tick}")
    for stage in stages:
        click.echo(f"  {stage['stage']:<26} {', '.join(stage['consumes'])} → {', '.join(stage['emits']) or 'nothing'}")
    if no_backtest:
        click.echo(f"no backtest: {no_backtest}")
    return 0


@config.command()
def schema() -> int:
    """The JSON schema of a config, with the settings of every installed recipe."""
    from helios_engine.config_schema import config_schema
    from helios_engine.plugins import Plugins

    print_json(config_schema(Plugins()))
    return 0


@config.command()
@as_json
def fees(as_json: bool) -> int:
    """List the fee schedules that `fees` under [venue] or [[instrument]] may name, with their dates and sources."""
    import msgspec

    from helios_engine.fees import percent, schedules

    known = schedules()
    if as_json:
        print_json(msgspec.to_builtins(known))
        return 0
    for name, schedule in known.items():
        click.echo(f"{name}\n  {schedule.title}\n  of {schedule.date}; {schedule.source}")
        for rate in schedule.rates:
            maker = f"maker {percent(rate.maker):>7} in {rate.maker_fee_in or schedule.maker_fee_in:<8}"
            taker = f"taker {percent(rate.taker):>7} in {rate.taker_fee_in or schedule.taker_fee_in}"
            click.echo(f"  {rate.about:<32} {maker}  {taker}")
    return 0
