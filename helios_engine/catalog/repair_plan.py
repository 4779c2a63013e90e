"""What a repair would change, before anything is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from helios_engine.catalog import tables
from helios_engine.catalog.audit.measures import returns
from helios_engine.catalog.audit.scan import before, scan
from helios_engine.catalog.manifest import Issue, Manifest
from helios_engine.catalog.repair_log import ROW, ROWS, Change, Repair, read_log
from helios_engine.catalog.repair_rows import Units, part_rows
from helios_engine.catalog.store import Dataset
from helios_engine.errors import ConfigError
from helios_engine.timeframe import duration_text, iso, timeframe_ns

_KINDS = ("bars", "trades", "quotes", "funding")


def plan_fill(dataset: Dataset, longest: int) -> Repair:
    """Fill every gap of at most `longest` (ns) between bars with the close before it, volume 0.

    ConfigError if there are no bars, or no such gap.
    """
    m = dataset.manifest
    if m.kind != "bars":
        raise ConfigError(f"{m.title}: only gaps between bars can be filled")
    length, units = timeframe_ns(m.timeframe), Units(m)
    changes = []
    for block in scan(dataset, ("ts_open", "ts_close", "close")):
        c = block.columns
        begin, end, delay = before(c["ts_close"]), c["ts_open"], before(c["ts"] - c["ts_close"])
        close = before(c["close"])
        for at in block.pairs((end - begin >= length) & (end - begin <= longest)).tolist():
            body = {
                "from": int(begin[at]),
                "to": int(end[at]),
                "price": units.text("close", int(close[at])),
                "delay": int(delay[at]),
                "known": int(c["ts"][at]),
            }
            why = f"a gap of {(end[at] - begin[at]) // length:,} bars"
            known = min(body["from"] + length + body["delay"], body["known"])
            changes.append(_change(m, body["from"], ROWS, None, body, why, known))
    if not changes:
        raise ConfigError(f"{m.title}: no gap of at most {duration_text(longest)}; `data check --gaps` lists them all")
    return _repair(dataset, f"fill gaps of at most {duration_text(longest)}", changes)


def plan_drop(dataset: Dataset, findings: Sequence[tuple[str, int]]) -> Repair:
    """Drop rows that are in quarantine, each named by the kind of its finding and its time (ns UTC).

    The time is a bar's opening, else when the row was known. ConfigError if no quarantine covers it.
    """
    m = _repairable(dataset)
    changes = []
    for kind, ts in findings:
        if not any(i.kind == kind and i.state == "quarantined" and i.ts_from <= ts < i.ts_to for i in m.issues):
            raise ConfigError(f"{m.title}: {kind}@{iso(ts)} is not in quarantine; `data check` says what is")
        table, at = _find(dataset, ts, kind)
        known, place = _placed(table, at)
        changes.append(_change(m, ts, ROW, Units(m).row(table, at), None, f"{kind} in quarantine", known, place))
    return _repair(dataset, "drop " + ", ".join(f"{kind}@{iso(ts)}" for kind, ts in findings), changes)


def plan_set(dataset: Dataset, values: Sequence[tuple[int, str, str]], why: str = "set by hand") -> Repair:
    """Set values: the row's time (ns UTC, a bar's opening), the column, and the number as decimal text."""
    m, units = _repairable(dataset), Units(dataset.manifest)
    layout = tables.layout(m.kind)
    changes = []
    for ts, column, text in values:
        if column not in (*layout.prices, *layout.sizes):
            raise ConfigError(f"{m.title}: no number {column!r}; it has {', '.join((*layout.prices, *layout.sizes))}")
        table, at = _find(dataset, ts)
        was, now = units.text(column, table[column][at].as_py()), units.text(column, units.value(column, text))
        if was == now:
            raise ConfigError(f"{m.title}: {column} at {iso(ts)} is {was} already")
        changes.append(_change(m, ts, column, was, now, why, *_placed(table, at)))
    return _repair(dataset, "set " + ", ".join(f"{iso(c.ts)} {c.column}={c.after}" for c in changes), changes)


def plan_undo(dataset: Dataset) -> Repair:
    """Take the last repair that holds back; ConfigError if there is none."""
    m, log = dataset.manifest, read_log(dataset.folder)
    last = log.last(m)
    if last is None:
        raise ConfigError(f"{m.title}: no repair holds, so that there is nothing to undo")
    why = f"undo of repair {last.number}"
    changes = [_change(m, c.ts, c.column, c.after, c.before, why, c.known, c.place) for c in reversed(last.changes)]
    return Repair(number=log.next, revision=m.revision + 1, what=why, changes=tuple(changes), undoes=last.number)


def _repairable(dataset: Dataset) -> Manifest:
    if dataset.manifest.kind not in _KINDS:
        raise ConfigError(f"{dataset.name}: rows can be repaired of {', '.join(_KINDS)}; import the others again")
    return dataset.manifest


def _change(m: Manifest, ts: int, column: str, was: Any, now: Any, why: str, known: int, place: int = 0) -> Change:
    return Change(
        revision=m.revision + 1, ts=ts, column=column, before=was, after=now, why=why, known=known, place=place
    )


def _repair(dataset: Dataset, what: str, changes: Sequence[Change]) -> Repair:
    number = read_log(dataset.folder).next
    issues = tuple(_issue(dataset.manifest, change, number) for change in changes)
    return Repair(
        number=number, revision=dataset.manifest.revision + 1, what=what, changes=tuple(changes), issues=issues
    )


def _issue(m: Manifest, change: Change, number: int) -> Issue:
    """What marks a change; it names its repair, so that no two are the same."""
    length = timeframe_ns(m.timeframe) if m.kind == "bars" else 1
    begin, end = change.ts, max(change.ts + length, change.known)
    kind, severity, state = "changed", "info", "repaired"
    said = f"{change.column} was {change.before} and is {change.after}: {change.why}"
    if change.column == ROWS:
        end = change.after["to"]
        kind, severity, state = "filled", "warn", "filled"
        said = f"{(end - begin) // length:,} bars filled with the close before, {change.after['price']}, volume 0"
    elif change.column == ROW:
        kind, said = "dropped", f"the row was dropped: {change.why}; repairs.json has its values"
    detail = f"{said} (repair {number})"
    return Issue(kind=kind, severity=severity, ts_from=begin, ts_to=end, detail=detail, state=state, origin="repair")


def _find(dataset: Dataset, ts: int, kind: str = "") -> tuple[pa.Table, int]:
    """The file's rows with the row of a time, and its number; of several the one that jumps, if that is meant."""
    m, key = dataset.manifest, Units(dataset.manifest).key
    length = timeframe_ns(m.timeframe) if m.kind == "bars" else 0
    for part in m.parts:
        if part.last < ts + length:
            continue
        if part.first > ts + length and m.kind != "bars":
            break
        table = part_rows(dataset, part)
        rows = np.flatnonzero(table[key].to_numpy() == ts)
        if rows.size > 1 and kind == "jump":
            rows = rows[returns(_price(table))[1][rows]]
        if rows.size == 1:
            return table, int(rows[0])
        if rows.size:
            raise ConfigError(f"{m.title}: {rows.size:,} rows at {iso(ts)}; which one is meant cannot be said")
        if part.first > ts + length:
            break
    raise ConfigError(f"{m.title}: no row at {iso(ts)}; give the time of a bar's opening, or of a tick, exactly")


def _price(table: pa.Table) -> Any:
    if "price" in table.column_names:
        return table["price"].to_numpy()
    return table["bid"].to_numpy() + table["ask"].to_numpy()


def _placed(table: pa.Table, at: int) -> tuple[int, int]:
    """When a row was known, and how many rows of that moment come before it."""
    ts = table["ts"].to_numpy()
    return int(ts[at]), at - int(np.searchsorted(ts, ts[at], "left"))
