"""A backtest over what a live run recorded: the same config, the raw frames parsed again, a catalog made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from helios_engine import folder as folders
from helios_engine.assemble import DEFINITIONS
from helios_engine.bodies import Control
from helios_engine.build import Plan, build
from helios_engine.catalog.store import Catalog
from helios_engine.codec import Codec
from helios_engine.config import Config, on_catalog
from helios_engine.errors import NotAvailableError
from helios_engine.journal import JournalReader
from helios_engine.journal.reader import StoredInput
from helios_engine.live.paper import RECORDING
from helios_engine.live.routes import EDGE
from helios_engine.live.session import CONTROL, RESUMED
from helios_engine.plugins import Plugins
from helios_engine.recorder.compaction import Compaction
from helios_engine.recorder.parsing import Parsed
from helios_engine.runner import Progress, Result, backtest
from helios_engine.timeline import Source

CATALOG, RERUNS = "catalog", "backtest"
"""The folders in a run's folder that hold its recording as a catalog, and the backtest over it."""
_RANK = 20


def rerun(place: Path, plugins: Plugins | None = None, progress: Progress | None = None) -> Result:
    """Backtest a finished live run's config over its own recording, from its start to its end.

    Market data comes from the catalog; what was measured at the edge, and controls, which no catalog feed of the
    config brings, from the journal. Raises NotAvailableError if the run had a warm-up, or was killed in between: its
    recording then holds less, or more, than the run has seen.
    """
    reader = JournalReader(place / folders.JOURNAL, Codec())
    record, told, ended = reader.header(), _told(reader, place), 0
    for given in reader.inputs():
        ended = given.ts
    if record["begin"] < record["start"]:
        raise NotAvailableError(f"{place.name}: the run was warmed up with history, which its recording does not hold")
    config = folders.read_config(place, record["config_path"])
    plan = _over_recording(config, place, str(record["parser"]), plugins)
    more = [
        Source(
            name, _RANK, iter([(given.ts, given.body) for given in told if given.source == name and given.ts < ended])
        )
        for name in (EDGE, CONTROL)
    ]
    return backtest(plan._replace(stop=ended, is_cut=True), place / RERUNS, progress, more=more)


def _told(reader: JournalReader, place: Path) -> list[StoredInput]:
    """Inputs that do not come from the catalog. NotAvailableError for what a catalog cannot tell in time."""
    start = reader.header()["start"]
    found: list[StoredInput] = []
    for given in reader.inputs():
        if given.source == DEFINITIONS and given.ts > start:
            raise NotAvailableError(
                f"{place.name}: a definition changed during the run; a catalog has it from the start"
            )
        if isinstance(given.body, Control) and given.body.name == RESUMED:
            raise NotAvailableError(f"{place.name}: the run was killed and gone on with; its recording has seen more")
        if given.source in (EDGE, CONTROL):
            found.append(given)
    return found


def _over_recording(config: Config, place: Path, parser: str, plugins: Plugins | None) -> Plan:
    plugins = plugins or Plugins(config.plugins.allow, config.plugins.block)
    codec = Codec(plugins.bodies)
    factory: Any = plugins.offers("parser")[parser].spec.factory
    catalog = Catalog(str(place / CATALOG))
    Compaction(place / RECORDING, catalog, lambda: Parsed(parser, factory(), codec), codec).run()
    return build(on_catalog(config, place / CATALOG), plugins)
