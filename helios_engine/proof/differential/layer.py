"""The layer differential: the run in fresh processes under other circumstances, on which nothing may depend.

A first process records what every part says. Others have another wall clock, time zone, locale, environment, folder,
hash seed and so on, all changed at once; one runs twice, for what modules keep between runs; one has another future.
Each part hears what it heard before, so a difference is its own. Where there is one, fewer circumstances are changed
at a time, to name those that it depends on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from helios_engine.errors import NotAvailableError
from helios_engine.proof.case import Case, parts_in
from helios_engine.proof.cuts.trials import Compared
from helios_engine.proof.differential.causes import Asking, causes
from helios_engine.proof.differential.circumstances import KINDS, Circumstances
from helios_engine.proof.differential.errands import AGAIN, ALTERED, RECORD, Ground, Repeated
from helios_engine.proof.differential.fresh import Errand, answers
from helios_engine.proof.findings import Finding, Outcome, Part
from helios_engine.proof.rehearsals.watching import Difference
from helios_engine.timeframe import iso

OTHERS = tuple(Circumstances(KINDS, number) for number in (1, 2))
"""The processes in which everything is other than usual, each in its own way."""
NOT_COVERED = (
    "differential: clocks that C code asks the operating system for, unless they move while the prover runs; the "
    "kind of processor, the operating system and versions of libraries",
    "differential: what is drawn from random's hidden generator after a venue has seeded it; hermetic names the line",
)
_SECOND = "an earlier run in the same process"
_FUTURE = "data after its time"
_REMEDY = {
    _SECOND: "keep state in attributes set in __init__: what a module or a class keeps outlives a run",
    _FUTURE: "use only what its events have brought so far; a stage that needs other data must be given it as a feed",
}


class Seen(NamedTuple):
    """A difference and what it depends on."""

    difference: Difference
    cause: str


class _Trials(NamedTuple):
    """What the fresh processes showed: by part under other circumstances, in a second run, in another world."""

    changed: dict[str, tuple[Difference, Circumstances]]
    second: dict[str, Difference]
    future: dict[str, Difference]
    processes: int
    broken: str


def vary(case: Case) -> tuple[Outcome]:
    """Run the case in fresh processes; returns the outcome of the layer differential."""
    begin = time.monotonic()
    case.progress("running in fresh processes", 0.0)
    parts = {part.name: part for part in parts_in(case.config, case.plugins)}
    script = str(case.folder / "differential.script")
    try:
        (recorded,) = answers(case, [Errand(RECORD, {"script": script})])
        if recorded.error:
            raise NotAvailableError(recorded.error)
        ground: dict[str, Any] = recorded.result
        known = msgspec.convert(ground, Ground)
        tried = _tried(case, script, ground, known)
        asking = Asking(case, {"script": script, "ground": ground})
        dependent = causes(asking, {name: under for name, (_, under) in tried.changed.items()})
    except NotAvailableError as error:
        unjudged = dict.fromkeys(parts, str(error))
        return (Outcome(layer="differential", not_provable=unjudged, seconds=time.monotonic() - begin),)
    silent = dict.fromkeys(known.silent, f"it did not speak in the first {known.inputs:,} inputs")
    broken = dict.fromkeys(parts, tried.broken) if tried.broken else {}
    findings = tuple(_findings(parts, tried, dependent))
    guilty = {finding.part.name for finding in findings}
    return (
        Outcome(
            layer="differential",
            findings=findings,
            coverage={
                "fresh processes": 1 + tried.processes + asking.processes,
                "circumstances changed": len(KINDS),
                "second runs in one process": 1,
                "fresh processes with another future": 1,
                "compared inputs": known.inputs,
            },
            not_covered=NOT_COVERED,
            not_provable={name: why for name, why in {**silent, **broken}.items() if name not in guilty},
            seconds=time.monotonic() - begin,
        ),
    )


def _tried(case: Case, script: str, ground: dict[str, Any], known: Ground) -> _Trials:
    cut = known.begin + (known.until - known.begin) * 2 // 3
    given = {"script": script, "ground": ground}
    errands = [
        *(Errand(AGAIN, {**given, "twice": n == 0}, under) for n, under in enumerate(OTHERS)),
        Errand(ALTERED, {**given, "cut": cut, "kind": "shock"}),
    ]
    found = _Trials({}, {}, {}, len(errands), "")
    for count, answer in enumerate(answers(case, errands), 1):
        case.progress("running in fresh processes", count / len(errands))
        if answer.error:
            found = found._replace(broken=answer.error)
        elif errands[answer.number].job == ALTERED:
            found.future.update((d.part, d) for d in msgspec.convert(answer.result, Compared).differences)
        else:
            repeated = msgspec.convert(answer.result, Repeated)
            under = errands[answer.number].under
            for d in repeated.differences:
                # One number for as many parts as possible: each costs a process a circumstance.
                if d.part not in found.changed or under == OTHERS[0]:
                    found.changed[d.part] = (d, under)
            found.second.update((d.part, d) for d in repeated.second)
    return found


def _findings(parts: dict[str, Part], tried: _Trials, dependent: dict[str, str]) -> Iterator[Finding]:
    for name, part in parts.items():
        seen = list(_seen(name, tried, dependent))
        for difference, cause in seen:
            yield Finding(
                layer="differential",
                part=part,
                what=f"said otherwise in a fresh process: {difference.text}; it depends on {cause}",
                column=difference.column,
                first=difference.ts,
                where=difference.where,
                remedy=_REMEDY.get(cause, "say the same whatever the process: make settings of what it depends on"),
                reproduction=f"{cause}; differs at {iso(difference.ts)}" if difference.ts else cause,
            )


def _seen(name: str, tried: _Trials, dependent: dict[str, str]) -> Sequence[Seen]:
    """A part that depends on its circumstances is told that; only otherwise is it told of other runs and futures."""
    if name in tried.changed:
        return [Seen(tried.changed[name][0], dependent[name])]
    others = ((tried.second, _SECOND), (tried.future, _FUTURE))
    return [Seen(found[name], cause) for found, cause in others if name in found]
