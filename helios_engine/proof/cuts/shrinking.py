"""From a difference to a finding: the smallest change that still shows it, how far ahead it reached, since when."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from helios_engine.proof.case import Case
from helios_engine.proof.cuts import trials
from helios_engine.proof.cuts.futures import REORDERING, SIMPLE, Future
from helios_engine.proof.cuts.trials import Trial
from helios_engine.proof.cuts.windows import names
from helios_engine.proof.findings import Finding, Part
from helios_engine.proof.forks import forked
from helios_engine.proof.rehearsals.watching import Difference
from helios_engine.timeframe import iso, timeframe_ns

if TYPE_CHECKING:
    from helios_engine.proof.cuts.layer import Ground, Seen

FIRSTS = 8
"""How many of a part's outputs are tried for the first wrong one: the first few, then ever further apart."""
_BACK = {
    "feed": "yield a row only from rows that were available at its time: no shift(-n), centred window, backfill or "
    "statistics over the whole data set",
    "stage": "use only what its events have brought so far; a stage that needs other data must be given it as a feed",
    "effect": "answer from the request and from what was known at its time",
    "venue": "answer from market events up to now",
    "engine": "deliver nothing before it can be known",
}


class Shown(NamedTuple):
    """A trial and the difference of the part that it shows."""

    trial: Trial
    difference: Difference


class Prober:
    """Tries other futures on one part, several at a time; `kinds` are those worth trying."""

    def __init__(self, case: Case, part: Part, kind: str) -> None:
        self.case, self.part = case, part
        self.kinds = tuple(dict.fromkeys((*SIMPLE, kind)))

    def shown(self, template: Trial, kinds: Sequence[str] = ()) -> list[Shown]:
        """The kinds of future under which the part differs from the template's cut on, in the order of `kinds`."""
        candidates = [template._replace(future=template.future._replace(kind=kind)) for kind in kinds or self.kinds]
        found: dict[int, Shown] = {}
        for answer in forked([partial(trials.attempt, self.case, c) for c in candidates], seconds=600.0):
            if answer.error:
                continue
            for difference in msgspec.convert(answer.result, trials.Compared).differences:
                if difference.part == self.part.name:
                    found[answer.number] = Shown(candidates[answer.number], difference)
        return [found[number] for number in sorted(found)]

    def matters(self, trial: Trial, cut: int, kinds: Sequence[str]) -> bool:
        """Whether what comes after `cut` still changes what the part says in this trial."""
        return bool(self.shown(trial._replace(future=trial.future._replace(cut=cut)), kinds))


def shrink(case: Case, ground: Ground, part: Part, seen: Sequence[Seen], suspected: Sequence[int] = ()) -> Finding:
    """The finding behind the differences of one part; `suspected` are times at which it reads the catalog.

    A part that only fails, and only where rows come twice, late or in another order, is noted and not blamed: its
    error need not follow from what the future holds.
    """
    earliest, trial = min(seen, key=lambda s: (s.difference.ts == 0, s.difference.ts))
    prober = Prober(case, part, trial.future.kind)
    at = earliest.ts or trial.until
    close = trial._replace(until=at, future=trial.future._replace(cut=max(at, 1), only=""))
    found = _first(prober, ground, part, close, suspected) or prober.shown(close) or _alone(prober, close, trial)
    best = _clearest(found or prober.shown(trial, (trial.future.kind,)) or [Shown(trial, earliest)])
    horizon, reaches_end = _horizon(prober, found, ground) if found else (None, False)
    only_fails = all(s.difference.failed and s.trial.future.kind in REORDERING for s in seen)
    is_note = only_fails and all(shown.trial.future.kind in REORDERING for shown in found)
    kinds = {shown.trial.future.kind for shown in found} or {trial.future.kind}
    future, difference = best.trial.future, best.difference
    ts = difference.ts or best.trial.until
    steps = f"everything after {iso(future.cut)}" + (f" of {future.only}" if future.only else "")
    return Finding(
        layer="prefix" if "remove" in kinds else "futures",
        part=part,
        what=f"said otherwise when the future was another: {difference.text}",
        column=difference.column,
        first=ts,
        horizon=horizon,
        reaches_end=reaches_end,
        where=difference.where or earliest.where,
        remedy=_BACK[part.kind],
        reproduction=f"{future.kind} {steps} (seed {future.seed}); differs at {iso(ts)}",
        shown_by=tuple(sorted(kinds)),
        is_note=is_note,
    )


def _first(prober: Prober, ground: Ground, part: Part, trial: Trial, suspected: Sequence[int]) -> list[Shown]:
    """What shows the first of the part's outputs that the future changes, if it is among those that are tried."""
    times = list(dict.fromkeys(suspected or ground.said.get(part.name) or ()))
    places = sorted({*range(4), *(2**n for n in range(2, FIRSTS))})[:FIRSTS]
    for ts in (times[n] for n in places if n < len(times)):
        if ts >= trial.until:
            break
        found = prober.shown(ground.trial._replace(until=ts, future=Future(max(ts, 1), "", trial.future.seed)))
        if found:
            return found
    return []


def _alone(prober: Prober, close: Trial, trial: Trial) -> list[Shown]:
    """What shows the difference when only one instrument has another future."""
    for name in dict.fromkeys((trial.future.only, *names(prober.case))):
        if name and (found := prober.shown(close._replace(future=close.future._replace(only=name)))):
            return found
    return []


def _clearest(found: Sequence[Shown]) -> Shown:
    """The one that names a column, if there is one: a row that is missing names none."""
    return min(found, key=lambda shown: (shown.difference.failed, "." not in shown.difference.column))


def _horizon(prober: Prober, found: Sequence[Shown], ground: Ground) -> tuple[float | None, bool]:
    """How many bars after its output the part read, and whether that is all there is.

    It is the largest distance at which data still matters, found by bisection: what matters at a distance is taken
    to matter at every smaller one.
    """
    length = timeframe_ns(ground.tick)
    # What is removed far ahead may not be missed, where another value would be.
    shown = [s.trial.future.kind for s in found if s.trial.future.kind != "remove"]
    kinds = tuple(dict.fromkeys((*SIMPLE[1:], *shown))) if shown else ("remove",)
    best = _clearest(found)
    at = best.difference.ts or best.trial.until
    last = max(1, -(-(int(ground.inputs[-1]) - at) // length))
    trial = best.trial._replace(until=at)

    def matters(bars: int) -> bool:
        return prober.matters(trial, at + bars * length, kinds)

    if last > 1 and matters(last - 1):
        return float(last), True
    low, high = 0, 1
    while high < last and matters(high):
        low, high = high, high * 2
    high = min(high, last)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if matters(middle) else (low, middle)
    return float(low + 1), False
