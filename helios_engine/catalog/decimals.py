"""Decimal text to int64 and a scale, exactly, by a strict grammar, a column at a time."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from helios_engine.catalog.truths import Where
from helios_engine.errors import DataError

_PLAIN = r"^\d{1,18}(\.\d{0,18})?$"
_SIGNED = r"^-?\d{1,18}(\.\d{0,18})?$"
_EXPONENT = re.compile(r"-?\d{1,18}(\.\d{1,18})?[eE][+-]?\d{1,2}")
_LONG = re.compile(r"^-?(\d{19,}(\.\d*)?|\d+\.\d{19,})$")
EXACT = 2**53
"""Integers up to here have a float of their own, so that a price comes back as it was stored."""
WHOLE = 2**63 - 1
"""What 64 bits hold: enough for sums of quantities, whose floats are then the nearest there is."""


class Number(NamedTuple):
    """A column of integers in units of `10**-scale`."""

    units: NDArray[np.int64]
    scale: int


def parse(
    texts: pa.ChunkedArray | pa.Array,
    column: str,
    where: Where,
    *,
    allow_exponent: bool = False,
    signed: bool = False,
    limit: int = EXACT,
) -> Number:
    """Integers and their scale, the fewest decimals that hold every value; DataError names the first bad cell.

    Only digits and one point are numbers: no sign (unless `signed`), exponent, underscore, NaN or infinity, at
    most 18 digits on either side. `allow_exponent` admits `5.28E-06` with a two-digit exponent.
    """
    plain = flat(texts)
    if allow_exponent:
        plain = pa.array([_unfold(text) for text in plain.to_pylist()], pa.string())
    is_number = pc.fill_null(pc.match_substring_regex(plain, _SIGNED if signed else _PLAIN), False)
    if pc.all(is_number).as_py() is False:
        row = pc.index(is_number, False).as_py()
        raise DataError(_refusal(plain[row].as_py(), column, where(row), allow_exponent))
    units, scale, too_large = _units(plain, limit)
    if too_large.any():
        # Zeros at the end may be all that is too much.
        plain = pc.replace_substring_regex(plain, r"(\.\d*?)0+$", r"\1")
        units, scale, too_large = _units(plain, limit)
    if too_large.any():
        row = int(too_large.argmax())
        raise DataError(
            f"{where(row)}: {column} {plain[row].as_py()} with {scale} decimals in its column is too large "
            f"to be kept exactly (over 2^{limit.bit_length() - (limit == EXACT)} units); "
            "expected a smaller number or fewer decimals"
        )
    return Number(units, scale)


def of_floats(values: NDArray[np.float64]) -> Number | None:
    """The integers and scale of floats that are decimals of at most 15 digits; None where their text must decide.

    A decimal of so few digits is the only one that its float stands for, so nothing is chosen here.
    """
    for scale in range(13):
        for some in (values[:1000], values):
            units = np.rint(some * 10.0**scale)
            if not np.isfinite(units).all() or (np.abs(units) >= 10**15).any():
                return None
            if not (units / 10.0**scale == some).all():
                break
        else:
            return Number(units.astype(np.int64), scale)
    return None


def flat(texts: pa.ChunkedArray | pa.Array) -> pa.Array:
    """One array of strings."""
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks() if texts.num_chunks != 1 else texts.chunk(0)
    return texts.cast(pa.string())


def _units(plain: pa.Array, limit: int) -> tuple[NDArray[np.int64], int, NDArray[np.bool_]]:
    """Integers, their scale, and which of them are over the limit."""
    if len(plain) == 0:
        return np.zeros(0, np.int64), 0, np.zeros(0, np.bool_)
    written = _decimals(plain)
    found = pc.cast(plain, pa.decimal128(38, written))
    halves = np.frombuffer(found.buffers()[1], np.int64)[2 * found.offset :].reshape(-1, 2)[: len(found)]
    units, high = halves[:, 0], halves[:, 1]
    fits = high == units >> 63
    if fits.all():
        units, written = _reduced(units, written)
    return units, written, ~fits | (units > limit) | (units < -limit)


def _decimals(plain: pa.Array) -> int:
    """The most digits that any number of the column has behind its point."""
    point = pc.find_substring(plain, ".").to_numpy(zero_copy_only=False)
    length = pc.binary_length(plain).to_numpy(zero_copy_only=False)
    return int(np.where(point < 0, 0, length - point - 1).max(initial=0))


def _reduced(units: NDArray[np.int64], scale: int) -> tuple[NDArray[np.int64], int]:
    """The same values with the fewest decimals that hold all of them."""
    while scale and not (units[:1000] % 10).any() and not (units % 10).any():
        units, scale = units // 10, scale - 1
    return units, scale


def _unfold(text: str | None) -> str | None:
    if text is not None and _EXPONENT.fullmatch(text):
        return f"{Decimal(text):f}"
    return text


def _refusal(text: Any, column: str, where: str, allow_exponent: bool) -> str:
    shown = repr(text) if text is None or len(text) < 40 else repr(text[:40] + "…")
    hint = ""
    if text is not None and not allow_exponent and _EXPONENT.fullmatch(text):
        hint = "; if the file writes small numbers so, add --allow-exponent"
    if text is not None and _LONG.search(text):
        hint = "; at most 18 digits before and behind the point are kept"
    return f"{where}: {column} is {shown}, expected plain digits such as 1234.5{hint}"
