"""From a difference to a finding: the smallest change that still shows it, how far ahead it reached, since when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from helios_engine.proof import trials
from helios_engine.proof.case import Case
from helios_engine.proof.findings import Finding, Part
from helios_engine.proof.forks import forked
from helios_engine.proof.futures import Future
from helios_engine.proof.watching import Difference
from helios_engine.proof.windows import names
from helios_engine.timeframe import iso, timeframe_ns

if TYPE_CHECKING:
    from helios_engine.proof.cutting import Ground, Seen

FIRSTS = 6
"""How many of a part's first outputs are tried for the first wrong one."""
_BACK = {
    "feed": "yield a row only from rows that were available at its time: no shift(-n), centred window, backfill or "
    "statistics over the whole data set",
    "stage": "use only what its events have brought so far; a stage that needs other data must be given it as a feed",
    "effect": "answer from the request and from what was known at its time",
    "venue": "answer from market events up to now",
    "engine": "deliver nothing before it can be known",
}


def shrink(case: Case, ground: Ground, part: Part, seen: Sequence[Seen]) -> Finding:
    """The finding behind the differences of one part."""
    difference, trial = min(seen, key=lambda s: (s.difference.ts == 0, s.difference.ts))
    at = difference.ts or trial.until
    probe = partial(_difference, case, part)
    trial = _simpler(probe, trial, at, case)
    horizon = _horizon(probe, trial, at, ground)
    first, shown = _first(probe, case, ground, part, trial) or (at, difference)
    steps = f"everything after {iso(trial.future.cut)}" + (f" of {trial.future.only}" if trial.future.only else "")
    return Finding(
        layer="prefix" if trial.future.kind == "remove" else "futures",
        part=part,
        what=f"said otherwise when the future was another: {shown.text}",
        column=shown.column,
        first=first,
        horizon=horizon,
        where=shown.where or difference.where,
        remedy=_BACK[part.kind],
        reproduction=f"{trial.future.kind} {steps} (seed {trial.future.seed}); differs at {iso(at)}",
    )


def _simpler(
    probe: Callable[[trials.Trial], Difference | None], trial: trials.Trial, at: int, case: Case
) -> trials.Trial:
    """The same difference from a cut right at the output, by removal or a shock, of one instrument if possible."""
    close = trial._replace(until=at, future=trial.future._replace(cut=max(at, 1)))
    for kind in dict.fromkeys(("remove", "shock", trial.future.kind)):
        candidate = close._replace(future=close.future._replace(kind=kind, only=close.future.only * (kind == "drop")))
        if probe(candidate) is not None:
            trial = candidate
            break
    for name in names(case):
        candidate = trial._replace(future=trial.future._replace(only=name))
        if len(names(case)) > 1 and probe(candidate) is not None:
            return candidate
    return trial


def _horizon(
    probe: Callable[[trials.Trial], Difference | None], trial: trials.Trial, at: int, ground: Ground
) -> float | None:
    """How many bars after its output the part read: the largest distance whose data still matters."""
    length = timeframe_ns(ground.tick)
    last = max(1, (int(ground.inputs[-1]) - at) // length)

    def matters(bars: int) -> bool:
        return probe(trial._replace(until=at, future=trial.future._replace(cut=at + bars * length))) is not None

    if trial.until != at or not matters(0):
        return None
    low, high = 0, 1
    while high < last and matters(high):
        low, high = high, high * 2
    high = min(high, last)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if matters(middle) else (low, middle)
    return float(low + 1)


def _first(
    probe: Callable[[trials.Trial], Difference | None], case: Case, ground: Ground, part: Part, trial: trials.Trial
) -> tuple[int, Difference] | None:
    """The first of the part's first outputs in the whole run that the future changes."""
    times = ground.said.get(part.name) or []
    for ts in list(dict.fromkeys(times))[:FIRSTS]:
        attempt = ground.trial._replace(until=ts, future=Future(ts, trial.future.kind, trial.future.seed))
        found = probe(attempt)
        if found is not None:
            return found.ts or ts, found
    return None


def _difference(case: Case, part: Part, trial: trials.Trial) -> Difference | None:
    """What the part says otherwise in one trial, or nothing."""
    (answer,) = forked([partial(trials.attempt, case, trial)], seconds=600.0)
    if answer.error:
        return None
    compared = msgspec.convert(answer.result, trials.Compared)
    return next((d for d in compared.differences if d.part == part.name), None)
