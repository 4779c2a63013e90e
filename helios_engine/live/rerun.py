"""A backtest over what a live run recorded: the same config, the raw frames parsed again, a catalog made of them."""

from __future__ import annotations

from pathlib import Path

from helios_engine import folder as folders
from helios_engine.build import build
from helios_engine.catalog.store import Catalog
from helios_engine.codec import Codec
from helios_engine.config import on_catalog
from helios_engine.errors import NotAvailableError
from helios_engine.journal import JournalReader
from helios_engine.live.paper import RECORDING
from helios_engine.plugins import Plugins
from helios_engine.recorder.compaction import Compaction
from helios_engine.recorder.parsing import Parsed
from helios_engine.runner import Progress, Result, backtest

CATALOG, RERUNS = "catalog", "backtest"
"""The folders in a run's folder that hold its recording as a catalog, and the backtest over it."""


def rerun(place: Path, plugins: Plugins | None = None, progress: Progress | None = None) -> Result:
    """Backtest a finished live run's config over its own recording, from its start to its end.

    Raises NotAvailableError if the run had a warm-up, which its recording does not hold, or was interrupted.
    """
    bare = JournalReader(place / folders.JOURNAL, Codec())
    record, ended = bare.header(), 0
    for given in bare.inputs():
        ended = given.ts
    config = folders.read_config(place, record["config_path"])
    if record["begin"] < record["start"]:
        raise NotAvailableError(f"{place.name}: the run was warmed up with history, which its recording does not hold")
    if any(given.source == "instruments" and given.ts > record["start"] for given in bare.inputs()):
        raise NotAvailableError(f"{place.name}: a definition changed during the run, which a catalog tells at once")
    plugins = plugins or Plugins(config.plugins.allow, config.plugins.block)
    codec, parser = Codec(plugins.bodies), str(record["parser"])
    factory = plugins.offers("parser")[parser].spec.factory
    catalog = Catalog(str(place / CATALOG))
    Compaction(place / RECORDING, catalog, lambda: Parsed(parser, factory(), codec), codec).run()
    plan = build(on_catalog(config, place / CATALOG), plugins)
    return backtest(plan._replace(stop=ended, is_cut=True), place / RERUNS, progress)
