"""`helios-engine data features`"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from helios_engine.cli.output import Progress, as_json, catalog_folder, print_json


@click.command("features")
@click.argument("config", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--stage", default="", help="The stage, if more than one yields features.")
@click.option("--to", default=None, help="Folder or URL of the catalog to write to; default: the config's.")
@click.option("--replace", is_flag=True, help="Start over: rows at hand are dropped.")
@click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), default=None, help="Draw them: .html, or .png (kaleido)."
)
@click.option("--plot-timeframe", default="", help="Which columns to draw, such as 15m; default: the rows' timeframe.")
@catalog_folder
@as_json
def features(
    config: Path, stage: str, to: str | None, replace: bool, plot: Path | None, plot_timeframe: str,
    catalog: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Run only what the features of CONFIG need, and store every row as columns.

    The same engine and order as a backtest: a run that reads them by `catalog.features` sees the same bits. The same
    rows again change nothing, rows that go on are added, rows that contradict need --replace. Ctrl-C, an error or a
    full disk leave what was there. Where instruments are many, the first is drawn.
    """
    from helios_engine.build import build
    from helios_engine.catalog.feature_plot import check_plot, plot_features
    from helios_engine.catalog.store import Catalog
    from helios_engine.cli import INTERRUPTED
    from helios_engine.config import load_config, on_catalog
    from helios_engine.feature_store import store_features

    if plot is not None:
        check_plot(plot)
    loaded = load_config(config)
    plan = build(on_catalog(loaded, catalog) if catalog is not None else loaded)
    where = Catalog(to if to is not None else plan.config.catalog)
    progress = Progress("features")
    try:
        stored = store_features(plan, where, stage, replace=replace, progress=progress)
    finally:
        progress.done()
    if stored is None:
        click.echo("interrupted: nothing was written", err=True)
        return INTERRUPTED
    if plot is not None:
        made = stored[0].manifest
        plot_features(where.dataset(made.kind, made.name, made.timeframe), plot, plot_timeframe)
    if as_json:
        print_json(
            {"catalog": where.url, "plot": None if plot is None else str(plot), "sets": [_told(s) for s in stored]}
        )
        return 0
    _say(stored)
    if plot is not None:
        click.echo(f"drawn in {plot}")
    return 0


def _told(stored: Any) -> dict[str, Any]:
    import msgspec

    from helios_engine.cli.data import described

    made = stored.manifest.made
    about = {"changed": stored.is_changed, "schema_digest": made.schema_digest, "made": msgspec.to_builtins(made)}
    return {**described(stored.manifest), **about}


def _say(stored: list[Any]) -> None:
    from helios_engine.cli.data import line

    for each in stored:
        made = each.manifest.made
        click.echo(line(each.manifest))
        note = "" if each.is_changed else "; unchanged"
        click.echo(f"  {made.schema} {made.schema_digest[:12]}, {len(made.columns)} columns, stage {made.stage}{note}")
    if not any(each.is_changed for each in stored):
        click.echo("nothing changed: the same rows are there already")
