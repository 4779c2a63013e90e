"""Which cuts are made on the whole run so far, and which on a warm-up before them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from helios_engine.proof.case import Case
from helios_engine.proof.futures import KINDS, Future
from helios_engine.proof.moments import Moment
from helios_engine.proof.rehearsal import Span
from helios_engine.proof.trials import Trial

BUDGET = 6.0
"""What all warm-ups together may cost, and the cuts from the begin as much again, in backtests."""
_SLACK = 1.25
_RUNS = 4
"""A window is recorded once and run again for the cut before, at and after its moment."""


class Window(NamedTuple):
    """A recorded span and the cuts that are compared with it."""

    span: Span
    trials: tuple[Trial, ...]


def windows(
    case: Case,
    span: Span,
    whole: Trial,
    moments: Sequence[Moment],
    said: Mapping[str, Sequence[int]],
) -> Iterator[Window]:
    """Plan the cuts at `moments`: some from the begin of the run, the others after a warm-up.

    A warm-up is as long as a part of the run needed before it first spoke. Long ones are rare, because they cost more.
    """
    random = np.random.default_rng([case.seed, 2])
    kinds = _kinds(random)
    lengths = _lengths(span, said)
    from_begin = min(round(2 * BUDGET), len(moments) // 3 + 1)  # at half of the run on average
    quota = _quota(len(moments) - from_begin, lengths, span)
    order = [moments[int(i)] for i in random.permutation(len(moments))]
    for number, moment in enumerate(order):
        if number < from_begin:
            yield Window(span, (_trial(case, whole, moment.ts, next(kinds), random),))
            continue
        length = quota[number - from_begin]
        begin = max(span.begin, moment.cuts[0] - length)
        stop = min(span.stop, moment.cuts[-1] + max(length, 1))
        warm = Span(begin, stop)
        template = whole._replace(span=warm, script=case.folder / f"{number}.script")
        trials = tuple(_trial(case, template, c, next(kinds), random) for c in moment.cuts if begin < c)
        if trials:
            yield Window(warm, trials)


def names(case: Case) -> tuple[str, ...]:
    """The instruments that the config's feeds name: candidates for one that disappears."""
    found = [str(p.settings["instrument"]) for p in case.config.feeds if "instrument" in p.settings]
    return tuple(dict.fromkeys(found))


def _trial(case: Case, template: Trial, cut: int, kind: str, random: np.random.Generator) -> Trial:
    known = names(case)
    only = known[int(random.integers(len(known)))] if kind == "drop" and known else ""
    if kind == "drop" and not known:
        kind = "remove"
    future = Future(cut, kind, int(random.integers(2**31)), only)
    return template._replace(future=future, until=cut)


def _kinds(random: np.random.Generator) -> Iterator[str]:
    while True:
        yield from (KINDS[int(i)] for i in random.permutation(len(KINDS)))


def _lengths(span: Span, said: Mapping[str, Sequence[int]]) -> list[int]:
    """How long parts needed before they first spoke, shortest first, none shorter than a fiftieth of the run."""
    whole = span.stop - span.begin
    found = {min(whole, max(whole // 50, round((times[0] - span.begin) * _SLACK))) for times in said.values() if times}
    return sorted(found) or [whole]


def _quota(moments: int, lengths: Sequence[int], span: Span) -> list[int]:
    """A length for each moment, long ones first: each length may take half of what is left of the budget."""
    found: list[int] = []
    left = BUDGET * (span.stop - span.begin)
    for length in reversed(lengths[1:]):
        count = min(moments - len(found), int(left / 2 / (_RUNS * length)))
        found += [length] * count
        left -= _RUNS * length * count
    return found + [lengths[0]] * (moments - len(found))
