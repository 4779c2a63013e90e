"""The layer structure: what can be said of a part without running it, from its class and its source.

That `consumes` and the return annotation of `on_event` hold, that a stage yields nothing else and gets one event at a
time, is checked by the engine itself whenever a run is built and driven; here it is counted. What the source of a
stage's class names is a finding even where no run came that way: a clock that is read once a month is one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from inspect import getsourcelines
from pathlib import Path
from typing import Any

import numpy as np

from helios_engine.proof.blame import file_of
from helios_engine.proof.case import Case, parts_in
from helios_engine.proof.findings import Finding, Kind, Outcome, Part
from helios_engine.proof.hermetic.forbidden import REMEDIES
from helios_engine.proof.structure.source import Source, Written

_APART = frozenset({"builtins", "abc", "typing", "enum", "msgspec"})
_SHARED = (list, dict, set, bytearray, np.ndarray)
_STATE = "keep state in attributes set in __init__: what a module or a class keeps outlives a run"
NOT_COVERED = (
    "structure: functions outside of a part's class that it calls, and names that are made up at run time (getattr)",
)


def inspect(case: Case) -> tuple[Outcome]:
    """Read the class and module of every stage and effect; returns the outcome of the layer structure."""
    begin = time.monotonic()
    factories = dict(_factories(case))
    findings: list[Finding] = []
    unread: dict[str, str] = {}
    lines = 0
    for part in parts_in(case.config, case.plugins):
        factory = factories.get(part.name) if part.kind in ("stage", "effect") else None
        if factory is None:
            continue
        findings += (_finding(part, Written("memory", f"keeps {n} on its class", 0), factory) for n in _shared(factory))
        for owner in _classes(factory):
            try:
                found, first = getsourcelines(owner)
                source = Source(Path(file_of(owner)))
            except (OSError, TypeError, SyntaxError) as error:
                unread[part.name] = f"its source cannot be read ({error})"
                continue
            lines += len(found)
            findings += _findings(part, owner, source, first, first + len(found))
    return (
        Outcome(
            layer="structure",
            findings=tuple(findings),
            coverage={"classes": len(factories) - len(unread), "lines of classes": lines},
            not_covered=(*NOT_COVERED, *(f"structure: {name}: {why}" for name, why in unread.items())),
            seconds=time.monotonic() - begin,
        ),
    )


def _findings(part: Part, owner: Any, source: Source, first: int, last: int) -> Iterator[Finding]:
    for written in dict.fromkeys(source.reaches(first, last)):
        is_note = part.kind == "effect" and written.kind != "engine"
        yield _finding(part, written, owner, REMEDIES[written.kind], is_note)
    # Whether it matters is for the differential layer to show: a table that remembers a pure function is harmless.
    yield from (_finding(part, written, owner) for written in dict.fromkeys(source.shared_state()))


def _finding(part: Part, written: Written, owner: Any, remedy: str = _STATE, is_note: bool = True) -> Finding:
    return Finding(
        layer="structure",
        part=part,
        what=f"it {written.words}",
        where=f"{file_of(owner)}:{written.line}" if written.line else file_of(owner),
        remedy=remedy,
        is_note=is_note,
    )


def _classes(factory: Any) -> tuple[Any, ...]:
    """A recipe's class and those that it is made of, where they are a plugin's; or its function."""
    owners = factory.__mro__ if isinstance(factory, type) else (factory,)
    return tuple(owner for owner in owners if owner.__module__.partition(".")[0] not in _APART)


def _shared(factory: Any) -> Iterator[str]:
    """Attributes of a class that can be changed in place; the engine refuses plain ones of stages."""
    for owner in factory.__mro__[:-1] if isinstance(factory, type) else ():
        for name, value in vars(owner).items():
            if isinstance(value, _SHARED) and not name.startswith("__") and name not in ("on", "handles"):
                yield f"{owner.__name__}.{name}"


def _factories(case: Case) -> Iterator[tuple[str, Any]]:
    kinds: tuple[tuple[Kind, Any], ...] = (("stage", case.config.stages), ("effect", case.config.effects))
    for kind, pieces in kinds:
        offers = case.plugins.offers(kind)  # type: ignore[arg-type]
        yield from ((piece.name, offers[piece.use].spec.factory) for piece in pieces)
