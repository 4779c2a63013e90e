"""The entry to compiled code: bars of the smallest timeframe in, rows of all timeframes out, in one call."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numba import float64, void
from numpy.typing import NDArray

from helios_features.bar_row import FRESH, UNFIT, WIDTH
from helios_features.compiled import compiled
from helios_features.kernel.reached import digest
from helios_features.kernel.rows import advanced, working
from helios_features.larger import BUCKET, RATIOS, checked, lifted, woven
from helios_features.periods import Periods

COUNT, MEMORY, COLUMNS, SETTINGS, MAX_GAP = range(RATIOS)
"""Places in a plan: numbers of timeframes, and of float64 of a memory, a row and settings. Ratios and settings follow.
"""


def planned(memory: int, columns: int, ratios: tuple[int, ...], max_gap: float, settings: list[Any]) -> NDArray[Any]:
    """All that `turn` has to know and never changes; `ratios` are of all timeframes, in bars of the first."""
    head = np.zeros(RATIOS + len(ratios))
    head.view(np.int64)[:MAX_GAP] = len(ratios), memory, columns, settings[0].size
    head[MAX_GAP], head[RATIOS:].view(np.int64)[:] = max_gap, ratios
    return np.concatenate([head, *settings])


@compiled(inline="always")
def _stretches(s: Any, m: Any, bars: Any, out: Any, width: int, z: Any) -> None:
    """Rows of bars stretch by stretch, with an empty memory where a segment begins; none of bars that are unfit."""
    first, count = 0, bars.shape[0]
    while first < count:
        if bars[first, FRESH] == UNFIT:
            for j in range(width):
                out[first, j] = math.nan
            first += 1
            continue
        if bars[first, FRESH] == 1.0:
            for j in range(m.size):
                m[j] = 0.0
        end = first + 1
        while end < count and bars[end, FRESH] == 0.0:
            end += 1
        advanced(s, m, bars, first, end, out, z)
        first = end


def _entry(source: int) -> Any:
    # What was compiled of other code has closed over another number, and is not found in numba's cache: see `digest`.
    @compiled(
        void(float64[::1], float64[::1], float64[:, ::1], float64[:, ::1], float64[::1]),
        cache=True,
    )  # fmt: skip
    def turn(plan, state, bars, out, room):  # type: ignore[no-untyped-def]
        q, n = plan.view(np.int64), bars.shape[0] if source >= 0 else 0
        count, memory, width, size = q[COUNT], q[MEMORY], q[COLUMNS], q[SETTINGS]
        memories, settings = count + (count - 1) * BUCKET, RATIOS + count
        known, closed_at = memories + count * memory, n + (n + 1) * WIDTH
        rows_at = closed_at + (n + 1) * width
        z = room[rows_at:]
        checked(q, plan[MAX_GAP], state, bars)
        for k in range(count):
            part, target, found = bars, out, n
            if k > 0:
                found = lifted(q[RATIOS + k], plan[MAX_GAP], state, k, count + (k - 1) * BUCKET, bars, room, n)
            if found > 0:
                if k > 0:
                    part = room[n : n + found * WIDTH].reshape(found, WIDTH)
                    target = room[closed_at : closed_at + found * width].reshape(found, width)
                s, m = settings + k * size, memories + k * memory
                _stretches(plan[s : s + size], state[m : m + memory], part, target, width, z)
            if k > 0:
                woven(out, k * width, width, state, known + (k - 1) * width, room, closed_at)

    return turn


PARTS = (_stretches, checked, lifted, woven)
"""What `turn` calls."""
turn = _entry(digest(*PARTS))


def machine(memory: int, periods: Periods) -> Callable[..., Any]:
    """What `Kernel.machine` asks for: of settings, ratios and `max_gap`, the call of `turn` and the room it needs."""
    columns, work = len(periods.columns), working(periods)

    def made(settings: list[Any], ratios: tuple[int, ...], max_gap: float) -> tuple[Any, Any]:
        plan = planned(memory, columns, ratios, max_gap, settings)
        return partial(turn, plan), lambda bars: np.empty(bars + (bars + 1) * (WIDTH + columns) + work)

    return made
