"""The mid price: regimes, clustered variance, rhythm, correlated shocks, jumps and the edge, minute by minute."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from helios_engine.catalog.generating.checks import MINUTE, refuse
from helios_engine.catalog.generating.world import Garch, Jumps, Regime, Rhythm, World
from helios_engine.errors import ConfigError
from helios_engine.timeframe import DAY

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_EPOCH_WEEKDAY = 3
"""1970-01-01 was a Thursday; Monday is 0."""


class Moves(NamedTuple):
    """How the log price moves in each minute: a Brownian path of `deviation` around `drift`, and one jump."""

    drift: Floats
    deviation: Floats
    jump: Floats
    jump_at: Floats
    """Where in its minute the jump falls, in (0, 1]."""


def regimes(states: tuple[Regime, ...], minutes: int, draw: np.random.Generator) -> Ints:
    """The regime of each minute, as an index of `states`: geometric lengths, then any other state equally likely."""
    means = np.array([state.mean_minutes for state in states])
    now = int(np.searchsorted(np.cumsum(means / means.sum()), draw.random()).clip(max=len(states) - 1))
    found = np.empty(minutes, np.int64)
    at = 0
    while at < minutes:
        length = int(draw.geometric(1 / means[now])) if len(states) > 1 else minutes
        found[at : at + length] = now
        at += length
        if len(states) > 1:
            now = (now + 1 + int(draw.integers(len(states) - 1))) % len(states)
    return found


def rhythm_of(rhythm: Rhythm, begin: int, minutes: int) -> Floats:
    """The multiplier of activity and variance of each minute from `begin` (ns)."""
    hours = np.arange(minutes) / 60.0
    days = begin // DAY + np.arange(minutes) // (DAY // MINUTE)
    week = np.array(rhythm.weekdays)[(days + _EPOCH_WEEKDAY) % 7]
    found: Floats = week * (1.0 + rhythm.amplitude * np.cos((hours - rhythm.peak_hour) * 2 * np.pi / 24))
    return found


def weights(correlation: float | tuple[tuple[float, ...], ...], count: int) -> list[list[float]]:
    """Rows of the Cholesky factor: shock n is row n times the own shocks 0 to n.

    Written out, because a row must not change in its last bit when an instrument is added after it.
    """
    if isinstance(correlation, tuple):
        matrix = np.array([row for row in correlation if len(row) == count], float).reshape(-1, count)
        square = len(correlation) == count == len(matrix) and np.array_equal(matrix, matrix.T)
        refuse("correlation", bool(square), f"a symmetric {count} x {count} matrix", correlation, "one row a market")
    else:
        matrix = np.full((count, count), float(correlation))
        np.fill_diagonal(matrix, 1.0)
    refuse("correlation", bool((np.diag(matrix) == 1).all()), "1 on the diagonal", correlation, "set it to 1")
    rows: list[list[float]] = []
    for n in range(count):
        row: list[float] = []
        for k, other in enumerate(rows):
            row.append((float(matrix[n, k]) - _product(row, other)) / other[k])
        rest = 1.0 - _product(row, row)
        refuse("correlation", rest > 1e-9, "a positive definite matrix", correlation, "move the numbers towards 0")
        rows.append([*row, rest**0.5])
    return rows


def _product(one: list[float], other: list[float]) -> float:
    total = 0.0
    for a, b in zip(one, other, strict=False):
        total += a * b
    return total


def clustered(garch: Garch, shocks: Floats) -> Floats:
    """The GARCH multiplier of variance of each minute, known before its shock; 1 on average."""
    found, variance = np.empty(shocks.size), 1.0
    for n, shock in enumerate(shocks.tolist()):
        found[n] = variance
        variance = 1 - garch.alpha - garch.beta + (garch.alpha * shock * shock + garch.beta) * variance
    return found


def moves(world: World, deviation: Floats, shocks: Floats, imbalance: Floats, draw: np.random.Generator) -> Moves:
    """Put jumps and the edge into the shocks; `imbalance` is the sign of each minute's order flow.

    The edge replaces a part of the next minute's shock, so that its variance stays as it was.
    """
    jump, jump_at = _jumps(world.jumps, deviation.size, draw)
    earlier = np.concatenate([[0.0], imbalance[:-1]])
    share = _share(world.edge, deviation, jump, earlier) * earlier
    rest = deviation * np.sqrt(1 - share * share)
    return Moves(deviation * share + rest * shocks, rest, jump, jump_at)


def _jumps(jumps: Jumps, minutes: int, draw: np.random.Generator) -> tuple[Floats, Floats]:
    there = draw.random(minutes) < jumps.per_day / (DAY / MINUTE)
    return there * jumps.size * draw.standard_normal(minutes), 1.0 - draw.random(minutes)


def _share(edge: float, deviation: Floats, jump: Floats, earlier: Floats) -> float:
    """How much of a minute's deviation the sign must explain for a correlation of `edge` over the whole sample.

    More than `edge` itself: wild minutes and jumps dominate the variance, and a minute without trades has no sign.
    """
    explained = float((deviation * earlier**2).mean())
    if edge == 0 or explained == 0:
        return 0.0
    total = float((deviation**2).mean() + (jump**2).mean())
    share = edge * math.sqrt(float((earlier**2).mean()) * total) / explained
    if abs(share) >= 1:
        raise ConfigError(
            f"edge: expected at most {edge / share:.2f} either way for these regimes, jumps and trades, found {edge}; "
            "lower it, or state calmer regimes, smaller jumps or more trades"
        )
    return share
