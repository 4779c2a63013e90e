"""Changes to the rows of a file: gaps filled, rows taken out and put back, values set."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from helios_engine.catalog import parts as files
from helios_engine.catalog import tables
from helios_engine.catalog.manifest import Manifest, Part
from helios_engine.catalog.repair_log import ROW, ROWS, Change
from helios_engine.catalog.store import Dataset
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import iso, timeframe_ns

_NUMBER = re.compile(r"(-?)(\d{1,18})(?:\.(\d{1,18}))?")


class Units:
    """Numbers of a data set between decimal text and integers of its scales."""

    def __init__(self, manifest: Manifest) -> None:
        self.kind = manifest.kind
        self.key = "ts_open" if manifest.kind == "bars" else "ts"
        self._scales = manifest.price_scale, manifest.size_scale
        self._title = manifest.title

    def text(self, column: str, value: Any) -> Any:
        """As a person writes it."""
        scale = tables.scale_of(self.kind, column, *self._scales)
        if not scale:
            return str(value) if scale == 0 else value
        sign, digits = "-" if value < 0 else "", f"{abs(value):0{scale + 1}d}"
        return f"{sign}{digits[:-scale]}.{digits[-scale:]}".rstrip("0").rstrip(".")

    def value(self, column: str, text: Any) -> Any:
        """As it is stored; ConfigError for what is no number of this column."""
        scale = tables.scale_of(self.kind, column, *self._scales)
        if scale is None:
            return text
        found = _NUMBER.fullmatch(str(text))
        decimals = (found[3] or "").rstrip("0") if found else ""
        if found is None or len(decimals) > scale:
            raise ConfigError(
                f"{column} {text!r}: expected digits with at most {scale} decimals, as many as {self._title} has"
            )
        units = int(found[2]) * 10**scale + int(decimals.ljust(scale, "0") or 0)
        return -units if found[1] else units

    def row(self, table: pa.Table, at: int) -> dict[str, Any]:
        """All values of a row."""
        return {name: self.text(name, table[name][at].as_py()) for name in table.column_names}


def changed(table: pa.Table, units: Units, changes: Sequence[Change], length: int) -> pa.Table:
    """A file's rows after changes to them; DataError if they are not what the changes say they were."""
    for change in changes:
        if change.column == ROWS:
            table = _filled(table, units, change, length) if change.before is None else _emptied(table, units, change)
        elif change.column == ROW and change.after is None:
            at = _place(table, units, change)
            _same(units.row(table, at), change.before, change.ts)
            table = pa.concat_tables([table.slice(0, at), table.slice(at + 1)])
        elif change.column == ROW:
            table = _put(table, units, change)
        else:
            table = _set(table, units, change)
    return table


def part_rows(dataset: Dataset, part: Part) -> pa.Table:
    """A file's rows in the data set's scales."""
    m = dataset.manifest
    batches = files.read_part(dataset.folder, part, m.kind, part.first, part.last + 1, files.CHUNK_ROWS)
    table = pa.Table.from_batches(batches).replace_schema_metadata(None)
    return files.rescale(table, m.kind, (part.price_scale, part.size_scale), (m.price_scale, m.size_scale))


def _flat(units: Units, after: Any, schema: pa.Schema, length: int) -> pa.Table:
    """Bars that fill a gap: open, high, low and close are the close before it, and nobody traded."""
    opened = np.arange(after["from"], after["to"], length, dtype=np.int64)
    closed = opened + length
    price = units.value("close", after["price"])
    columns: dict[str, Any] = {
        "ts": np.minimum(closed + after["delay"], after["known"]),
        "ts_open": opened,
        "ts_close": closed,
        "volume": np.zeros(len(opened), np.int64),
    }
    columns |= {name: np.full(len(opened), price, np.int64) for name in ("open", "high", "low", "close")}
    return pa.table(columns).select(schema.names).cast(schema)


def _filled(table: pa.Table, units: Units, change: Change, length: int) -> pa.Table:
    bars = _flat(units, change.after, table.schema, length)
    joined = pa.concat_tables([table, bars])
    return joined.take(pa.array(np.lexsort((joined["ts_open"].to_numpy(), joined["ts"].to_numpy()))))


def _emptied(table: pa.Table, units: Units, change: Change) -> pa.Table:
    """Without the bars of a gap that was filled; they must still be as they were filled."""
    was, opened = change.before, table["ts_open"].to_numpy()
    inside = (opened >= was["from"]) & (opened < was["to"])
    price = units.value("close", was["price"])
    for name, value in (("open", price), ("high", price), ("low", price), ("close", price), ("volume", 0)):
        if (table[name].to_numpy()[inside] != value).any():
            raise DataError(f"the bars from {iso(was['from'])} on are not as they were filled; they cannot be undone")
    return table.filter(pa.array(~inside))


def _place(table: pa.Table, units: Units, change: Change) -> int:
    at = int(np.searchsorted(table["ts"].to_numpy(), change.known, "left")) + change.place
    if at >= table.num_rows or table[units.key][at].as_py() != change.ts:
        raise DataError(f"no row at {iso(change.ts)} where there was one: the data changed since; nothing was done")
    return at


def _put(table: pa.Table, units: Units, change: Change) -> pa.Table:
    row = {name: [units.value(name, text)] for name, text in change.after.items()}
    key = table[units.key].to_numpy()
    if units.kind == "bars" and (key == change.ts).any():
        raise DataError(f"there is another bar at {iso(change.ts)} now; the one that was dropped cannot be put back")
    at = int(np.searchsorted(table["ts"].to_numpy(), change.known, "left")) + change.place
    return pa.concat_tables([table.slice(0, at), pa.table(row, schema=table.schema), table.slice(at)])


def _set(table: pa.Table, units: Units, change: Change) -> pa.Table:
    at = _place(table, units, change)
    _same(units.text(change.column, table[change.column][at].as_py()), change.before, change.ts)
    values = table[change.column].to_numpy().copy()
    values[at] = units.value(change.column, change.after)
    column = pa.array(values, table.schema.field(change.column).type)
    return table.set_column(table.column_names.index(change.column), change.column, column)


def _same(found: Any, expected: Any, ts: int) -> None:
    if found != expected:
        raise DataError(f"at {iso(ts)} there is {found}, not {expected}: the data changed since; nothing was done")


def spread(manifest: Manifest, change: Change) -> list[Change]:
    """A change as one for each file's period, because a gap may reach over many."""
    if change.column != ROWS:
        return [change]
    body = change.after if change.before is None else change.before
    length = timeframe_ns(manifest.timeframe)
    opened = np.arange(body["from"], body["to"], length, dtype=np.int64)
    known = np.minimum(opened + length + body["delay"], body["known"])
    labels = tables.periods(known, tables.period(manifest.kind, manifest.timeframe))
    edges = np.flatnonzero(np.concatenate([[True], labels[1:] != labels[:-1]])).tolist()
    found = []
    for low, high in zip(edges, [*edges[1:], len(opened)], strict=True):
        part = {**body, "from": int(opened[low]), "to": int(opened[high - 1]) + length}
        before, after = (None, part) if change.before is None else (part, None)
        found.append(
            msgspec.structs.replace(change, ts=int(opened[low]), known=int(known[low]), before=before, after=after)
        )
    return found
