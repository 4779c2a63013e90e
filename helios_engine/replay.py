"""Replay a run from its journal and compare; find the first event in which two runs differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from helios_engine import folder as folders
from helios_engine.assemble import assemble, heads
from helios_engine.bodies import Quarantine
from helios_engine.build import Plan, build
from helios_engine.codec import Codec
from helios_engine.config import on_catalog
from helios_engine.engine import Engine
from helios_engine.errors import DataError, JournalError
from helios_engine.events import Body
from helios_engine.journal import JournalReader
from helios_engine.journal.writer import check_schema
from helios_engine.live.planning import recorded_plan
from helios_engine.plugins import Plugins
from helios_engine.recording import Recording
from helios_engine.runner import STEP, Progress, drive, pins
from helios_engine.timeline import Source


class Replayed(NamedTuple):
    """Heads on record and heads made anew; `differences` names the chains that are not equal.

    `contaminated` is what the run's header says of artefacts that have seen its data.
    """

    recorded: dict[str, str]
    replayed: dict[str, str]
    contaminated: str = ""

    @property
    def differences(self) -> list[str]:
        """Chains whose heads differ, in the order of the pipeline."""
        return [name for name in self.recorded if self.recorded[name] != self.replayed.get(name)]


class Output(NamedTuple):
    """One output of a replay, as the chains hash it."""

    ts: int
    stage: str
    body: Body
    cause: tuple[str, int]
    turn: int


class Difference(NamedTuple):
    """The first output in which two runs differ; one side is missing when a run ends or is silent."""

    number: int
    left: Output | None
    right: Output | None


def open_run(
    place: Path, catalog: str | Path | None = None, plugins: Plugins | None = None
) -> tuple[Plan, JournalReader, dict[str, Any]]:
    """Build a run again from its folder; DataError if the catalog no longer holds what it was run on."""
    bare = JournalReader(place / folders.JOURNAL, Codec())
    record = bare.header()
    check_schema(bare.path, record)
    config = folders.read_config(place, record["config_path"])
    # The catalog that the run was made on may have been named by a flag.
    config = on_catalog(config, record["catalog"] if catalog is None else catalog)
    if is_live(record):
        plan = recorded_plan(config, record, plugins)
        return plan, JournalReader(place / folders.JOURNAL, plan.codec), record
    plan = build(config, plugins)
    for name, now in pins(plan).items():
        before = record["pins"].get(name)
        if before is None or before["digest"] != now["digest"]:
            raise DataError(
                f"{place.name}: the data of {name} is not what the run was made on: expected "
                f"{before['rows'] if before else 'no'} rows with digest {before['digest'][:12] if before else '-'}, "
                f"found {now['rows']} with {now['digest'][:12]}; name the old catalog with --catalog"
            )
    return plan, JournalReader(place / folders.JOURNAL, plan.codec), record


def replay(
    place: Path, catalog: str | Path | None = None, plugins: Plugins | None = None, progress: Progress | None = None
) -> Replayed:
    """Make every output of a complete run again, without venue and effects; raises JournalError."""
    plan, reader, record = open_run(place, catalog, plugins)
    end = reader.end()
    if end is None or end[0] != "complete":
        status = "killed before its end" if end is None else end[0]
        raise JournalError(f"{place.name}: the run was {status}; only a complete run can be compared by its heads")
    recording, out = Recording(reader.inputs()), quarantines(plan, reader)
    engine = assemble(plan, recording=recording, streams=no_streams(plan), quarantined=out)
    if not drive(engine, plan, progress):
        raise KeyboardInterrupt
    return Replayed(end[1], heads(plan, engine), record.get("contaminated", ""))


def is_live(record: Mapping[str, Any]) -> bool:
    """Whether a header is that of a run on live data, whose journal has every input."""
    return bool(record.get("mode", "backtest") != "backtest")


def no_streams(plan: Plan) -> list[Source] | None:
    """The sources that a replay reads beside the journal: of a live run none, else the plan's own."""
    return [] if plan.is_live else None


def quarantines(plan: Plan, reader: JournalReader) -> dict[str, Quarantine] | None:
    """The stages that a live run put out, by name; nothing for a backtest, which puts none out."""
    if not plan.is_live:
        return None
    return {found.stage: found for found in reader.quarantines()}


def outputs(
    place: Path, catalog: str | Path | None = None, plugins: Plugins | None = None, progress: Progress | None = None
) -> Iterator[Output]:
    """Every output of a run in order, made anew from its journal."""
    plan, reader, _ = open_run(place, catalog, plugins)
    recording, out = Recording(reader.inputs()), quarantines(plan, reader)
    engine = assemble(plan, recording=recording, streams=no_streams(plan), quarantined=out)
    collected: list[Output] = []
    _listen(plan, engine, collected)
    for number, given in enumerate(engine.run(), 1):
        if progress is not None and number % STEP == 0:
            progress((given.ts - plan.begin) / max(1, plan.stop - plan.begin), number)
        yield from collected
        collected.clear()
    engine.finish(0 if plan.is_live else plan.stop)
    yield from collected


def first_difference(
    left: Path,
    right: Path,
    catalog: str | Path | None = None,
    plugins: Plugins | None = None,
    progress: Progress | None = None,
) -> Difference | None:
    """Walk two runs side by side to the first output that differs."""
    one, two = outputs(left, catalog, plugins, progress), outputs(right, catalog, plugins)
    number = 0
    while True:
        a, b = next(one, None), next(two, None)
        if a is None and b is None:
            return None
        if a is None or b is None or a[:4] != b[:4]:
            return Difference(number, a, b)
        number += 1


def _listen(plan: Plan, engine: Engine, collected: list[Output]) -> None:
    names = [node.name for node in plan.nodes]
    hash_output = engine.journal.output

    def hear(position: int, ts: int, body: Body, cause: tuple[str, int]) -> None:
        hash_output(position, ts, body, cause)
        collected.append(Output(ts, names[position], body, cause, engine.turns))

    engine.pipeline.listen(hear)
    hash_decision = engine.journal.decision

    def hear_decision(ts: int, source: str, body: Body, cause: tuple[str, int]) -> None:
        hash_decision(ts, source, body, cause)
        collected.append(Output(ts, source, body, cause, engine.turns))

    engine.journal.decision = hear_decision  # type: ignore[method-assign]
