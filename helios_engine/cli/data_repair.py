"""`helios-engine data repair`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from helios_engine.cli.output import as_json, catalog_place, data_catalog, print_json

if TYPE_CHECKING:
    from helios_engine.catalog.repair_log import Change, Repair
    from helios_engine.catalog.store import Dataset

SHOWN = 30
"""Changes that are shown; how many more there are is said."""


@click.command("repair")
@click.argument("name")
@click.option("--kind", default="bars", show_default=True, help="bars, trades, quotes or funding.")
@click.option("--timeframe", default="", help="Of bars, such as 1h.")
@click.option("--fill-gaps", "longest", default=None, metavar="MAX", help="Fill gaps of bars up to 5m, 2h, 1d … long.")
@click.option("--drop", "dropped", multiple=True, metavar="KIND@TIME", help="Take out a row that is in quarantine.")
@click.option("--set", "values", multiple=True, nargs=2, metavar="TIME COLUMN=VALUE", help="Set a number of a row.")
@click.option("--undo", is_flag=True, help="Take the last repair back.")
@click.option("--why", default="set by hand", show_default=True, help="Why a value is set, for the log.")
@click.option("--yes", is_flag=True, help="Do it; without this, only what would change is shown.")
@data_catalog
@as_json
def repair(
    name: str,
    kind: str,
    timeframe: str,
    longest: str | None,
    dropped: tuple[str, ...],
    values: tuple[tuple[str, str], ...],
    undo: bool,
    why: str,
    yes: bool,
    catalog: str | None,
    as_json: bool,
) -> int:
    """Repair the data set NAME, such as BTCUSDT.BINANCE: fill gaps, drop rows, set values, or undo.

    Nothing is repaired that was not asked for. Both values of every change are kept in repairs.json beside the data,
    the changed spans stay marked in every check, and --undo takes the last repair back.
    """
    from helios_engine.catalog import repair as repairs
    from helios_engine.catalog.store import Catalog
    from helios_engine.errors import ConfigError

    asked = [longest is not None, bool(dropped), bool(values), undo]
    if asked.count(True) != 1:
        raise ConfigError("say one of --fill-gaps MAX, --drop KIND@TIME, --set TIME COLUMN=VALUE, --undo")
    where = Catalog(catalog_place(catalog))
    dataset = _dataset(where, kind, name, timeframe)
    if longest is not None:
        plan = repairs.plan_fill(dataset, _duration(longest))
    elif dropped:
        from helios_engine.cli.data_check import finding

        plan = repairs.plan_drop(dataset, [finding(text) for text in dropped])
    elif values:
        plan = repairs.plan_set(dataset, [_value(*pair) for pair in values], why)
    else:
        plan = repairs.plan_undo(dataset)
    manifest = repairs.apply(where, dataset, plan) if yes else dataset.manifest
    if as_json:
        print_json(_described(plan, manifest.revision, done=yes))
        return 0
    click.echo(f"{dataset.name}: {plan.what}")
    for change in plan.changes[:SHOWN]:
        click.echo(f"  {_line(change)}")
    if len(plan.changes) > SHOWN:
        click.echo(f"  … and {len(plan.changes) - SHOWN:,} more")
    if yes:
        click.echo(f"done: revision {manifest.revision}, {manifest.rows:,} rows; --undo takes it back")
    else:
        click.echo("nothing was changed; --yes does it")
    return 0


def _dataset(catalog: Any, kind: str, name: str, timeframe: str) -> Dataset:
    """The one that is meant; bars need no timeframe while there is only one."""
    from helios_engine.catalog.checking import select
    from helios_engine.errors import ConfigError

    if timeframe or kind != "bars":
        found: Dataset = catalog.dataset(kind, name, timeframe)
        return found
    datasets, unreadable = select(catalog, kind, name)
    if len(datasets) != 1:
        there = ", ".join([d.manifest.timeframe for d in datasets] + unreadable)
        raise ConfigError(f"bars {name}: add --timeframe, one of: {there}")
    return datasets[0]


def _duration(text: str) -> int:
    from helios_engine.errors import ConfigError
    from helios_engine.timeframe import nanoseconds

    try:
        return nanoseconds(text)
    except ValueError as error:
        raise ConfigError(f"--fill-gaps: {error}") from None


def _value(time: str, setting: str) -> tuple[int, str, str]:
    from helios_engine.cli.data_check import finding
    from helios_engine.errors import ConfigError

    column, equals, value = setting.partition("=")
    if not equals:
        raise ConfigError(f"--set TIME COLUMN=VALUE, such as --set 2024-10-04T12:00:00Z high=101.5; found {setting!r}")
    try:
        at = finding(f"value@{time}")[1]
    except ConfigError:
        raise ConfigError(f"--set {time} {setting}: expected a time such as 2024-10-04T12:00:00Z") from None
    return at, column.strip(), value.strip()


def _line(change: Change) -> str:
    from helios_engine.catalog.repair_log import ROW, ROWS
    from helios_engine.timeframe import iso

    if change.column == ROWS:
        body = change.after or change.before
        deed = "fill" if change.before is None else "take out"
        return f"{deed} bars from {iso(body['from'])} to {iso(body['to'])} at {body['price']}, volume 0: {change.why}"
    if change.column == ROW:
        values = change.before or change.after
        deed = "put back" if change.before is None else "drop"
        shown = ", ".join(f"{name}={value}" for name, value in values.items() if not name.startswith("ts"))
        return f"{deed} the row of {iso(change.ts)} ({shown}): {change.why}"
    return f"{iso(change.ts)} {change.column}: {change.before} → {change.after}: {change.why}"


def _described(plan: Repair, revision: int, *, done: bool) -> dict[str, Any]:
    import msgspec

    return {"done": done, "revision": revision, "repair": msgspec.to_builtins(plan)}
