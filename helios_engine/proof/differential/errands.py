"""The jobs of fresh processes for the layer differential: record this world, run again in it, run in an altered one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import msgspec

from helios_engine.build import build
from helios_engine.proof.case import VENUE, printed
from helios_engine.proof.cuts import trials
from helios_engine.proof.cuts.futures import Future
from helios_engine.proof.rehearsals import scripts
from helios_engine.proof.rehearsals.rehearsal import Span, compare, plan_for, rehearse
from helios_engine.proof.rehearsals.retelling import Retold, case_of
from helios_engine.proof.rehearsals.stretch import Stretch
from helios_engine.proof.rehearsals.watching import Difference

RECORD, AGAIN, ALTERED = (f"helios_engine.proof.differential.errands:{name}" for name in ("record", "again", "altered"))


class Ground(msgspec.Struct, frozen=True):
    """What was recorded: inputs from `begin` to `until` (ns UTC) of a run that ends at `stop`, and who was silent."""

    begin: int
    until: int
    stop: int
    inputs: int
    silent: list[str]
    printed: list[tuple[str, str]]


class Repeated(msgspec.Struct, frozen=True):
    """What parts said otherwise in a fresh process, and in a second run in the same process."""

    differences: list[Difference]
    second: list[Difference]


def record(retold: Retold, script: str) -> dict[str, Any]:
    """Run as far as is needed to hear every part, and write what each said to `script`; a `Ground` as plain values."""
    case = case_of(retold)
    plan = build(case.config, case.plugins)
    span = Span(plan.begin, plan.stop)
    parts = [piece.name for piece in (*case.config.stages, *case.config.effects)]
    stretch = Stretch([*parts, VENUE])
    rehearsal = rehearse(plan_for(case.config, case.plugins, span), enough=stretch.is_enough)
    Path(script).write_bytes(scripts.packed(rehearsal, plan.codec))
    until = max((s.inputs[-1][0] for s in rehearsal.streams.values() if s.inputs), default=span.begin)
    count = sum(len(s.inputs) for s in rehearsal.streams.values())
    return _plain(Ground(*span[:1], until, span.stop, count, sorted(stretch.silent), sorted(printed(plan))))


def again(retold: Retold, script: str, ground: dict[str, Any], twice: bool) -> dict[str, Any]:
    """Run in this world once, or twice in one process; a `Repeated` as plain values."""
    first = _compared(retold, script, ground)
    return _plain(Repeated(first, _compared(retold, script, ground) if twice else []))


def altered(retold: Retold, script: str, ground: dict[str, Any], cut: int, kind: str) -> dict[str, Any]:
    """Run in a world whose future is another after `cut`, up to `cut`; a `Compared` as plain values."""
    known = msgspec.convert(ground, Ground)
    future = Future(cut, kind, retold.seed)
    span = Span(known.begin, known.stop)
    trial = trials.Trial(span, Path(script), future, cut, frozenset(known.printed))
    return trials.attempt(case_of(retold), trial)


def _compared(retold: Retold, script: str, ground: dict[str, Any]) -> list[Difference]:
    known = msgspec.convert(ground, Ground)
    case = case_of(retold)
    plan = plan_for(case.config, case.plugins, Span(known.begin, known.stop))
    return compare(plan, scripts.unpacked(Path(script).read_bytes(), plan.codec), known.until)


def _plain(found: msgspec.Struct) -> dict[str, Any]:
    return cast("dict[str, Any]", msgspec.to_builtins(found))
