"""Run a backtest from config to run folder; `run` is the same from Python."""

from __future__ import annotations

import platform
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from helios_engine import folder as folders
from helios_engine.artefact_gate import check_artefacts, digests
from helios_engine.assemble import assemble, balances, heads, sources
from helios_engine.build import Plan, build
from helios_engine.config import Config, load_config
from helios_engine.engine import Engine
from helios_engine.errors import HeliosError
from helios_engine.heap import heap_set_aside
from helios_engine.logs import component
from helios_engine.plugins import Plugins
from helios_engine.report.features import write_features
from helios_engine.report.frames import Frames
from helios_engine.report.page import write_page
from helios_engine.report.summary import Status, Summary, write_summary
from helios_engine.reporting import summarise
from helios_engine.results import Results
from helios_engine.stage import Venue
from helios_engine.timeframe import iso
from helios_engine.timeline import Source

Progress = Callable[[float, int], None]
"""Called now and then with the share done (0…1) and the inputs taken so far."""

STEP = 2048
_LIBRARIES = ("helios-engine", "nautilus_trader", "numpy", "pandas", "pyarrow", "msgspec", "pluggy")


class Result(NamedTuple):
    """A finished run: its folder, what it came to, and its tables as pandas frames."""

    folder: Path
    summary: Summary
    frames: Frames

    @property
    def heads(self) -> dict[str, str]:
        """The head of every chain."""
        return self.summary.heads

    @property
    def report(self) -> Path:
        """The HTML page."""
        return self.folder / folders.REPORT


def run(
    config: str | Path | Config,
    *,
    runs: str | Path = "runs",
    plugins: Plugins | None = None,
    allow_contaminated: bool = False,
) -> Result:
    """Backtest a config and return the result; raises HeliosError. `allow_contaminated`: see `backtest`.

    result = helios_engine.run("configs/six_kinds.toml")
    result.frames.equity["equity"].plot()
    """
    loaded = config if isinstance(config, Config) else load_config(config)
    return backtest(build(loaded, plugins), Path(runs), allow_contaminated=allow_contaminated)


def backtest(
    plan: Plan,
    runs: Path,
    progress: Progress | None = None,
    *,
    allow_contaminated: bool = False,
    more: Sequence[Source] = (),
) -> Result:
    """Run a plan to its end; a failed or interrupted run leaves a readable journal and says so.

    A run with an artefact that has seen its data raises ContaminatedError; with `allow_contaminated` it runs, and
    every output is marked. `more` are sources beside the plan's own, which the journal keeps.
    """
    contaminated, notes = check_artefacts(plan, allow=allow_contaminated)
    venue = check_money(plan)
    place = folders.new_folder(runs, plan.config, run_digest(plan, venue))
    started = time.time()
    streams = [*sources(plan), *more] if more else None
    engine = assemble(
        plan, journal=place / folders.JOURNAL, results=place, venue=venue, mark=contaminated, streams=streams
    )
    results = engine.results
    assert results is not None
    log = component("runner")
    log.info("run started", extra={"run": place.name, "stages": len(plan.nodes), "feeds": len(plan.feeds)})
    status: Status = "failed"
    failure: BaseException | None = None
    try:
        engine.journal.header(header(plan, venue, contaminated))
        status = "complete" if drive(engine, plan, progress) else "interrupted"
    except (Exception, KeyboardInterrupt) as error:
        failure = error  # raised again below, once what there is has been written
        if isinstance(error, KeyboardInterrupt):
            status = "interrupted"
    try:
        summary = close(plan, engine, results, place, status, failure, started, contaminated, notes)
        write_page(place)
    except HeliosError as error:
        results.discard()
        raise (failure or error) from error
    if failure is not None:
        log.error("run %s", status, extra={"run": place.name, "error": str(failure)})
        raise failure
    log.info("run %s", status, extra={"run": place.name, "turns": engine.turns, "fills": engine.port.fills})
    return Result(place, summary, Frames(place))


