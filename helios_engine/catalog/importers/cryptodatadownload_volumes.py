"""Which of two volume columns is the base's: each row proves it, as quote volume / volume is a mean price.

The vendor's headers are no proof: in some files the two columns change place, in whole stretches or row by row.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from helios_engine.catalog import decimals
from helios_engine.catalog.decimals import Number, flat
from helios_engine.catalog.truths import Where
from helios_engine.errors import DataError

_TOLERANCE = 0.01
_MIXED_UP = 1 / 50
_FEW = 5
Floats = NDArray[np.float64]


class Placed(NamedTuple):
    """The base volume as text, the rows whose two volumes stood exchanged, and those that fit neither way."""

    base: pa.Array
    exchanged: NDArray[np.bool_]
    unclear: NDArray[np.bool_]


def placed(table: pa.Table, names: tuple[str, str], low: Number, high: Number, where: Where) -> Placed:
    """The base volume of every row; DataError if so many rows fit neither way that the columns are mixed up."""
    bottom, top = (n.units / 10**n.scale for n in (low, high))
    first, second = (_Amounts.of(table[name], name, where) for name in names)
    labelled = _fits(first, second, bottom, top)
    turned = _fits(second, first, bottom, top)
    exchanged, unclear = turned & ~labelled, ~turned & ~labelled
    traded = int(((first.value > 0) | (second.value > 0)).sum())
    if int(unclear.sum()) > max(_FEW, traded * _MIXED_UP):
        row = int(unclear.argmax())
        raise DataError(
            f"{where(row)}: neither {names[1]} / {names[0]} nor its inverse lies in the bar's "
            f"[{bottom[row]:g}, {top[row]:g}] ({int(unclear.sum()):,} such rows): a column is not what the header says"
        )
    base = pc.if_else(pa.array(exchanged), flat(table[names[1]]), flat(table[names[0]]))
    return Placed(base, exchanged, unclear)


class _Amounts(NamedTuple):
    """Volumes, and how much the last digit that the column writes is."""

    value: Floats
    digit: float

    @staticmethod
    def of(column: pa.ChunkedArray, name: str, where: Where) -> _Amounts:
        text = flat(column)
        try:
            value = pc.cast(text, pa.float64()).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            decimals.parse(text, name, where, limit=decimals.WHOLE)
            raise
        bad = ~np.isfinite(value) | (value < 0)
        if bad.any():
            row = int(bad.argmax())
            raise DataError(f"{where(row)}: {name} is {text[row].as_py()!r}, expected plain digits such as 1234.5")
        behind = pc.if_else(
            pc.match_substring(text, "."),
            pc.subtract(pc.subtract(pc.binary_length(text), pc.find_substring(text, ".")), 1),
            0,
        )
        return _Amounts(value, 10.0 ** -(pc.max(behind).as_py() or 0))


def _fits(base: _Amounts, quote: _Amounts, low: Floats, high: Floats) -> NDArray[np.bool_]:
    """Whether the mean price can lie in the bar, allowing for what rounding took from either amount."""
    least = low * (1 - _TOLERANCE) * (base.value - base.digit)
    most = high * (1 + _TOLERANCE) * (base.value + base.digit)
    found: NDArray[np.bool_] = (quote.value + quote.digit >= least) & (quote.value - quote.digit <= most)
    return found
