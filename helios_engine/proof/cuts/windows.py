"""Which cuts are made on the whole run so far, and which on a warm-up before them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from helios_engine.proof.case import Case
from helios_engine.proof.cuts.futures import KINDS, SIMPLE, Future
from helios_engine.proof.cuts.moments import DECIDED, Moment
from helios_engine.proof.cuts.trials import Trial
from helios_engine.proof.rehearsals.rehearsal import Span

BUDGET = 2.5
"""What all warm-ups together may cost, and the cuts from the begin as much again, in backtests."""
_SLACK = 1.25
_RUNS = 4
"""A window is recorded once and run again for the cut before, at and after its moment."""
FEED_CUTS = 32
"""Cuts of the feeds alone, beside those of everything: one for each of so many moments."""
TOGETHER = 3
"""So many cuts from the begin are made by one process, which reads for all of them what this world said."""
_FIRSTS = 3
"""So many of the times at which a part first spoke are cut at, where they come early enough to be cheap."""
SUSPICIOUS = "flip"
"""The future of the whole catalog under which it is seen who reads it: rises become falls, so rankings turn too."""
_NEVER = 2**62


class Window(NamedTuple):
    """A recorded span and the cuts that are compared with it; `feeds` are compared for the feeds alone."""

    span: Span
    trials: tuple[Trial, ...]
    feeds: tuple[Trial, ...] = ()


def windows(
    case: Case,
    span: Span,
    whole: Trial,
    moments: Sequence[Moment],
    said: Mapping[str, Sequence[int]],
    inputs: NDArray[np.int64],
) -> Iterator[Window]:
    """Plan the cuts at `moments`: some from the begin of the run, the others after a warm-up.

    A warm-up is as long as a part of the run needed before it first spoke. Long ones are rare, because they cost more.
    Where parts first speak is cut as well, because what was filled in from behind stands there.
    """
    random = np.random.default_rng([case.seed, 2])
    kinds = _kinds(random)
    from_begin = min(round(2 * BUDGET), len(moments) // 3 + 1)  # at half of the run on average
    # Decisions first: whoever speaks late is at work at them, and only a long warm-up shows it.
    order = sorted((moments[int(i)] for i in random.permutation(len(moments))), key=lambda m: m.why not in DECIDED)
    firsts = zip(_firsts(span, said), cycle(SIMPLE), strict=False)
    begun = [_trial(case, whole, ts, kind, random) for ts, kind in firsts]
    begun += [_trial(case, whole, moment.ts, next(kinds), random) for moment in order[:from_begin]]
    for first in range(0, len(begun), TOGETHER):
        trials = tuple(begun[first : first + TOGETHER])
        yield Window(span, trials, tuple(_feed_cuts(case, whole, inputs, len(trials), random)))
    yield from _warmed(case, span, whole, order[from_begin:], said, inputs, kinds, random)


def _warmed(
    case: Case,
    span: Span,
    whole: Trial,
    moments: Sequence[Moment],
    said: Mapping[str, Sequence[int]],
    inputs: NDArray[np.int64],
    kinds: Iterator[str],
    random: np.random.Generator,
) -> Iterator[Window]:
    quota = _quota(len(moments), _lengths(span, said), span)
    for number, (moment, length) in enumerate(zip(moments, quota, strict=True)):
        begin = max(span.begin, moment.cuts[0] - length)
        stop = min(span.stop, moment.cuts[-1] + max(length, 1))
        template = whole._replace(span=Span(begin, stop), script=case.folder / f"{number}.script")
        trials = tuple(_trial(case, template, c, next(kinds), random) for c in moment.cuts if begin < c)
        if trials:
            heard = inputs[: np.searchsorted(inputs, moment.cuts[-1], side="right")]
            feeds = tuple(_feed_cuts(case, template, heard, int(number < FEED_CUTS), random))
            yield Window(template.span, trials, feeds)


def suspicion(whole: Trial, seed: int) -> Trial:
    """A catalog of which no row is as it was: to see which parts read it at all, and when."""
    return whole._replace(until=_NEVER, future=Future(whole.span.begin - 1, SUSPICIOUS, seed, until=_NEVER))


def confirmations(whole: Trial, times: Sequence[int], seed: int) -> tuple[Trial, ...]:
    """Cuts right where a part is suspected to have read the catalog: at the first times, and at some others."""
    random = np.random.default_rng([seed, 3])
    first, rest = list(times[:2]), times[2:]
    chosen = first + [int(t) for t in random.permutation(rest)[:4]]
    kinds = (*SIMPLE, SUSPICIOUS)
    return tuple(whole._replace(until=t, future=Future(t, kind, seed)) for t in chosen for kind in kinds)


def names(case: Case) -> tuple[str, ...]:
    """The instruments that the config's feeds name: candidates for one that disappears."""
    found = [str(p.settings["instrument"]) for p in case.config.feeds if "instrument" in p.settings]
    return tuple(dict.fromkeys(found))


def _firsts(span: Span, said: Mapping[str, Sequence[int]]) -> list[int]:
    early = span.begin + (span.stop - span.begin) // 8
    return sorted({times[0] for times in said.values() if times and 0 < times[0] <= early})[:_FIRSTS]


def _feed_cuts(
    case: Case, template: Trial, inputs: NDArray[np.int64], count: int, random: np.random.Generator
) -> Iterator[Trial]:
    inside = inputs[np.searchsorted(inputs, template.span.begin) : np.searchsorted(inputs, template.span.stop)]
    for cut in random.choice(inside, size=min(count, inside.size), replace=False).tolist():
        yield _trial(case, template, cut, SIMPLE[int(random.integers(len(SIMPLE)))], random)


def _trial(case: Case, template: Trial, cut: int, kind: str, random: np.random.Generator) -> Trial:
    known = names(case)
    # One instrument alone is changed in half of the futures: a ranking of all may not notice what befalls all.
    is_one = kind == "drop" or (len(known) > 1 and kind != "remove" and random.integers(2) == 1)
    only = known[int(random.integers(len(known)))] if is_one and known else ""
    if kind == "drop" and not known:
        kind = "remove"
    future = Future(cut, kind, int(random.integers(2**31)), only)
    return template._replace(future=future, until=cut)


def _kinds(random: np.random.Generator) -> Iterator[str]:
    while True:
        yield from (KINDS[int(i)] for i in random.permutation(len(KINDS)))


def _lengths(span: Span, said: Mapping[str, Sequence[int]]) -> list[int]:
    """How long parts needed before they first spoke, shortest first, none shorter than a 120th of the run."""
    whole = span.stop - span.begin
    found = {min(whole, max(whole // 120, round((times[0] - span.begin) * _SLACK))) for times in said.values() if times}
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
