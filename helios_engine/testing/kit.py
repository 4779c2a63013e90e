"""The checks of a part, by its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from helios_engine.plugins import Kind
from helios_engine.testing import effects, feeds, importers, stages, trials, venues
from helios_engine.testing.check import Check
from helios_engine.testing.subject import Subject

Judges = Mapping[str, Callable[[Subject], Sequence[str]]]
_PROVER: Judges = {"causality": trials.causality, "determinism": trials.determinism}
CHECKS: Mapping[Kind, Judges] = {
    "stage": {
        "contract": stages.contract,
        "repeats": stages.repeats,
        "restores": stages.restores,
        "bears_edges": stages.bears_edges,
        "drivers": trials.drivers,
        **_PROVER,
    },
    "feed": {
        "contract": feeds.contract,
        "order": feeds.order,
        "stamps": feeds.stamps,
        "pin": feeds.pin,
        "drivers": trials.drivers,
        **_PROVER,
    },
    "effect": {"contract": effects.contract, "replies": effects.replies, "repeats": effects.repeats, **_PROVER},
    "venue": {"contract": venues.contract, "answers": venues.answers, "repeats": venues.repeats, **_PROVER},
    "importer": {
        "recognises": importers.recognises,
        "reads": importers.reads,
        "refuses": importers.refuses,
    },
}
SLOW = frozenset({"determinism"})
"""Checks that start fresh interpreters: each takes over ten seconds on a busy machine."""


def yield_checks(subject: Subject) -> Iterator[Check]:
    """Every check of a part, the cheap ones first; nothing is run yet."""
    for name, judge in CHECKS.get(subject.kind, {}).items():
        about = (judge.__doc__ or "").partition("\n")[0]
        yield Check(f"{subject.kind} {subject.name}", name, about, partial(judge, subject))
