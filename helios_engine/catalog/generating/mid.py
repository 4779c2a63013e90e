"""The mid on the tick grid: at the minutes' edges exactly a martingale, between them a Brownian bridge."""

from __future__ import annotations

import numpy as np

from helios_engine.catalog.generating.checks import MINUTE
from helios_engine.catalog.generating.path import Floats, Ints, Moves


def edges(moves: Moves, first: int, floor: int, draw: np.random.Generator) -> Ints:
    """The mid in ticks at each edge of a minute, one more than there are minutes.

    A step is rounded up with the probability of its fraction: rounding the price itself to the nearest tick would
    make it bounce, and a bounce can be predicted.
    """
    growth = np.expm1(moves.drift + moves.jump).tolist()
    found = [first]
    for step, chance in zip(growth, draw.random(len(growth)).tolist(), strict=True):
        now = found[-1]
        found.append(max(floor, now + int((now * step + chance) // 1)))
    return np.array(found, np.int64)


def at(times: Ints, begin: int, ticks: Ints, moves: Moves, floor: int, draw: np.random.Generator) -> Ints:
    """The mid in ticks at `times` (ns, rising, with every minute's beginning among them)."""
    minute = (times - begin) // MINUTE
    share = (times - begin - minute * MINUTE) / MINUTE
    bridge = _bridges(times, begin, minute, share, draw)
    jump = moves.jump[minute] * (share >= moves.jump_at[minute])
    log = moves.drift[minute] * share + moves.deviation[minute] * bridge + jump
    # What rounding added to the minute's step comes in evenly over the minute.
    rounded = ticks[1:] - ticks[:-1] * np.exp(moves.drift + moves.jump)
    price = ticks[minute] * np.exp(log) + rounded[minute] * share
    return np.maximum(np.round(price).astype(np.int64), floor)


def _bridges(times: Ints, begin: int, minute: Ints, share: Floats, draw: np.random.Generator) -> Floats:
    """A standard Brownian bridge over each minute, at `times`."""
    end = begin + (int(minute[-1]) + 1) * MINUTE
    gaps = np.diff(np.concatenate([times, [end]])) / MINUTE
    walk = np.concatenate([[0.0], np.cumsum(np.sqrt(gaps) * draw.standard_normal(gaps.size))])
    starts = np.concatenate([np.flatnonzero(share == 0), [times.size]])
    found: Floats = walk[:-1] - walk[starts[minute]] - share * (walk[starts[minute + 1]] - walk[starts[minute]])
    return found
