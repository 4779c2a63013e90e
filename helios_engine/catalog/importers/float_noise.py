"""Numbers that went through binary floats: 33.35399601000002 where 33.35399601 was meant.

A float holds fifteen decimal digits; what follows is noise that no venue ever quoted, and that makes a column need
more digits than can be kept. Sums and differences of sizes carry more of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from helios_engine.catalog import decimals
from helios_engine.catalog.decimals import Number, flat
from helios_engine.catalog.importers.notes import Note, note
from helios_engine.catalog.importers.times import Times
from helios_engine.catalog.truths import Where
from helios_engine.errors import DataError

Moved = NDArray[np.bool_]
_FINEST = 12
"""More decimals than any venue has; a column that needs more is looked at for noise."""
_HELD = Context(prec=15)
_LONG = 14
_NUMBER = r"^-?\d{1,18}(\.\d{1,40})?([eE][+-]?\d{1,2})?$"
_GRID, _NEAR = Decimal("1e-8"), Decimal("1e-10")
"""Sizes that are sums lie within a hundredth of the step of eight decimals."""


def parse(
    column: pa.ChunkedArray | pa.Array, name: str, where: Where, *, size: bool = False, signed: bool = False
) -> tuple[Number, Moved]:
    """Numbers exactly as written where they fit in twelve decimals, else without their noise; and which rows changed.

    Noise is what follows the fifteenth digit and, of a `size`, what lies within 1e-10 of eight decimals. DataError
    for a cell that is no number, or does not fit and is no noise.
    """
    text, limit = flat(column), decimals.WHOLE if size else decimals.EXACT
    try:
        found = decimals.parse(text, name, where, allow_exponent=True, signed=signed, limit=limit)
        if found.scale <= _FINEST:
            return found, np.zeros(len(text), bool)
    except DataError:
        pass  # What noise does not explain is refused below, in the same words.
    cleaned, moved = _without_noise(text, on_grid=size)
    return decimals.parse(cleaned, name, where, allow_exponent=True, signed=signed, limit=limit), moved


def noise(moved: Moved, ts: Times, what: str) -> Sequence[Note]:
    """What is said of the rows that were changed: nothing if there are none."""
    if not moved.any():
        return ()
    text = (
        f"{what} of {{}} rows ended in the noise of binary floats, such as 0.30000000000000004 for 0.3, and was "
        "rounded to the digits that a float holds"
    )
    return (note("float_noise", text, ts[moved]),)


def _without_noise(text: pa.Array, *, on_grid: bool) -> tuple[pa.Array, Moved]:
    may_be = pc.and_(pc.greater(pc.binary_length(text), _LONG), pc.match_substring_regex(text, _NUMBER))
    cells, moved = text.to_pylist(), np.zeros(len(text), bool)
    for row in np.flatnonzero(pc.fill_null(may_be, False).to_numpy(zero_copy_only=False)).tolist():
        value = Decimal(cells[row])
        short = _HELD.plus(value)
        if on_grid and (short != value or _decimals(value) > _FINEST):
            near = value.quantize(_GRID)
            short = near if near and abs(near - value) < _NEAR else short
        if short != value:
            cells[row], moved[row] = f"{short.normalize():f}", True
    return pa.array(cells, pa.string()), moved


def _decimals(value: Decimal) -> int:
    return -int(value.normalize().as_tuple().exponent)
