"""Where to cut: at the times when something happens, one event around each, and at random ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from helios_engine.bodies import Bar, CancelIntent, Fill, ModifyIntent, OrderIntent, Target
from helios_engine.proof.rehearsals.watching import Said
from helios_engine.timeframe import timeframe_ns

DECIDED = ("decision", "fill")
"""Why one would cut where every part before the decision must have spoken."""
_DECISIONS = (Target, OrderIntent, CancelIntent, ModifyIntent)


class Moment(NamedTuple):
    """A time to cut at (ns UTC), why, and the cuts around it: before it, at it, after the next event."""

    why: str
    ts: int
    cuts: tuple[int, ...]


def happenings(said: Mapping[str, Said], bars: Mapping[str, list[int]]) -> dict[str, list[int]]:
    """Times of what happens in a run, by why one would cut there; `bars` has the times of given bars by timeframe."""
    found: dict[str, set[int]] = {"decision": set(), "fill": set(), "output": set()}
    frames: dict[str, set[int]] = {}
    for part in said.values():
        for call, outputs in part.outputs.items():
            ts = part.times[call]
            if ts:
                found["output"].add(ts)
            for body in outputs:
                if isinstance(body, _DECISIONS):
                    found["decision"].add(ts)
                elif isinstance(body, Fill):
                    found["fill"].add(ts)
                elif isinstance(body, Bar):
                    frames.setdefault(body.timeframe, set()).add(ts)
    for timeframe, times in bars.items():
        frames.setdefault(timeframe, set()).update(times)
    for timeframe in sorted(frames, key=timeframe_ns):
        found[f"bar {timeframe}"] = frames[timeframe]
    return {why: sorted(when) for why, when in found.items() if when}


def choose(
    happenings: Mapping[str, list[int]], inputs: NDArray[np.int64], count: int, random: np.random.Generator
) -> list[Moment]:
    """About `count` cuts: moments of every kind in turn, and every fifth one at a random input."""
    kinds = [*happenings, "random"]
    times = {why: [int(t) for t in random.permutation(ts)] for why, ts in happenings.items()}
    wanted = max(1, count // 3)
    random_inputs = [int(t) for t in random.choice(inputs, size=min(wanted, inputs.size), replace=False)]
    times["random"] = random_inputs
    found: dict[int, Moment] = {}
    while len(found) < wanted and any(times.values()):
        for why in kinds:
            if times[why] and len(found) < wanted:
                ts = times[why].pop()
                found.setdefault(ts, Moment(why, ts, _around(ts, inputs)))
    return [found[ts] for ts in sorted(found)]


def _around(ts: int, inputs: NDArray[np.int64]) -> tuple[int, ...]:
    place = int(np.searchsorted(inputs, ts, side="right"))
    after = [int(inputs[place])] if place < inputs.size else []
    return (ts - 1, ts, *after)
