"""The jobs that child processes do for the cutting layers: record this world, or compare another one with it."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
import warnings
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec
import numpy as np

from helios_engine.bodies import Bar
from helios_engine.build import Plan
from helios_engine.codec import Codec
from helios_engine.errors import HeliosError
from helios_engine.events import Body
from helios_engine.proof.case import Case, parts_of, printed
from helios_engine.proof.cuts.futures import Future
from helios_engine.proof.cuts.moments import happenings
from helios_engine.proof.cuts.worlds import make_world
from helios_engine.proof.rehearsals.rehearsal import (
    LATEST,
    Rehearsal,
    Span,
    compare,
    compare_feeds,
    differing,
    plan_for,
    rehearse,
)
from helios_engine.proof.rehearsals.scripts import packed, unpacked
from helios_engine.proof.rehearsals.watching import Difference

FIRST_TIMES = 64
"""So many times of each source are kept: enough to look for its first wrong output."""


class Trial(NamedTuple):
    """Compare the world with this `future` up to `until` (ns UTC) with a recorded span.

    `printed` are instrument and timeframe of the bars whose prints the venue is shown.
    """

    span: Span
    script: Path
    future: Future
    until: int
    printed: frozenset[tuple[str, str]]


class Recorded(msgspec.Struct, frozen=True):
    """Facts of a recorded span: when inputs came, and bars of each timeframe, and what must be imported.

    `sources` has the first times at which each source spoke.
    """

    inputs: bytes
    sources: dict[str, list[int]]
    bars: dict[str, list[int]]
    modules: list[str]


class Compared(msgspec.Struct, frozen=True):
    """The first difference of each part in another world, and the parts that had spoken by the cut."""

    differences: list[Difference]
    spoke: list[str]


def record(case: Case, span: Span, script: Path, until: int = LATEST) -> dict[str, Any]:
    """Run a span in this world and write what every part said to `script`; returns a `Recorded` as plain values.

    What comes after `until` (ns UTC) is in the span's data, but nobody hears it.
    """
    plan = plan_for(case.config, case.plugins, span)
    rehearsal = rehearse(plan, until=until)
    script.write_bytes(packed(rehearsal, plan.codec))
    given = sorted((ts, body) for s in rehearsal.streams.values() for ts, body in _dated(s.inputs))
    frames = sorted({frame for _, frame in given if frame})
    bars = {frame: [ts for ts, f in given if f == frame] for frame in frames}
    sources = {name: [ts for ts, _ in s.inputs[:FIRST_TIMES]] for name, s in rehearsal.streams.items()}
    times = array("q", (ts for ts, _ in given))
    found = Recorded(times.tobytes(), sources, bars, sorted(sys.modules))
    return cast("dict[str, Any]", msgspec.to_builtins(found, builtin_types=(bytes,)))


def attempt(case: Case, trial: Trial, known: Rehearsal | None = None) -> dict[str, Any]:
    """Make the other world, run in it, and return a `Compared` as plain values.

    Nothing is made over this world in the same process: what a module keeps of it would be taken for the other's.
    With a `known` script, read before by who forks many of these, lines are not noted.
    """
    with _over(case, trial) as other:
        try:
            plan = plan_for(case.config, case.plugins, trial.span, other)
            rehearsal = known or unpacked(trial.script.read_bytes(), plan.codec)
            differences = compare(plan, rehearsal, trial.until, notes_lines=known is None)
            found = Compared(differences, spoken(rehearsal, trial.until))
        except HeliosError as error:
            found = Compared([Difference("run", trial.until, "", f"it cannot be put together: {error}")], [])
        return cast("dict[str, Any]", msgspec.to_builtins(found))


def attempt_feeds(case: Case, trial: Trial, known: Rehearsal) -> dict[str, Any]:
    """As `attempt`, for feeds alone: many cuts of them cost little."""
    with _over(case, trial) as other:
        try:
            plan = plan_for(case.config, case.plugins, trial.span, other)
            feeds = {feed.name for feed in plan.feeds}
            alone = Rehearsal({}, {name: known.streams[name] for name in feeds & known.streams.keys()})
            found = Compared(compare_feeds(plan, alone, trial.until, notes_lines=False), spoken(alone, trial.until))
        except HeliosError as error:
            found = Compared([Difference("run", trial.until, "", f"it cannot be put together: {error}")], [])
        return cast("dict[str, Any]", msgspec.to_builtins(found))


def suspects(case: Case, trial: Trial) -> dict[str, list[int]]:
    """When parts other than feeds say something else over a catalog of which nothing is as it was.

    They hear all that they heard, so what differs comes from the catalog itself; whether from its future, cuts must
    show. A part that cannot be made over such a catalog is not in the answer.
    """
    with _over(case, trial) as other:
        try:
            plan = plan_for(case.config, case.plugins, trial.span, other)
            return differing(plan, unpacked(trial.script.read_bytes(), plan.codec), trial.until)
        except HeliosError:
            return {}


@contextlib.contextmanager
def _over(case: Case, trial: Trial) -> Iterator[str]:
    """The catalog of the trial's other world, while it is needed; what plugins warn of there is of no interest."""
    folder = Path(tempfile.mkdtemp(prefix="world-", dir=case.folder))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield str(make_world(case.config.catalog, trial.future, folder / "catalog", trial.printed))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def summary(case: Case, script: Path, recorded: Recorded) -> dict[str, Any]:
    """When each part spoke, and what happened in the span, by why one would cut there."""
    said = known(case, script).said
    spoken = {**recorded.sources, **{name: sorted(part.times.values()) for name, part in said.items()}}
    return {"said": spoken, "happenings": happenings(said, recorded.bars)}


def known(case: Case, script: Path) -> Rehearsal:
    """What a script says, read once for many trials."""
    return unpacked(script.read_bytes(), Codec(case.plugins.bodies))


def outline(case: Case) -> dict[str, Any]:
    """The span and the parts of the run, found in a child because that needs its plan."""
    from helios_engine.build import build

    plan: Plan = build(case.config, case.plugins)
    parts = [msgspec.to_builtins(p) for p in parts_of(plan)]
    return {
        "begin": plan.begin,
        "start": plan.start,
        "stop": plan.stop,
        "tick": plan.tick,
        "parts": parts,
        "printed": sorted(printed(plan)),
    }


def times_of(recorded: Recorded) -> np.ndarray[Any, np.dtype[np.int64]]:
    """When inputs came, ns UTC."""
    return np.frombuffer(recorded.inputs, dtype=np.int64)


def spoken(rehearsal: Rehearsal, until: int) -> list[str]:
    """The parts that said something up to a time: at a cut before its first word nothing is learnt of a part."""
    feeds = [name for name, s in rehearsal.streams.items() if s.inputs and s.inputs[0][0] <= until]
    return feeds + [
        name for name, said in rehearsal.said.items() if min(said.times.values(), default=until + 1) <= until
    ]


def _dated(inputs: list[tuple[int, Body]]) -> Iterator[tuple[int, str]]:
    """When each input came, and its timeframe if it was a bar."""
    for ts, body in inputs:
        yield ts, body.timeframe if type(body) is Bar else ""
