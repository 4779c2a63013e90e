"""Compiled: windows merged from shorter ones, of all bars at hand side by side in the lanes of a vector.

Places in memory are unsigned: of those numba knows that they do not count from the end, and vectors can be made.
"""

from __future__ import annotations

from typing import Any

from numba import uint64

from helios_features.compiled import compiled
from helios_features.kernel.layout import KEPT, KEPT_AT, MERGE, MERGES_AT, TILE
from helios_features.kernel.plan import HIGHEST, LOWEST, MEAN, POWERS


@compiled()
def merge_all(m: Any, s: Any, q: Any, begin: Any, end: Any, place: Any, n: Any, z: Any, delta: Any) -> None:
    """Carry out the merges `begin` to `end` for the `n` bars from `place` on; `z` has room for n numbers at `delta`.

    Sums of powers around the mean by P. Pébay, "Formulas for robust, one-pass parallel computation of covariances and
    arbitrary-order statistical moments" (Sandia report 2008-6212): nothing in them cancels, and where no value differs
    they are 0.
    """
    row = q[MERGES_AT] + begin * MERGE
    for _ in range(begin, end):
        kind, w = q[row], s[row + 13]
        a, b, o = uint64(q[row + 1] + place), uint64(q[row + 5] + place), uint64(q[row + 9] + place)
        if kind == MEAN:
            for i in range(n):
                m[o + i] = m[a + i] + (m[b + i] - m[a + i]) * w
        elif kind == HIGHEST:
            for i in range(n):
                m[o + i] = m[a + i] if m[a + i] > m[b + i] else m[b + i]
        elif kind == LOWEST:
            for i in range(n):
                m[o + i] = m[a + i] if m[a + i] < m[b + i] else m[b + i]
        else:
            for i in range(n):
                d = m[b + i] - m[a + i]
                m[o + i] = m[a + i] + d * w
                z[delta + i] = d
            a, b, o = uint64(q[row + 2] + place), uint64(q[row + 6] + place), uint64(q[row + 10] + place)
            w = s[row + 14]
            for i in range(n):
                m[o + i] = (m[a + i] + m[b + i]) + z[delta + i] * z[delta + i] * w
            if kind == POWERS:
                _third_and_fourth(m, s, q, row, a, b, place, n, z, delta)
        row += MERGE


@compiled(forceinline=True)
def _third_and_fourth(
    m: Any, s: Any, q: Any, row: Any, a2: Any, b2: Any, place: Any, n: Any, z: Any, delta: Any
) -> None:
    by_cube, by_new, by_old = s[row + 15], s[row + 17], s[row + 16]
    a3, b3, o3 = uint64(q[row + 3] + place), uint64(q[row + 7] + place), uint64(q[row + 11] + place)
    a4, b4, o4 = uint64(q[row + 4] + place), uint64(q[row + 8] + place), uint64(q[row + 12] + place)
    for i in range(n):
        d = z[delta + i]
        third = d * (d * d * by_cube + (by_old * m[b2 + i] - by_new * m[a2 + i]))
        m[o3 + i] = (m[a3 + i] + m[b3 + i]) + third
    by_fourth, old2, new2, old3, new3 = s[row + 18], s[row + 19], s[row + 20], s[row + 21], s[row + 22]
    for i in range(n):
        d = z[delta + i]
        square = d * d
        fourth = square * (square * by_fourth + (old2 * m[b2 + i] + new2 * m[a2 + i]))
        m[o4 + i] = (m[a4 + i] + m[b4 + i]) + (fourth + d * (old3 * m[b3 + i] - new3 * m[a3 + i]))


@compiled()
def slid(m: Any, q: Any) -> None:
    """Move what is still looked back on to the front, once a tile of new values has filled the room behind it."""
    row = q[KEPT_AT]
    for _ in range(q[KEPT]):
        to = uint64(q[row])
        back = to + uint64(TILE)
        for i in range(uint64(q[row + 1])):
            m[to + i] = m[back + i]
        row += 2
