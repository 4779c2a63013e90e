"""What an importer has to say of its rows, gathered over blocks and files into one issue for each data set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from helios_engine.bodies import Instrument
from helios_engine.catalog.importers.contract import Rows, Symbol
from helios_engine.catalog.importers.times import Times
from helios_engine.catalog.manifest import Issue

_Key = tuple[str, Symbol | Instrument | str, str]


class Note(NamedTuple):
    """Something about some `rows` between two times (ns UTC); `text` has {} where their number belongs."""

    kind: str
    text: str
    rows: int
    ts_from: int
    ts_to: int
    severity: str = "info"


Noted = tuple[Rows, Sequence[Note]]


def note(kind: str, text: str, ts: Times, severity: str = "info") -> Note:
    """A note about the rows known at `ts`, of which there is at least one."""
    return Note(kind, text, len(ts), int(ts.min()), int(ts.max()) + 1, severity)


def told(found: Iterator[Noted]) -> Iterator[Rows]:
    """The same blocks; the last of each data set carries its notes, those of one text made one issue."""
    last: dict[_Key, Rows] = {}
    notes: dict[_Key, dict[tuple[str, str, str], Note]] = {}
    for rows, some in found:
        key: _Key = (rows.kind, rows.symbol, rows.timeframe)
        if key in last:
            yield last[key]
        last[key] = rows
        known = notes.setdefault(key, {})
        for one in some:
            same = (one.kind, one.text, one.severity)
            known[same] = _joined(known[same], one) if same in known else one
    for key, rows in last.items():
        yield rows._replace(issues=[*rows.issues, *map(_issue, notes[key].values())])


def _joined(one: Note, two: Note) -> Note:
    return one._replace(
        rows=one.rows + two.rows,
        ts_from=min(one.ts_from, two.ts_from),
        ts_to=max(one.ts_to, two.ts_to),
    )


def _issue(one: Note) -> Issue:
    return Issue(
        kind=one.kind,
        severity=one.severity,
        ts_from=one.ts_from,
        ts_to=one.ts_to,
        detail=one.text.replace("{}", f"{one.rows:,}"),
        origin="import",
    )
