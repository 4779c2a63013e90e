"""Decimal text to int64 and a scale, exactly, by a strict grammar, a column at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from helios_engine.errors import DataError

_PLAIN = r"^\d{1,18}(\.\d{0,18})?$"
_EXPONENT = re.compile(r"\d{1,18}(\.\d{1,18})?[eE][+-]?\d{1,2}")
EXACT = 2**53
"""Integers up to here have a float of their own, so that a price comes back as it was stored."""

Where = Callable[[int], str]
"""Says where a row stands, for messages: `file:line`."""


def parse(texts: pa.ChunkedArray, column: str, where: Where, *, allow_exponent: bool = False) -> tuple[pa.Array, int]:
    """Integers and their scale, the fewest decimals that hold every value; DataError names the first bad cell.

    Only digits and one point are numbers: no sign, exponent, underscore, NaN or infinity, at most 18 digits
    on either side. `allow_exponent` admits `5.28E-06` with a two-digit exponent.
    """
    plain = pa.chunked_array(texts.chunks, pa.string()).combine_chunks()
    plain = plain if isinstance(plain, pa.Array) else pa.concat_arrays(plain.chunks)
    if allow_exponent:
        plain = pa.array([_unfold(text) for text in plain.to_pylist()], pa.string())
    is_number = pc.fill_null(pc.match_substring_regex(plain, _PLAIN), False)
    if not pc.all(is_number).as_py():
        row = pc.index(is_number, False).as_py()
        raise DataError(_refusal(plain[row].as_py(), column, where(row), allow_exponent))
    point = pc.split_pattern(plain, ".", max_splits=1)
    whole = pc.cast(pc.list_element(point, 0), pa.int64())
    digits = pc.utf8_rtrim(_fraction(plain), "0")
    scale = int(pc.max(pc.utf8_length(digits)).as_py() or 0)
    padded = pc.utf8_rpad(digits, max(scale, 1), "0")
    largest = pc.max(whole).as_py()
    if largest is not None and (largest + 1) * 10**scale > EXACT:
        row = pc.index(whole, largest).as_py()
        raise DataError(
            f"{where(row)}: {column} {plain[row].as_py()} with {scale} decimals in its column is too large "
            "to be kept exactly (over 2^53 units); expected a smaller number or fewer decimals"
        )
    if scale == 0:
        return whole, 0
    return pc.add(pc.multiply(whole, 10**scale), pc.cast(padded, pa.int64())), scale


def _fraction(plain: pa.Array) -> pa.Array:
    """What stands behind the point, empty where there is none."""
    found = pc.extract_regex(plain, r"^\d+\.?(?P<fraction>\d*)$")
    return pc.struct_field(found, "fraction")


def _unfold(text: str | None) -> str | None:
    if text is not None and _EXPONENT.fullmatch(text):
        return f"{Decimal(text):f}"
    return text


def _refusal(text: Any, column: str, where: str, allow_exponent: bool) -> str:
    shown = repr(text) if text is None or len(text) < 40 else repr(text[:40] + "…")
    hint = ""
    if text is not None and not allow_exponent and _EXPONENT.fullmatch(text):
        hint = "; if the file writes small numbers so, add --allow-exponent"
    return f"{where}: {column} is {shown}, expected plain digits such as 1234.5{hint}"
