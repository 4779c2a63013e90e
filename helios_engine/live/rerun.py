"""A backtest over what a live run recorded: the same config, the raw frames parsed again, a catalog made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec.structs import replace

from helios_engine import folder as folders
from helios_engine.assemble import DEFINITIONS
from helios_engine.bodies import Control, Instrument
from helios_engine.build import Plan, build
from helios_engine.catalog.store import Catalog
from helios_engine.codec import Codec
from helios_engine.config import Config, on_catalog
from helios_engine.errors import NotAvailableError
from helios_engine.events import Body
from helios_engine.journal import JournalReader
from helios_engine.journal.reader import StoredInput
from helios_engine.live.paper import RECORDING
from helios_engine.live.routes import EDGE
from helios_engine.live.session import CONTROL, RESUMED
from helios_engine.live.told import Told
from helios_engine.live.warming import RECENT
from helios_engine.plugins import Plugins
from helios_engine.recorder.compaction import Compaction
from helios_engine.recorder.parsing import parses
from helios_engine.runner import Progress, Result, backtest
from helios_engine.stage import Feed, Pin
from helios_engine.timeline import Source

CATALOG, RERUNS = "catalog", "backtest"
"""The folders in a run's folder that hold its recording as a catalog, and the backtest over it."""
_RANK = 20
Rows = Iterator[tuple[int, Body]]


class Warmed:
    """A feed over a recording, behind the warm-up of its run: what that told the run is not told twice."""

    def __init__(self, feed: Feed, name: str, before: Callable[[str], Rows], told: Told) -> None:
        """`before` gives the inputs of the warm-up that came from a source."""
        self._feed, self._name, self._before, self._told = feed, name, before, told

    def pin(self) -> Pin:
        """That of the recording."""
        return self._feed.pin()

    def instruments(self) -> Iterable[Instrument]:
        """Those of the recording."""
        return self._feed.instruments()

    def issues(self, start: int, stop: int) -> Rows:
        """What the warm-up knew against its data; doubts about a recording are inputs of its run."""
        return self._before(f"{self._name}.issues")

    def inputs(self, start: int, stop: int) -> Rows:
        """The warm-up, then the recording."""
        yield from self._before(self._name)
        yield from (row for row in self._feed.inputs(start, stop) if row[1] not in self._told)


def rerun(place: Path, plugins: Plugins | None = None, progress: Progress | None = None) -> Result:
    """Backtest a finished live run's config over its own recording, from its start to its end.

    Market data comes from the catalog. From the journal comes what no catalog feed of the config brings: the warm-up,
    what was measured at the edge, and controls. Raises NotAvailableError if the run was killed in between, or a
    definition changed: its recording then holds more than the run has seen.
    """
    reader = JournalReader(place / folders.JOURNAL, Codec())
    record, told, ended = reader.header(), _told(reader, place), 0
    for given in reader.inputs():
        ended = given.ts
    config = folders.read_config(place, record["config_path"])
    plan = _over_recording(config, place, str(record["parser"]), plugins)
    more = [
        Source(
            name, _RANK, iter([(given.ts, given.body) for given in told if given.source == name and given.ts < ended])
        )
        for name in (EDGE, CONTROL)
    ]
    if record["begin"] < record["start"]:
        plan = _warmed(plan, reader)
    return backtest(plan._replace(stop=ended, is_cut=True), place / RERUNS, progress, more=more)


def _warmed(plan: Plan, reader: JournalReader) -> Plan:
    """The plan from the begin of the warm-up on, which the journal has."""
    record = reader.header()
    begin, start = record["begin"], record["start"]

    def before(source: str) -> Rows:
        for given in reader.inputs():
            if given.ts >= start:
                return
            if given.source == source:
                yield given.ts, given.body

    told = Told()
    for feed in plan.feeds:
        told.add(body for ts, body in before(feed.name) if ts >= start - RECENT)
    feeds = tuple(feed._replace(feed=Warmed(feed.feed, feed.name, before, told)) for feed in plan.feeds)
    known = tuple(replace(d, valid_from=min(d.valid_from, begin)) for d in plan.instruments)
    return plan._replace(feeds=feeds, terms=plan.terms._replace(instruments=known), begin=begin, start=start)


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
    Compaction(place / RECORDING, Catalog(str(place / CATALOG)), *parses(parser, plugins)).run()
    run = replace(config.run, start=None, stop=None, warmup="0s")  # of a live run its inputs say where it begins
    return build(replace(on_catalog(config, place / CATALOG), run=run), plugins)
