"""Amounts whose text ends in what binary arithmetic leaves over: 218102.59507500002, 0.11199999999999999."""

from __future__ import annotations

from decimal import Context
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from helios_engine.catalog import decimals
from helios_engine.catalog.decimals import Number, flat
from helios_engine.catalog.truths import Where
from helios_engine.errors import DataError

_DIGITS = Context(prec=15)
"""So many digits of a decimal survive a binary float; those behind them are the float's own."""


class Amounts(NamedTuple):
    """A column of amounts, and the rows that were rounded to fifteen digits."""

    number: Number
    rounded: NDArray[np.bool_]


def amounts(column: pa.Array | pa.ChunkedArray, name: str, where: Where, *, allow_exponent: bool = False) -> Amounts:
    """Amounts exactly as written; only where they do not fit 64 bits are those of over fifteen digits rounded.

    Raises DataError as `decimals.parse` does.
    """
    text = flat(column)
    try:
        exact = decimals.parse(text, name, where, allow_exponent=allow_exponent, limit=decimals.WHOLE)
    except DataError:
        digits = pc.replace_substring_regex(pc.replace_substring(text, ".", ""), "^0+", "")
        long = pc.match_substring_regex(digits, r"^\d{16,}$").fill_null(False)
        long = pc.and_(long, pc.match_substring_regex(text, r"^\d{1,18}\.\d+$").fill_null(False))
        if not pc.any(long).as_py():
            raise
        cells = [
            _short(cell) if is_long else cell for cell, is_long in zip(text.to_pylist(), long.to_pylist(), strict=True)
        ]
        short = pa.array(cells, pa.string())
        number = decimals.parse(short, name, where, allow_exponent=allow_exponent, limit=decimals.WHOLE)
        return Amounts(number, long.to_numpy(zero_copy_only=False))
    return Amounts(exact, np.zeros(len(text), dtype=bool))


def said(rounded: NDArray[np.bool_]) -> str:
    """What an issue says of them."""
    count = int(rounded.sum())
    return f"{count:,} volumes that end in what binary arithmetic leaves over were rounded to 15 digits"


def _short(text: str) -> str:
    return f"{_DIGITS.create_decimal(text).normalize():f}"
