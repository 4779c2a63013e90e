"""A finding follows from the rows up to its end: data cut off later has the same findings until then."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helios_engine.catalog.audit import audit
from helios_engine.catalog.importers.contract import Ask
from helios_engine.catalog.importers.run import import_paths
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.store import Catalog, Dataset
from helios_engine.catalog.tables import SCHEMAS
from helios_engine.plugins import Plugins
from helios_engine.timeframe import UNITS
from tests.unit.catalog.audit_rows import HOUR, MINUTE, NOW, SECOND, bars, book, quotes, stored, trades, without

REAL = os.environ.get("HELIOS_REAL_DATA")
real = pytest.mark.skipif(REAL is None, reason="needs HELIOS_REAL_DATA, the folder of real market data")
Faults = list[tuple[str, int, int]]


def cut(dataset: Dataset, end: int) -> list[Issue]:
    """The findings of a catalog that knows nothing after `end`."""
    m = dataset.manifest
    with tempfile.TemporaryDirectory() as folder, Catalog(folder).session() as session:
        table = dataset.table(stop=end + 1)
        if table.num_rows == 0:
            return []
        writer = session.writer(m.kind, m.name, m.timeframe)
        writer.add(table, m.price_scale, m.size_scale)
        writer.commit(m.instrument)
        return audit(Catalog(folder).dataset(m.kind, m.name, m.timeframe), NOW)


def assert_past_only(dataset: Dataset, ends: list[int]) -> list[Issue]:
    whole = [i for i in audit(dataset, NOW) if i.origin == "check"]
    for end in ends:
        assert [i for i in cut(dataset, end) if i.ts_to <= end] == [i for i in whole if i.ts_to <= end]
    return whole


def some_ends(dataset: Dataset, share: float) -> list[int]:
    """A time within the data, one at which something is told, and one long after it."""
    m = dataset.manifest
    told = [i.ts_to for i in audit(dataset, NOW)] or [m.last]
    return [m.first + round(share * (m.last - m.first)), told[int(share * (len(told) - 1))], m.last + 40 * HOUR]


def ends_of(dataset: Dataset, count: int) -> list[int]:
    """Times to cut at: beside rows, at and around findings, and between."""
    ts = dataset.table(columns=["ts"])["ts"].to_numpy()
    rows = ts[np.linspace(0, len(ts) - 1, count).astype(int)].tolist()
    told = [i.ts_to + step for i in audit(dataset, NOW) for step in (-1, 0, 1)]
    picked = told[:: max(1, len(told) // count)]
    return sorted({*rows, *(t + 1 for t in rows), *picked, int(ts[-1]) + 10**15})


faults = st.lists(
    st.tuples(
        st.sampled_from(["jump", "spike", "silent", "gap", "volume", "cross", "lock", "late", "id"]),
        st.integers(1, 280),
        st.integers(1, 30),
    ),
    max_size=12,
)


def spoilt(columns: dict[str, Any], broken: Faults, price: str, size: str, wait: int) -> dict[str, Any]:
    holes: set[int] = set()
    for kind, at, length in broken:
        span = slice(at, at + length)
        if kind in ("jump", "spike"):
            columns[price][at if kind == "spike" else span] *= 2
        elif kind == "silent" and "ts_open" in columns:
            columns[size][span] = 0
        elif kind == "volume":
            columns[size][at] *= 500
        elif kind == "gap":
            holes.update(range(at, at + length))
        elif kind in ("cross", "lock") and "bid" in columns:
            columns["bid"][span] = columns["ask"][span] + (kind == "cross")
        elif kind == "late" and "ts_event" in columns:
            columns["ts_event"][span] += wait
            for name in ("ts", "ts_event"):
                columns[name][at:] += length * MINUTE
        elif kind == "id" and "trade_id" in columns:
            ids = columns["trade_id"].to_pylist()
            columns["trade_id"] = pa.array([*ids[:at], *ids[max(0, at - length) : at], *ids[at:]][: len(ids)])
    return without(columns, *holes)


@settings(max_examples=15, deadline=None)
@given(broken=faults, share=st.floats(0, 1), timeframe=st.sampled_from(["1m", "1h"]))
def test_findings_in_bars_follow_from_the_past(broken: Faults, share: float, timeframe: str) -> None:
    columns = spoilt(bars(300, timeframe), broken, "close", "volume", 0)
    with tempfile.TemporaryDirectory() as folder:
        dataset = stored(Path(folder), "bars", columns, timeframe)
        assert_past_only(dataset, some_ends(dataset, share))


@settings(max_examples=10, deadline=None)
@given(broken=faults, share=st.floats(0, 1), wait=st.sampled_from([SECOND, 9 * MINUTE]))
def test_findings_in_trades_and_quotes_follow_from_the_past(broken: Faults, share: float, wait: int) -> None:
    for kind, columns in (("trades", trades(300, wait)), ("quotes", quotes(300, wait))):
        price, size = ("price", "quantity") if kind == "trades" else ("bid", "bid_quantity")
        with tempfile.TemporaryDirectory() as folder:
            dataset = stored(Path(folder), kind, spoilt(columns, broken, price, size, wait))
            assert_past_only(dataset, some_ends(dataset, share))


levels = st.lists(st.tuples(st.sampled_from([1, -1]), st.integers(95, 105), st.integers(0, 2)), min_size=1, max_size=3)
messages = st.lists(st.tuples(st.integers(0, 2000), st.sampled_from([False, False, False, True]), levels), min_size=2)


@settings(max_examples=20, deadline=None)
@given(found=messages, share=st.floats(0, 1))
def test_findings_in_books_follow_from_the_past(found: list[Any], share: float) -> None:
    at, moments = 0, []
    for wait, snapshot, rows in found:
        at += wait
        moments.append((at, snapshot, rows))
    with tempfile.TemporaryDirectory() as folder:
        dataset = stored(Path(folder), "books", book(*moments))
        assert_past_only(dataset, some_ends(dataset, share))


@real
@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "kinds"),
    [("1d/DOGEUSDT-1d.csv.gz", {"jump", "volume_outlier"}), ("1h/BTCUSDT-1h-2023.csv.gz", {"gap"})],
)
def test_findings_in_real_klines_follow_from_the_past(tmp_path: Path, name: str, kinds: set[str]) -> None:
    importers = {n: offer.spec for n, offer in Plugins().offers("importer").items()}
    catalog = Catalog(tmp_path)
    import_paths(catalog, [Path(str(REAL)) / "binance_klines_multi" / name], importers, Ask())
    (dataset,) = catalog.datasets()

    whole = assert_past_only(dataset, ends_of(dataset, 10))

    assert {i.kind for i in whole} == kinds


def captured(name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Received messages of a raw Binance capture."""
    import gzip

    path = next((Path(str(REAL)) / "binance_l2_raw" / "spot").glob(f"{name}*"))
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt") as file:
        for line in file:
            stamp, _, text = line.partition(" ")
            yield int(stamp), json.loads(text)


