"""The layers that change what had not happened yet: prefix (it is removed) and futures (it is another).

One run is recorded from its begin on. At moments of every kind it is cut: another world agrees with this one on all
that was available at the cut, every part is made anew over it and hears what it heard in this world, and whatever it
says otherwise up to the cut is a finding. Cuts from the run's begin are few, because they cost most of a backtest;
the others begin a warm-up before the cut, recorded in this world for the comparison.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Iterable
from functools import partial
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from helios_engine.config import Piece
from helios_engine.errors import HeliosError
from helios_engine.plugins import Kind
from helios_engine.proof.case import Case
from helios_engine.proof.cuts import shrinking, trials
from helios_engine.proof.cuts.futures import KINDS, Future
from helios_engine.proof.cuts.moments import Moment, choose
from helios_engine.proof.cuts.windows import Window, confirmations, suspicion, windows
from helios_engine.proof.cuts.worlds import read_ahead
from helios_engine.proof.findings import Finding, Outcome, Part
from helios_engine.proof.forks import answer_of, forked
from helios_engine.proof.rehearsals.rehearsal import Span
from helios_engine.proof.rehearsals.watching import Difference
from helios_engine.recipe import settings_struct


class Seen(NamedTuple):
    """A difference and the trial that showed it."""

    difference: Difference
    trial: trials.Trial


class Ground(NamedTuple):
    """The recorded run that cuts are compared with."""

    span: Span
    tick: str
    parts: tuple[Part, ...]
    trial: trials.Trial
    said: dict[str, list[int]]
    moments: list[Moment]
    inputs: NDArray[np.int64]
    seconds: float


class Attempts(NamedTuple):
    """What all cuts showed: differences, how many of each kind there were, and before how many each part spoke.

    `suspected` has when a part said something else over a catalog of which no row was as it was.
    """

    seen: list[Seen]
    suspected: dict[str, list[int]]
    counts: dict[str, int]
    spoke: dict[str, int]
    broken: str


def cut(case: Case) -> tuple[Outcome, Outcome]:
    """Make the cuts of a case; returns the outcomes of the layers prefix and futures."""
    begin = time.monotonic()
    ground = prepare(case)
    made = _attempts(case, ground)
    findings = list(_findings(case, ground, made))
    silent = {p.name: "it had not spoken before any cut" for p in ground.parts if not made.spoke.get(p.name)}
    kinds = {kind: made.counts[kind] for kind in KINDS if kind in made.counts}
    coverage = {what: count for what, count in made.counts.items() if what not in KINDS}
    coverage |= {f"with {name} at work": made.spoke[p.name] for p in ground.parts if (name := p.name) in made.spoke}
    return (
        Outcome(
            layer="prefix",
            findings=tuple(f for f in findings if f.layer == "prefix"),
            coverage={**coverage, "inputs": int(ground.inputs.size)},
            not_provable={**silent, **{p.name: made.broken for p in ground.parts if made.broken}},
            seconds=time.monotonic() - begin,
        ),
        Outcome(
            layer="futures",
            findings=tuple(f for f in findings if f.layer == "futures"),
            coverage=kinds,
            not_provable=silent,
        ),
    )


def prepare(case: Case) -> Ground:
    """Record the run from its begin on, in a child, and choose the moments to cut at. Raises HeliosError."""
    outline = answer_of(partial(trials.outline, case))
    span = Span(outline["begin"], outline["stop"])
    script = case.folder / "run.script"
    case.progress("recording the run", 0.0)
    begin = time.monotonic()
    recorded = msgspec.convert(answer_of(partial(trials.record, case, span, script)), trials.Recorded)
    seconds = time.monotonic() - begin
    warm(recorded.modules, case)
    inputs = trials.times_of(recorded)
    summary = answer_of(partial(trials.summary, case, script, recorded))
    said = summary["said"]
    random = np.random.default_rng([case.seed, 1])
    moments = choose(summary["happenings"], inputs, case.cuts, random)
    parts = tuple(msgspec.convert(p, Part) for p in outline["parts"])
    printed = frozenset((name, timeframe) for name, timeframe in outline["printed"])
    whole = trials.Trial(span, script, Future(span.begin, "remove", case.seed), span.begin, printed)
    frames = [why.removeprefix("bar ") for why in summary["happenings"] if why.startswith("bar ")]
    return Ground(span, frames[0] if frames else outline["tick"], parts, whole, said, moments, inputs, seconds)


def warm(modules: Iterable[str], case: Case) -> None:
    """Import what children will need once, here, but nothing of a plugin: its modules must stay fresh."""
    packages = {identity.package.partition(".")[0] for identity in case.plugins.identities.values()}
    packages -= {"helios_engine"}
    for name in modules:
        if name not in sys.modules and name.partition(".")[0] not in packages and not name.startswith("_"):
            try:
                importlib.import_module(name)
            except Exception:
                continue
    config = case.config
    kinds: tuple[tuple[Kind, tuple[Piece, ...]], ...] = (
        ("feed", config.feeds),
        ("stage", config.stages),
        ("effect", config.effects),
        ("venue", (config.venue,)),
    )
    for kind, pieces in kinds:
        offers = case.plugins.offers(kind)
        for piece in pieces:
            settings_struct(piece.use, offers[piece.use].spec.factory)


def _attempts(case: Case, ground: Ground) -> Attempts:
    planned = list(_planned(case, ground))
    jobs = [partial(_group, case, ground.span, window) for window in planned]
    total = sum(len(w.trials) for w in planned)
    suspected = _suspected(case, ground)
    seen: list[Seen] = []
    counts = {"cuts": 0, "cuts from the begin": 0, "cuts of feeds alone": 0, "forked runs": 0}
    broken = ""
    spoke: dict[str, int] = {}
    for answer in forked(jobs, seconds=1800.0):
        window = planned[answer.number]
        if answer.error:
            broken = f"a cut could not be made: {answer.error}"
            continue
        counts["forked runs"] += window.span != ground.span
        for number, (trial, found) in enumerate(zip(window.trials + window.feeds, answer.result, strict=True)):
            is_run = number < len(window.trials)
            counts["cuts"] += is_run
            counts["cuts of feeds alone"] += not is_run
            counts["forked runs"] += is_run
            counts["cuts from the begin"] += is_run and trial.script == ground.trial.script
            counts[trial.future.kind] = counts.get(trial.future.kind, 0) + 1
            compared = msgspec.convert(found, trials.Compared)
            seen += [Seen(d, trial) for d in compared.differences]
            for name in compared.spoke:
                spoke[name] = spoke.get(name, 0) + 1
        case.progress("cutting", counts["cuts"] / max(1, total))
    seen += _confirmed(case, ground, suspected, {s.difference.part for s in seen})
    return Attempts(seen, suspected, counts, spoke, broken)


def _suspected(case: Case, ground: Ground) -> dict[str, list[int]]:
    """When parts said something else over a catalog of which nothing is as it was."""
    found = answer_of(partial(trials.suspects, case, suspicion(ground.trial, case.seed)))
    return {name: times for name, t in found.items() if (times := [ts for ts in t if ts > 0])}


def _confirmed(case: Case, ground: Ground, suspected: dict[str, list[int]], known: set[str]) -> list[Seen]:
    """Cuts right where a part reads the catalog that no cut has shown to read its future: it may do so seldom."""
    seen: list[Seen] = []
    for name in sorted(set(suspected) - known):
        planned = confirmations(ground.trial, suspected[name], case.seed)
        for answer in forked([partial(trials.attempt, case, trial) for trial in planned], seconds=1800.0):
            if not answer.error:
                found = msgspec.convert(answer.result, trials.Compared).differences
                seen += [Seen(d, planned[answer.number]) for d in found if d.part == name]
    return seen


def _group(case: Case, span: Span, window: Window) -> list[Any]:
    """Record a window's warm-up, then make its cuts, each in a child of its own."""
    if not window.trials[0].script.exists():
        until = max(trial.until for trial in (*window.trials, *window.feeds))
        answer_of(partial(trials.record, case, window.span, window.trials[0].script, until))
    known = trials.known(case, window.trials[0].script)
    if window.span != span:
        read_ahead(case.config.catalog, window.trials[0].future)
    jobs = [partial(trials.attempt, case, trial, known) for trial in window.trials]
    jobs += [partial(trials.attempt_feeds, case, trial, known) for trial in window.feeds]
    found: list[Any] = [[] for _ in jobs]
    for answer in forked(jobs, processes=1, seconds=600.0):
        if answer.error:
            raise HeliosError(answer.error)
        found[answer.number] = answer.result
    return found


def _planned(case: Case, ground: Ground) -> Iterable[Window]:
    return windows(case, ground.span, ground.trial, ground.moments, ground.said, ground.inputs)


def _findings(case: Case, ground: Ground, made: Attempts) -> Iterable[Finding]:
    """One finding a part: its earliest difference, shrunk; the part is at fault in its own right."""
    for part in ground.parts:
        mine = [s for s in made.seen if s.difference.part == part.name]
        if mine:
            yield shrinking.shrink(case, ground, part, mine, made.suspected.get(part.name, ()))
