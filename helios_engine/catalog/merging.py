"""What a second import does to the rows at hand: repeat them, go on from them, or contradict them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from helios_engine.bodies import Instrument
from helios_engine.catalog import tables
from helios_engine.catalog.manifest import Made, Manifest, Part
from helios_engine.catalog.parts import CHUNK_ROWS, read_part, rescale, write_part
from helios_engine.catalog.place import LocalPlace, Place
from helios_engine.errors import DataError
from helios_engine.timeframe import iso

_DERIVED = ("price_scale", "size_scale", "tick", "lot")
"""Fields that follow from the decimals of a file, so that a later file may refine them."""


def same_definition(folder: Place, before: Manifest, new: Manifest) -> Instrument | None:
    """The definition of both, with the finer decimals; DataError if they differ in more than that."""
    old, now = before.instrument, new.instrument
    if before.clock_offset != new.clock_offset:
        raise DataError(
            f"{folder.url}: receive times here were shifted by {before.clock_offset} ns, the new ones by "
            f"{new.clock_offset} ns; import with --clock-offset {before.clock_offset}ns, or use --replace"
        )
    if old is None or now is None or old == now:
        return now or old
    for field in Instrument.__struct_fields__:
        if field not in _DERIVED and getattr(old, field) != getattr(now, field):
            raise DataError(
                f"{folder.url}: the data set has another definition of {old.instrument}: {field} is "
                f"{getattr(old, field)}, new {getattr(now, field)}; give the first import's terms, or use --replace"
            )
    finer = {f: max(getattr(old, f), getattr(now, f)) for f in ("price_scale", "size_scale")}
    return msgspec.structs.replace(now, **finer, tick=min(old.tick, now.tick), lot=min(old.lot, now.lot))


def check_made(folder: Place, before: Manifest, new: Manifest) -> Made | None:
    """Who made the features of both together; DataError if they are of two schemas, or other code made new rows."""
    old, now = before.made, new.made
    if old is None or now is None:
        return now or old
    if (old.schema, old.columns) != (now.schema, now.columns):
        raise DataError(
            f"{folder.url}: {before.title} holds {old.schema} ({len(old.columns)} columns, {old.schema_digest[:12]}), "
            f"found rows of {now.schema} ({len(now.columns)} columns, {now.schema_digest[:12]}); write them to "
            "another catalog with --to, or start over with --replace"
        )
    if {part.sha256 for part in new.parts} <= {part.sha256 for part in before.parts}:
        return now
    differ = sorted({*old.plugins} ^ {*now.plugins})
    if differ:
        raise DataError(
            f"{folder.url}: the rows at hand were made by other plugins ({', '.join(differ)}), and rows of two makers "
            "must not stand in one data set; make all of them anew with --replace"
        )
    if old.begin != now.begin:
        raise DataError(
            f"{folder.url}: the rows at hand come of inputs from {iso(old.begin)} on, the new ones from "
            f"{iso(now.begin)} on, where averages begin anew; give the run that beginning, or start over with --replace"
        )
    return msgspec.structs.replace(now, rank=max(old.rank, now.rank))


def merged_parts(folder: Place, staging: Path, before: Manifest | None, new: Manifest) -> tuple[Part, ...]:
    """Both sets of files in order of time. Where two share a span they must tell the same, or it is an error."""
    parts = {part.sha256: part for part in (before.parts if before is not None else ())}
    for part in new.parts:
        if part.sha256 in parts:
            continue
        met = [old for old in parts.values() if part.first <= old.last and old.first <= part.last]
        joined = _joined(folder, staging, new, met, part) if met else part
        for old in met:
            del parts[old.sha256]
        parts[joined.sha256] = joined
    return tuple(sorted(parts.values(), key=lambda p: (p.first, p.last)))


def _joined(folder: Place, staging: Path, about: Manifest, met: list[Part], part: Part) -> Part:
    """One file of old rows and those new ones that lie beside them; where both speak they must agree."""
    scale = (
        max(p.price_scale for p in (*met, part)),
        max(p.size_scale for p in (*met, part)),
    )
    kind, drafts = about.kind, LocalPlace(staging)
    new = _whole(drafts, part, kind, scale)
    ts = new["ts"].to_numpy()
    rank = np.ones(len(ts), np.int8)  # after old rows of the same time
    is_new = np.ones(len(ts), dtype=bool)
    olds = []
    for met_part in sorted(met, key=lambda p: p.first):
        old = _whole(drafts if (staging / met_part.name).exists() else folder, met_part, kind, scale)
        begin, end = max(met_part.first, part.first), min(met_part.last, part.last)
        both = (ts >= begin) & (ts <= end)
        a, b = _span(old, begin, end), _span(new, begin, end)
        if _same(a, b):
            is_new &= ~both
        elif kind in ("bars", "features") or begin != end or _share_a_row(a, b):
            raise DataError(_contradiction(about, a, b, scale))
        elif part.first < met_part.first:
            rank[both] = -1  # one moment's ticks, divided between two files of which this is the earlier
        olds.append(old)
    rows = pa.concat_tables([*olds, new.filter(pa.array(is_new))])
    ranks = np.concatenate([np.zeros(rows.num_rows - int(is_new.sum()), np.int8), rank[is_new]])
    rows = rows.take(pa.array(np.lexsort((ranks, rows["ts"].to_numpy()))))
    labels = tables.periods(rows["ts"].to_numpy()[:1], tables.period(kind, about.timeframe))
    return write_part(staging, kind, [(rows, *scale)], str(labels[0]))


def _same(one: pa.Table, two: pa.Table) -> bool:
    """Whether two tables are equal bit for bit: a NaN, which Arrow has differ from itself, is equal to its like."""
    return bool(_bits(one).equals(_bits(two)))


def _bits(table: pa.Table) -> pa.Table:
    for at, field in enumerate(table.schema):
        if field.type == pa.float64():
            chunks = [chunk.view(pa.int64()) for chunk in table[field.name].chunks]
            table = table.set_column(at, field.name, pa.chunked_array(chunks, pa.int64()))
    return table


def _share_a_row(one: pa.Table, two: pa.Table) -> bool:
    rows = {tuple(row.values()) for row in one.to_pylist()}
    return any(tuple(row.values()) in rows for row in two.to_pylist())


def _contradiction(about: Manifest, old: pa.Table, new: pa.Table, scale: tuple[int, int]) -> str:
    """Names the first row that differs, and how, which is how a restatement by the vendor shows."""
    at = next((n for n in range(min(old.num_rows, new.num_rows)) if not _same(old.slice(n, 1), new.slice(n, 1))), None)
    if at is None:
        at = min(old.num_rows, new.num_rows)
    longer = old if old.num_rows > at else new
    where = iso(longer["ts"][at].as_py())
    was, now = (_shown(about.kind, table.slice(at, 1), scale) for table in (old, new))
    if was and now:
        was, now = ({name: row[name] for name in was if was[name] != now[name]} for row in (was, now))
    said, says = (", ".join(f"{k} {v}" for k, v in row.items()) or "nothing" for row in (was, now))
    return (
        f"{about.title}: the new rows overlap with those at hand and differ from {where} on: "
        f"was {said}, now {says}; use --replace to start over, or leave one of the files out"
    )


def _shown(kind: str, row: pa.Table, scale: tuple[int, int]) -> dict[str, str]:
    """A row's cells as people write them; empty where there is no row."""
    cells: dict[str, str] = {}
    for found in row.to_pylist():
        for name, value in found.items():
            decimals = tables.scale_of(kind, name, *scale)
            cells[name] = str(value) if decimals is None else f"{Decimal(value).scaleb(-decimals):f}"
    return cells


def _whole(folder: Place, part: Part, kind: str, scale: tuple[int, int]) -> pa.Table:
    table = pa.Table.from_batches(read_part(folder, part, kind, part.first, part.last + 1, CHUNK_ROWS))
    table = table.replace_schema_metadata(None)
    return rescale(table, kind, (part.price_scale, part.size_scale), scale)


def _span(table: pa.Table, begin: int, end: int) -> pa.Table:
    ts = table["ts"].to_numpy()
    low, high = int(np.searchsorted(ts, begin, "left")), int(np.searchsorted(ts, end, "right"))
    return table.slice(low, high - low).combine_chunks()
