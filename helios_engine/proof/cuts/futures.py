"""Other futures: what a table of market data could have held after a moment, drawn from a seed.

Each alteration takes the rows of one file and changes only what was not available at the cut; times stay in order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from helios_engine.catalog import tables
from helios_engine.timeframe import UNITS

KINDS = ("remove", "shock", "flip", "rescale", "permute", "drop", "restate", "delay", "ties")
SIMPLE = ("remove", "shock", "rescale")
"""Kinds that hardly anything that reads the future fails to notice: nothing, a fall, a rise."""
_PRICES = ("open", "high", "low", "close", "price", "bid", "ask", "rate")
_SIZES = ("volume", "quantity", "bid_quantity", "ask_quantity")
_LARGEST = 2**53
_FACTORS = {"shock": 0.6, "rescale": 8.0, "restate": 1.3}
"""A fall and a rise by themselves, so that a part that only looks for one of them meets it; sizes grow with both."""
REORDERING = ("drop", "restate", "delay", "ties")
"""Kinds that change which rows there are, which a part may fail on without using what they hold."""


class Future(NamedTuple):
    """What becomes of the rows after `cut` (ns UTC, itself untouched): `kind`, with chance from `seed`.

    `only` limits it to one instrument (or other data set name); `until` leaves rows after it as they were, for
    shrinking; both are empty for all. `drop` needs `only`: the instrument that disappears.
    """

    cut: int
    kind: str
    seed: int
    only: str = ""
    until: int = 0


def altered(rows: pa.Table, kind: str, future: Future, printed: bool) -> pa.Table:
    """The rows of a file of `kind` data under another future.

    With `printed`, a bar that is being made at the cut keeps what the venue has already been shown of it: the
    path of a bar is four prints, and the print is the unit of cutting.
    """
    ts = rows["ts"].to_numpy()
    begin = int(np.searchsorted(ts, future.cut, side="right"))
    end = len(ts) if not future.until else int(np.searchsorted(ts, future.until, side="right"))
    before, after, rest = rows.slice(0, begin), rows.slice(begin, end - begin), rows.slice(end)
    if after.num_rows == 0:
        return rows
    random = np.random.default_rng([future.seed, future.cut % 2**32, after.num_rows])
    changed = _changed(after, kind, future.kind, random)
    if future.kind == "restate" and kind == "bars" and not printed:
        changed = _restated(before, changed, future.cut)
    if printed and kind == "bars":
        changed = _keep_printed(after, changed, future.cut)
    return pa.concat_tables([before, changed, rest]).combine_chunks()


def _changed(after: pa.Table, kind: str, what: str, random: np.random.Generator) -> pa.Table:
    if what in ("remove", "drop") or kind in ("bodies", "instruments"):
        return after.slice(0, 0)
    if what == "delay":
        return _delayed(after)
    if what == "ties":
        return _reordered(after)
    if what == "permute":
        order = random.permutation(after.num_rows)
        moved = [c for c in after.column_names if c not in ("ts", "ts_event", "ts_open", "ts_close", "sequence")]
        for name in moved:
            after = _with(after, name, after[name].take(pa.array(order)))
        return after
    return _repriced(after, what)


def _repriced(after: pa.Table, what: str) -> pa.Table:
    """Prices moved, mirrored or scaled; sizes too. What was a possible bar stays one."""
    factor = _FACTORS.get(what, 1.0)
    anchor: int | None = None
    for name in after.column_names:
        values = after[name]
        if pa.types.is_floating(values.type):
            after = _with(after, name, pc.multiply(values, -1.7))
        elif name in _PRICES:
            units = values.to_numpy()
            if anchor is None:
                anchor = int(units[0])
            mirrored = 2 * anchor - units
            new = np.where(mirrored > 0, mirrored, 1) if what == "flip" else np.rint(units * factor)
            floor = -_LARGEST if name == "rate" else 1
            after = _with(after, name, pa.array(np.clip(new, floor, _LARGEST).astype(np.int64)))
        elif name in _SIZES:
            units = values.to_numpy()
            larger = np.rint(np.minimum(units * (4.0 * factor) + 1, _LARGEST)).astype(np.int64)
            after = _with(after, name, pa.array(np.where(units > 0, larger, units)))
        elif name == "side":
            after = _with(after, name, pc.negate(values).cast(values.type) if what == "flip" else values)
    if what == "flip" and {"high", "low"} <= set(after.column_names):
        high, low = after["high"], after["low"]
        after = _with(_with(after, "high", low), "low", high)
    if what == "flip" and {"bid", "ask"} <= set(after.column_names):
        bid, ask = after["bid"], after["ask"]
        after = _with(_with(after, "bid", ask), "ask", bid)
    return after


def _delayed(after: pa.Table) -> pa.Table:
    """Everything is known a minute later than it was."""
    return _with(after, "ts", pc.add(after["ts"], UNITS["m"]))


def _reordered(after: pa.Table) -> pa.Table:
    """Rows of one time in the other order."""
    ts = after["ts"].to_numpy()
    order: NDArray[np.intp] = np.lexsort((-np.arange(len(ts)), ts))
    return after.take(pa.array(order))


def _restated(before: pa.Table, changed: pa.Table, cut: int) -> pa.Table:
    """The last bars once more, known after the cut with other values: a later revision of old rows."""
    old = before.slice(max(0, before.num_rows - 5))
    if old.num_rows == 0:
        return changed
    old = _with(old, "ts", pa.array(np.full(old.num_rows, cut + 1)))
    for name in ("open", "high", "low", "close", "volume"):
        old = _with(old, name, pc.add(old[name], pc.divide(old[name], 7)))
    return pa.concat_tables([old, changed])


def _keep_printed(after: pa.Table, changed: pa.Table, cut: int) -> pa.Table:
    """Put back, in the bar that is being made at the cut, what its prints up to the cut have shown."""
    opened, closed = after["ts_open"].to_numpy(), after["ts_close"].to_numpy()
    held = np.flatnonzero(opened + 1 <= cut)
    if held.size == 0:
        return changed
    kept = []
    for number in held.tolist():
        row = {name: after[name][number].as_py() for name in after.column_names}
        if cut < opened[number] + (closed[number] - opened[number]) // 3:
            # Only the open is out. Its size, a quarter of the volume, is as well.
            move = max(1, row["open"] // 50)
            row |= {"high": row["open"] + move, "low": max(1, row["open"] - 2 * move), "close": row["open"] + move}
        elif cut < closed[number] - 1:
            row["close"] = row["low"] if row["close"] != row["low"] else row["high"]
        kept.append(row)
    rest = changed.slice(len(kept)) if changed.num_rows == after.num_rows else changed
    return pa.concat_tables([pa.Table.from_pylist(kept, schema=after.schema), rest])


def _with(rows: pa.Table, name: str, values: pa.ChunkedArray | pa.Array) -> pa.Table:
    place = rows.column_names.index(name)
    return rows.set_column(place, rows.schema.field(name), values)


def changes_kind(kind: str) -> bool:
    """Whether rows of this kind of data lie in time, so that they have a future."""
    return kind in tables.LAYOUTS
