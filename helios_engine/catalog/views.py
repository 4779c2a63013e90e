"""The views that SQL sees: one a kind of data, over the files that the manifests name and no others."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as fs
import pyarrow.parquet as pq

from helios_engine.catalog import tables
from helios_engine.catalog.manifest import Part
from helios_engine.catalog.place import LocalPlace, Place
from helios_engine.catalog.store import Catalog, Dataset

VIEWS = ("bars", "trades", "quotes", "books", "funding", "features", "issues", "instruments")
_KEYS = {"bars": ("instrument", "timeframe"), "features": ("instrument", "timeframe"), "instruments": ("venue",)}
_AMOUNTS = ("tick", "lot", "min_quantity", "min_notional", "maker_fee", "taker_fee", "margin_init", "margin_maint")
_TYPES = {
    pa.int64(): "BIGINT",
    pa.int8(): "TINYINT",
    pa.bool_(): "BOOLEAN",
    pa.string(): "VARCHAR",
    pa.float64(): "DOUBLE",
}
_TIME = "make_timestamptz({0} // 1000) AS time"
_ISSUES = {
    "kind": pa.string(), "instrument": pa.string(), "timeframe": pa.string(), "issue": pa.string(),
    "severity": pa.string(), "ts_from": pa.int64(), "ts_to": pa.int64(), "detail": pa.string(),
    "state": pa.string(), "missing": pa.int64(), "origin": pa.string(),
}  # fmt: skip


class _Source(NamedTuple):
    """Files with the same scales, as DuckDB is to see them."""

    keys: tuple[str, ...]
    rows: Any
    schema: pa.Schema
    scales: tuple[int, int]


def make_views(connection: Any, catalog: Catalog) -> None:
    """Make every view in a DuckDB connection; one without data is empty, but has its columns."""
    datasets = catalog.datasets()
    found: dict[str, list[_Source]] = {view: [] for view in VIEWS}
    for dataset in datasets:
        if dataset.manifest.kind in found:
            found[dataset.manifest.kind] += _sources(dataset)
    for view, sources in found.items():
        if view == "issues":
            connection.register("_issues", _issues(datasets))
            branches = [f"SELECT {', '.join(_ISSUES)}, {_TIME.format('ts_from')} FROM _issues"]
        else:
            branches = [_empty(view)]
            for number, source in enumerate(sources):
                connection.register(f"_{view}_{number}", source.rows)
                branches.append(_branch(view, f"_{view}_{number}", source))
        connection.execute(f"CREATE VIEW {view} AS {' UNION ALL BY NAME '.join(branches)}")


def _empty(view: str) -> str:
    """No rows, but columns and their types."""
    types = dict.fromkeys(_KEYS.get(view, ("instrument",)), "VARCHAR")
    for field in tables.SCHEMAS[view]:
        is_number = tables.scale_of(view, field.name, 0, 0) is not None or field.name in _AMOUNTS
        types[field.name] = "DOUBLE" if is_number else _TYPES[field.type]
        if field.name == "ts":
            types["time"] = "TIMESTAMPTZ"
    return f"SELECT {', '.join(f'NULL::{kind} AS {name}' for name, kind in types.items())} WHERE false"


def _branch(view: str, name: str, source: _Source) -> str:
    """The rows of some files under the names of a view."""
    picked = [
        f"{_quoted(value)} AS {key}" for key, value in zip(_KEYS.get(view, ("instrument",)), source.keys, strict=True)
    ]
    for column in source.schema.names:
        scale = tables.scale_of(view, column, *source.scales)
        plain = '"' + column.replace('"', '""') + '"'
        if scale is not None:
            picked.append(f"{plain} / 1e{scale}::DOUBLE AS {plain}")
        else:
            picked.append(f"{plain}::DOUBLE AS {plain}" if view == "instruments" and column in _AMOUNTS else plain)
        if column == "ts":
            picked.append(_TIME.format("ts"))
    return f"SELECT {', '.join(picked)} FROM {name}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _sources(dataset: Dataset) -> Iterator[_Source]:
    """A data set's files, those with the same scales together."""
    m = dataset.manifest
    groups: dict[tuple[int, int], list[Part]] = {}
    for part in m.parts:
        groups.setdefault((part.price_scale, part.size_scale), []).append(part)
    for scales, group in groups.items():
        schema = tables.SCHEMAS[m.kind] if m.kind != "features" else _feature_columns(dataset.folder, group)
        keys = (m.name, m.timeframe)
        yield _Source(keys[: len(_KEYS.get(m.kind, ("",)))], _files(dataset.folder, group, schema), schema, scales)


def _feature_columns(folder: Place, group: list[Part]) -> pa.Schema:
    found = [pq.read_schema(folder.source(part.name)).remove_metadata() for part in group]
    return pa.unify_schemas(found)


def _files(folder: Place, group: list[Part], schema: pa.Schema) -> Any:
    """Files as one Arrow data set that knows from the manifest which times each holds."""
    if isinstance(folder, LocalPlace):
        system, root = fs.LocalFileSystem(), str(folder.path.absolute())
    else:
        remote, root = import_module("fsspec").core.url_to_fs(folder.url)
        system = fs.PyFileSystem(fs.FSSpecHandler(remote))
    form, ts = ds.ParquetFileFormat(), ds.field("ts")
    pieces = [
        form.make_fragment(f"{root}/{part.name}", system, partition_expression=(ts >= part.first) & (ts <= part.last))
        for part in group
    ]
    return ds.FileSystemDataset(pieces, schema, form, system)


def _issues(datasets: list[Dataset]) -> pa.Table:
    rows = [
        {"kind": d.manifest.kind, "instrument": d.manifest.name, "timeframe": d.manifest.timeframe, "issue": i.kind}
        | {name: getattr(i, name) for name in ("severity", "ts_from", "ts_to", "detail", "state", "missing", "origin")}
        for d in datasets
        for i in d.manifest.issues
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema(list(_ISSUES.items())))
