"""The layer of artefacts: what the run's models, tables and cassettes had seen when the run starts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec

from helios_engine.artefact_gate import Standing, Use
from helios_engine.artefacts import Artefact
from helios_engine.build import build
from helios_engine.errors import DataError
from helios_engine.proof.case import Case
from helios_engine.proof.findings import Finding, Kind, Outcome, Part
from helios_engine.proof.forks import answer_of
from helios_engine.timeframe import iso

UNSEEN = (
    "artefacts that a part opens by itself, or that lie inside its package, instead of naming them in a setting of "
    "type Path",
    "a provenance that is not true: it is the word of whoever wrote it",
)
_REMEDY = "start the run later, or train the artefact on earlier data; see `helios-engine artefact describe`"


def judge(case: Case) -> tuple[Outcome]:
    """Hold every artefact of the run against its provenance and the run's start; the layer `artefacts`."""
    begin = time.monotonic()
    found: dict[str, Any] = answer_of(partial(_looked_at, case))
    return (
        Outcome(
            layer="artefacts",
            findings=tuple(msgspec.convert(f, Finding) for f in found["findings"]),
            coverage=found["coverage"],
            not_covered=UNSEEN,
            not_provable=found["unknown"],
            seconds=time.monotonic() - begin,
        ),
    )


def _looked_at(case: Case) -> dict[str, Any]:
    plan = build(case.config, case.plugins)
    plugins = {piece.name: str(plan.plugins.offers("stage")[piece.use].plugin) for piece in plan.config.stages}
    plugins |= {piece.name: str(plan.plugins.offers("effect")[piece.use].plugin) for piece in plan.config.effects}
    plugins["venue"] = str(plan.plugins.offers("venue")[plan.config.venue.use].plugin)
    findings: list[Finding] = []
    unknown: dict[str, str] = {}
    stamped = 0
    for use in plan.artefacts:
        kind: Kind = msgspec.convert(use.kind, Kind)
        part = Part(kind, use.part, plugins[use.part])
        try:
            standing = Standing(use, Artefact.load(use.path))
        except DataError as error:
            findings.append(_finding(use, part, plan.start, str(error), "put the right file there"))
            continue
        if standing.artefact.provenance is None:
            unknown[use.part] = f"{use.path.name} has no provenance; `helios-engine artefact stamp` writes one"
            continue
        stamped += 1
        findings += _judged(standing, part, plan.begin, plan.start)
    return {
        "findings": [msgspec.to_builtins(f) for f in findings],
        "coverage": {"artefacts": len(plan.artefacts), "provenances": stamped},
        "unknown": unknown,
    }


def _judged(standing: Standing, part: Part, begin: int, start: int) -> Iterator[Finding]:
    reason = standing.contaminates(start)
    if reason:
        yield _finding(standing.use, part, start, reason, _REMEDY)
    elif standing.contaminates(begin):
        yield msgspec.structs.replace(
            _finding(standing.use, part, begin, "", ""),
            what=f"{standing.use.where} warms up from {iso(begin)} on data it has seen; nothing is traded on it before "
            f"{iso(start)}",
            is_note=True,
        )


def _finding(use: Use, part: Part, first: int, what: str, remedy: str) -> Finding:
    return Finding(
        layer="artefacts",
        part=part,
        what=what,
        column=use.setting,
        first=first,
        where=str(use.path),
        remedy=remedy,
    )
