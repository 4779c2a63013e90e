"""Rows of mapped files that lack something: refused, or left out and reported when the user says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from helios_engine.catalog.decimals import flat
from helios_engine.catalog.importers.contract import Ask
from helios_engine.catalog.importers.times import Times
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.truths import Where
from helios_engine.errors import DataError

_NOTHING = pa.array(["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-", "."])
_ZERO = r"^0+(\.0*)?$"
_OPTIONAL = {"ts", "ts_event", "side", "trade_id"}


class Complete(NamedTuple):
    """The rows that lack nothing, where they stand, and an issue about the others."""

    found: dict[str, Any]
    where: Where
    issues: list[Issue]


def complete(found: dict[str, Any], kind: str, where: Where, ask: Ask, times: Callable[[Any], Times]) -> Complete:
    """Rows with all numbers; DataError naming --drop-incomplete for others.

    A trade of nothing lacks its quantity. A time is needed in every row.
    """
    bad, what = _lacking(found, kind)
    if not bad.any():
        return Complete(found, where, [])
    count = int(bad.sum())
    if not ask.drop_incomplete:
        raise DataError(
            f"{where(int(bad.argmax()))}: {what} ({count:,} such rows); add --drop-incomplete to leave them out"
        )
    ts = times(flat_if_text(found["ts"]).filter(pa.array(bad)))
    issue = Issue(
        kind="left_out", severity="info", ts_from=int(ts.min()), ts_to=int(ts.max()) + 1,
        detail=f"{count:,} rows that lack a number were left out; {what} in the first", origin="import",
    )  # fmt: skip
    kept = np.flatnonzero(~bad)
    rows = {name: column.filter(pa.array(~bad)) for name, column in found.items()}
    return Complete(rows, lambda row: where(int(kept[row])), [issue])


def flat_if_text(column: Any) -> Any:
    """One array instead of chunks, so that rows can be chosen from it."""
    return flat(column) if pa.types.is_string(column.type) else column


def _lacking(found: Mapping[str, Any], kind: str) -> tuple[NDArray[np.bool_], str]:
    """Which rows lack a number, and what the first of them lacks."""
    bad, what = np.zeros(len(found["ts"]), dtype=bool), ""
    for name, column in found.items():
        if name in _OPTIONAL:
            continue
        missing = _empty(column, needs_some=kind == "trades" and name == "quantity")
        first = int(bad.argmax()) if bad.any() else len(bad)
        if missing.any() and int(missing.argmax()) < first:
            what = f"{name} is {column[int(missing.argmax())].as_py()!r}"
        bad |= missing
    return bad, what


def _empty(column: Any, *, needs_some: bool) -> NDArray[np.bool_]:
    """Cells that hold no number, or nothing where there must be some."""
    if pa.types.is_floating(column.type):
        values = column.to_numpy()
        return np.asarray(np.isnan(values) | (needs_some & (values == 0)), np.bool_)
    text = flat(column)
    missing = pc.or_(pc.is_null(text), pc.is_in(text, value_set=_NOTHING)).to_numpy(zero_copy_only=False)
    if needs_some:
        missing = missing | pc.match_substring_regex(text, _ZERO).fill_null(False).to_numpy(zero_copy_only=False)
    return np.asarray(missing, np.bool_)