def units(text: str) -> int:
    return round(float(text) * 10**5)


def real_rows(kind: str, count: int) -> dict[str, Any]:
    """The first rows of a kind in the capture, their clock set right."""
    rows: list[tuple[Any, ...]] = []
    for ts, message in captured("btcusdt_20240808"):
        ts += 1_400 * UNITS["ms"]
        data = message.get("data", {})
        if kind == "trades" and data.get("e") == "trade":
            side = -1 if data["m"] else 1
            rows.append((ts, data["T"] * 10**6, units(data["p"]), units(data["q"]), side, str(data["t"])))
        elif kind == "quotes" and "@bookTicker" in message.get("stream", ""):
            rows.append((ts, ts, units(data["b"]), units(data["a"]), units(data["B"]), units(data["A"])))
        elif kind == "books" and ("lastUpdateId" in message or (rows and data.get("e") == "depthUpdate")):
            snapshot = "lastUpdateId" in message
            body, keys = (message, ("bids", "asks")) if snapshot else (data, ("b", "a"))
            number = message["lastUpdateId"] if snapshot else data["u"]
            if not snapshot and number <= rows[0][2]:
                continue
            for side, key in ((1, keys[0]), (-1, keys[1])):
                rows += [(ts, ts, number, snapshot, side, units(p), units(q)) for p, q in body[key]]
        if len(rows) >= count:
            break
    return dict(zip(SCHEMAS[kind].names, (list(c) for c in zip(*rows, strict=True)), strict=True))


@real
@pytest.mark.real_data
@pytest.mark.parametrize("kind", ["trades", "quotes", "books"])
def test_real_ticks_are_clean_and_their_faults_follow_from_the_past(tmp_path: Path, kind: str) -> None:
    columns = real_rows(kind, 6000)
    clean = stored(tmp_path / "clean", kind, columns)
    assert {i.severity for i in assert_past_only(clean, ends_of(clean, 10))} <= {"info"}

    ts = np.array(columns["ts"])
    ts[3000:] += 20 * MINUTE
    broken = without({**columns, "ts": ts}, *range(2000, 2200))
    faulty = stored(tmp_path / "faulty", kind, broken)
    whole = assert_past_only(faulty, ends_of(faulty, 10))

    assert "gap" in {i.kind for i in whole}
    assert kind != "trades" or "missing_trades" in {i.kind for i in whole}
