"""Rows of all timeframes by a feature set's own `run`, one timeframe after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helios_features.bar_row import FRESH, UNFIT, WIDTH
from helios_features.larger import BUCKET, RATIOS, checked, lifted, woven

Table = NDArray[np.float64]


class ByRun:
    """`turn` of a `Machine`, for a compiled `run(settings, memory, bars, out)` with settings for each timeframe.

    `ratios` are the timeframes in bars of the smallest, `memory` and `width` the numbers that one remembers and tells.
    """

    def __init__(
        self, run: Callable[..., None], settings: Sequence[Any], memory: int, width: int, ratios: tuple[int, ...],
        max_gap: float,
    ) -> None:  # fmt: skip
        self.run, self.settings, self.memory, self.width, self.max_gap = run, settings, memory, width, max_gap
        self.count = len(ratios)
        self.plan = np.array([self.count, *(0 for _ in range(RATIOS - 1)), *ratios], np.int64)

    def __call__(self, state: Table, bars: Table, out: Table, room: Table) -> None:
        n, width, larger = len(bars), self.width, self.count - 1
        start = self.count + larger * BUCKET
        memories = state[start : start + self.count * self.memory].reshape(self.count, self.memory)
        known, rows_at = start + memories.size, n + (n + 1) * WIDTH
        room = np.empty(rows_at + (n + 1) * width)
        rows = room[rows_at:].reshape(n + 1, width)
        checked(self.plan, self.max_gap, state, bars)
        self._rows(0, memories[0], bars, rows)
        out[:, :width] = rows[:n]
        for k in range(1, self.count):
            bucket = self.count + (k - 1) * BUCKET
            found = lifted(int(self.plan[RATIOS + k]), self.max_gap, state, k, bucket, bars, room, n)
            self._rows(k, memories[k], room[n : n + found * WIDTH].reshape(found, WIDTH), rows)
            woven(out, k * width, width, state, known + (k - 1) * width, room, rows_at)

    def _rows(self, k: int, memory: Table, bars: Table, rows: Table) -> None:
        """Stretch by stretch: a new one begins with a segment, and where bars begin or end to be fit for use."""
        marks = bars[:, FRESH]
        fit = marks != UNFIT
        starts = np.flatnonzero((marks[1:] == 1.0) | (fit[1:] != fit[:-1])) + 1
        for first, last in pairwise([0, *starts.tolist(), len(bars)] if len(bars) else []):
            if not fit[first]:
                rows[first:last] = np.nan
                continue
            if marks[first] == 1.0:
                memory[:] = 0.0
            self.run(self.settings[k], memory, bars[first:last], rows[first:last])


def by_run(
    run: Callable[..., None], memory: int, width: int, settings: Sequence[Any], ratios: tuple[int, ...], max_gap: float
) -> tuple[ByRun, Callable[[int], Table]]:
    """What `Kernel.machine` asks for; what `run` works in, it makes itself."""
    return ByRun(run, settings, memory, width, ratios, max_gap), lambda bars: np.empty(0)