def check_money(plan: Plan) -> Venue:
    """Make the venue and read the balances, so that a mistake in either is found before anything is written."""
    balances(plan)
    venue: Venue = plan.make_venue()
    return venue


def drive(engine: Engine, plan: Plan, progress: Progress | None = None) -> bool:
    """Take every input; False if Ctrl-C stopped it between two inputs."""
    span = max(1, plan.stop - plan.begin)
    with _stop_asked() as asked, heap_set_aside():
        for number, given in enumerate(engine.run(), 1):
            if asked:
                return False
            if progress is not None and number % STEP == 0:
                progress((given.ts - plan.begin) / span, sum(engine.timeline.delivered.values()))
        engine.finish(0 if plan.is_live else plan.stop)  # a live run is over with its last input
    return True


def header(plan: Plan, venue: Venue, contaminated: str = "") -> dict[str, Any]:
    """What identifies a run: config, data, plugins, seed, files the venue read, and library versions."""
    return {
        "name": plan.config.run.name,
        "config_path": str(plan.config.path),
        "config_digest": plan.config.digest,
        "catalog": str(plan.config.catalog),
        "pins": pins(plan),
        "venue_pins": venue_pins(venue),
        "artefacts": digests(plan),
        "contaminated": contaminated,
        "plugins": [str(identity) for identity in plan.plugins.identities.values()],
        "stages": [node.name for node in plan.nodes],
        "seed": plan.config.run.seed,
        "begin": plan.begin,
        "start": plan.start,
        "stop": plan.stop,
        "mode": "backtest",
        "versions": versions(),
    }


def pins(plan: Plan) -> dict[str, dict[str, Any]]:
    """Digest, rows and span of every feed, by its name in the run."""
    return {
        feed.name: {
            "digest": feed.pin.digest,
            "rows": feed.pin.rows,
            "first": feed.pin.first,
            "last": feed.pin.last,
        }
        for feed in plan.feeds
    }


def venue_pins(venue: Venue) -> dict[str, str]:
    """Digests of the files that a venue's answers depend on, by setting; a venue with none need not have `pins`."""
    told = getattr(venue, "pins", None)
    return {} if told is None else dict(told())


def versions() -> dict[str, str]:
    """Python and the libraries that results may depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}


def run_digest(plan: Plan, venue: Venue) -> str:
    """Digest over config, data, artefacts and the venue's files: two runs that share it should share their heads."""
    import hashlib

    parts = [
        plan.config.digest,
        *(feed.pin.digest for feed in plan.feeds),
        *venue_pins(venue).values(),
        *digests(plan).values(),
    ]
    return hashlib.blake2b(" ".join(parts).encode(), digest_size=16).hexdigest()


def close(
    plan: Plan,
    engine: Engine,
    results: Results,
    place: Path,
    status: Status,
    failure: BaseException | None,
    started: float,
    contaminated: str,
    notes: list[str],
) -> Summary:
    """Write all that a run leaves besides its page: tables, the end of the journal, the summary."""
    results.close()
    if results.ear is not None:
        write_features(place, results.ear.sampled(), results.ear.left_out)
    engine.journal.close(status, heads(plan, engine))
    summary = summarise(
        plan,
        engine,
        place,
        status=status,
        error="" if failure is None else str(failure),
        started=iso(int(started * 1e3) * 1_000_000),
        finished=iso(time.time_ns() // 1_000_000 * 1_000_000),
        versions=versions(),
        contaminated=contaminated,
        notes=notes,
    )
    write_summary(place, summary)
    return summary


@contextmanager
def _stop_asked() -> Iterator[list[int]]:
    """Collect Ctrl-C instead of raising it inside a stage or the venue; a second one raises."""
    asked: list[int] = []

    def ask(number: int, frame: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    try:
        before = signal.signal(signal.SIGINT, ask)
    except ValueError:  # not the main thread: whoever runs us handles signals
        yield asked
        return
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
