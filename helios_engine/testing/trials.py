"""The prover's layers as checks of one part: there is no second implementation of them."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import get_type_hints

from helios_engine.proof.findings import Finding
from helios_engine.proof.prover import prove
from helios_engine.stage import in_columns
from helios_engine.testing.check import UnjudgedError
from helios_engine.testing.subject import Subject
from helios_engine.timeframe import iso

CUTS = 6
CAUSAL = ("structure", "availability", "fills", "prefix", "futures")
"""Whether anything known later, or another future, changes what was said before."""
STEADY = ("hermetic", "differential")
"""Whether anything but events and settings changes it: the hash seed, hidden generators, the clock, the folder."""


def causality(subject: Subject) -> Sequence[str]:
    """The prover's layers about time, with few cuts."""
    return _tried(subject, CAUSAL)


def drivers(subject: Subject) -> Sequence[str]:
    """The prover's layer drivers, for what can be driven by blocks: it says the same event by event."""
    return _tried(subject, ("drivers",)) if _takes_blocks(subject) else ()


def determinism(subject: Subject) -> Sequence[str]:
    """The prover's layers about circumstances, in fresh processes."""
    return _tried(subject, STEADY)


def _tried(subject: Subject, layers: Sequence[str]) -> Sequence[str]:
    config = subject.run()
    name = subject.part(config)
    proof = prove(config, subject.plugins, layers=layers, cuts=CUTS, seed=7)
    found = [_words(finding) for finding in proof.findings if finding.part.name == name]
    row = next(row for row in proof.rows if row.part.name == name)
    if not found and row.verdict == "not provable":
        raise UnjudgedError(f"{name}: {row.reason}")
    return found


def _takes_blocks(subject: Subject) -> bool:
    methods = ("on_columns", "on_event") if subject.kind == "stage" else ("blocks", "inputs")
    factory = subject.offer.spec.factory
    made = factory if inspect.isclass(factory) else get_type_hints(factory).get("return")
    return in_columns(made, *methods) is not None


def _words(found: Finding) -> str:
    place = f" at {found.where}" if found.where else ""
    column = f" ({found.column})" if found.column else ""
    when = f", first at {iso(found.first)}" if found.first else ""
    return f"{found.layer}: {found.part.name}{place}{column}: {found.what}{when}; {found.remedy}"
