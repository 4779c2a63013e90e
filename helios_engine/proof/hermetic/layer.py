"""The layer hermetic: a run in a fresh process in which whatever a part reaches for outside its events is noted.

Stages get their events and nothing else, while they are made as well as while they are heard. Effects do outside work
by contract: what they touch is counted and listed, and only the catalog is forbidden to them, because what lies in it
may not be known yet. A file that a part declares, by a setting of type Path, may be read.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import msgspec

from helios_engine.errors import NotAvailableError
from helios_engine.proof.case import Case, parts_in
from helios_engine.proof.differential.fresh import Errand, answers
from helios_engine.proof.findings import Finding, Outcome, Part
from helios_engine.proof.hermetic.forbidden import REMEDIES
from helios_engine.proof.hermetic.reading import LEAST

JOB = "helios_engine.proof.hermetic.guarding:watched"
NOT_COVERED = (
    "hermetic: clocks, generators and environment that C code reads by itself (numpy.datetime64('now')); the "
    "differential layer sees those on which an output depends",
    "hermetic: files that C code maps into memory, or of which it reads less than "
    f"{LEAST:,} bytes, or reads in threads of its own, or in a call that opens a file that it may read",
    "hermetic: what feeds and the venue read; feeds read the catalog by contract",
)


class Noted(msgspec.Struct, frozen=True):
    """Something that a part did: what, at which line, how often, and when first (ns UTC; 0 while it was made)."""

    part: str
    kind: str
    words: str
    where: str
    count: int
    first: int


class Report(msgspec.Struct, frozen=True):
    """What a guarded run came to. `error` is what ended it before its end; `artefacts` are digests by part and file."""

    parts: list[Part]
    noted: list[Noted]
    calls: dict[str, int]
    silent: list[str]
    inputs: int
    artefacts: list[tuple[str, str, str]]
    counts_bytes: bool
    error: str = ""


def guard(case: Case) -> tuple[Outcome]:
    """Run the case under guard; returns the outcome of the layer hermetic."""
    begin = time.monotonic()
    case.progress("watching what parts touch", 0.0)
    try:
        (answer,) = answers(case, [Errand(JOB, {})])
        if answer.error:
            raise NotAvailableError(answer.error)
    except NotAvailableError as error:
        unjudged = {p.name: str(error) for p in parts_in(case.config, case.plugins) if p.kind in ("stage", "effect")}
        return (Outcome(layer="hermetic", not_provable=unjudged, seconds=time.monotonic() - begin),)
    report = msgspec.convert(answer.result, Report)
    return (_outcome(report, time.monotonic() - begin),)


def _outcome(report: Report, seconds: float) -> Outcome:
    kinds = {part.name: part for part in report.parts}
    findings = [*_findings(report, kinds), *_artefacts(report, kinds)]
    reason = f"the guarded run ended early: {report.error}" if report.error else "it did not speak under guard"
    judged = {part.name for part in report.parts if part.kind in ("stage", "effect")}
    guilty = {f.part.name for f in findings if not f.is_note}
    limits = NOT_COVERED if report.counts_bytes else (*NOT_COVERED, "hermetic: files that C code reads, on this system")
    return Outcome(
        layer="hermetic",
        findings=tuple(findings),
        coverage={
            "guarded calls": sum(report.calls.values()),
            "parts under guard": len(judged & set(report.calls)),
            "guarded inputs": report.inputs,
            "declared artefacts": len(report.artefacts),
        },
        not_covered=limits,
        not_provable={name: reason for name in report.silent if name in judged - guilty},
        seconds=seconds,
    )


def _findings(report: Report, parts: dict[str, Part]) -> Iterator[Finding]:
    """One finding a part, line and kind: a line that walks through a folder is one mistake, not fifty."""
    grouped: dict[tuple[str, str, str], list[Noted]] = {}
    for noted in report.noted:
        grouped.setdefault((noted.part, noted.where, noted.kind), []).append(noted)
    for name, where, _ in [key for key in grouped if key[2] == "store"]:
        if all(n.words.startswith("asks") for n in grouped.get((name, where, "file"), ())):
            grouped.pop((name, where, "file"), None)  # who reads the catalog looks first whether it is there
    for (name, where, kind), those in grouped.items():
        part = parts.get(name, Part("engine", name))
        first = min(those, key=lambda n: n.first)
        heads = list({n.words.partition(" (")[0]: n.words for n in reversed(those)}.values())[::-1]
        more = f" ({len(those) - len(heads)} more of this from the line)" if len(those) > len(heads) else ""
        count = max(n.count for n in those)
        yield Finding(
            layer="hermetic",
            part=part,
            what=f"it {' and '.join(heads)}{more}{_when(first, part)}" + f", {count:,} times" * (count > 1),
            first=first.first,
            where=where,
            remedy=REMEDIES[kind],  # type: ignore[index]
            is_note=part.kind == "effect" and kind not in ("store", "engine"),
        )


def _when(noted: Noted, part: Part) -> str:
    if noted.first:
        return " while it was heard"
    return " while it was made" if part.kind != "effect" else ""


def _artefacts(report: Report, parts: dict[str, Part]) -> Iterator[Finding]:
    for name, path, digest in report.artefacts:
        yield Finding(
            layer="hermetic", part=parts[name], what=f"it may read what it declares: {path} ({digest})", is_note=True
        )
