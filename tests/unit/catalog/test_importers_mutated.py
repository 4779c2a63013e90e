"""Binance klines (CSV and REST JSON) and VALR's REST with one thing wrong: refused, or read as they stand.

What stands in a file is what a parse of the test's own finds in it, digit by digit.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helios_engine.catalog.store import Catalog, Dataset
from helios_engine.errors import HeliosError
from tests.importing import imported
from tests.unit.catalog.test_importers import HOUR, START, kline

Cells = list[dict[str, Any]]
Row = tuple[Any, ...]
KLINE = (
    "open_time", "open", "high", "low", "close", "volume",
    "close_time", "quote", "trades", "tb", "tq", "ignore",
)  # fmt: skip
FIELDS = ("open", "high", "low", "close", "volume")
BINANCE = {"instrument": "BTCUSDT.BINANCE", "timeframe": "1h"}
VALUES = [
    "", " ", "NaN", "Infinity", "1e5", "1e999999", "1E+2", "-1", "-0", "+1", "0", "abc", "1_000", "1,5", "0x10", "é",
    '"', "٣", "99999999999999999999", "0.000000000000000000001", "100", "101.5", "9" * 400, "1577836800",
    "1672531200000", "1672531200000000", "2023-01-01T00:00:00Z", "2023-01-01",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
    "sell",
]  # fmt: skip
WRONG = [None, True, False, [], {}, ["1"], {"price": "1"}, 5, 1.5]
"""Beside texts, what JSON may hold."""


def klines(count: int = 12) -> Cells:
    return [dict(zip(KLINE, kline(n, f"100.{n + 10}", quote="151").split(","), strict=True)) for n in range(count)]


def bucket(number: int) -> dict[str, Any]:
    opened = datetime.fromtimestamp((START + number * HOUR) // 1000, UTC)
    return {
        "currencyPairSymbol": "BTCZAR", "bucketPeriodInSeconds": 3600, "startTime": f"{opened:%Y-%m-%dT%H:%M:%SZ}",
        "open": "100.5", "high": "120", "low": "90.25", "close": f"{101 + number}", "volume": f"1.0000000{number % 10}",
        "quoteVolume": "101",
    }  # fmt: skip


def trade(number: int) -> dict[str, Any]:
    return {
        "price": f"{1000 + number}", "quantity": f"0.0{number + 1}", "currencyPair": "BTCZAR",
        "tradedAt": f"2024-01-15T10:00:{number:02}.{number:03}Z", "takerSide": "sell" if number % 3 else "buy",
        "sequenceId": 1000 + number, "id": f"id-{number}", "quoteVolume": "10",
    }  # fmt: skip


def as_csv(rows: Cells) -> str:
    return "".join(",".join(str(cell) for cell in row.values()) + "\n" for row in rows)


def as_lists(rows: Cells) -> str:
    return json.dumps([list(row.values()) for row in rows])


def as_lines(rows: Cells) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


FILES: dict[str, tuple[Cells, Callable[[Cells], str], dict[str, Any]]] = {
    "BTCUSDT-1h-2023-01.csv": (klines(), as_csv, {"wanted": "binance-klines", **BINANCE}),
    "BTCUSDT-1h-2023-01.json": (klines(), as_lists, {"wanted": "binance-klines", **BINANCE}),
    "buckets.json": ([bucket(n) for n in range(11, -1, -1)], json.dumps, {"wanted": "valr"}),
    "buckets.jsonl": ([bucket(n) for n in range(12)], as_lines, {"wanted": "valr"}),
    "trades.json": ([trade(n) for n in range(11, -1, -1)], json.dumps, {"wanted": "valr"}),
    "trades.jsonl": ([trade(n) for n in range(12)], as_lines, {"wanted": "valr"}),
}


@st.composite
def mutations(draw: st.DrawFn, name: str) -> bytes:
    """The file with one thing wrong in it."""
    valid, write, _ = FILES[name]
    rows = [dict(row) for row in valid]
    place = draw(st.integers(0, len(rows) - 1))
    field = draw(st.sampled_from(list(rows[0])))
    how = draw(
        st.sampled_from(["cut", "cell", "cell", "columns", "lack", "delete", "double", "exchange", "bytes", "encoding"])
    )
    if how == "cell":
        odd = st.sampled_from(VALUES)
        rows[place][field] = draw(odd if name.endswith(".csv") else odd | st.sampled_from(WRONG))
    elif how == "columns":
        other = draw(st.sampled_from(list(rows[0])))
        for row in rows[0 if draw(st.booleans()) else place :]:
            row[field], row[other] = row[other], row[field]
    elif how == "lack":
        for row in rows[0 if draw(st.booleans()) else place :]:
            del row[field]
    elif how == "delete":
        del rows[place : draw(st.integers(place + 1, len(rows)))]
    elif how == "double":
        rows.insert(draw(st.integers(0, len(rows))), dict(rows[place]))
    elif how == "exchange":
        other_row = draw(st.integers(0, len(rows) - 1))
        rows[place], rows[other_row] = rows[other_row], rows[place]
    content = write(rows).encode()
    if how == "encoding":
        content = content.decode().encode(draw(st.sampled_from(["utf-16", "utf-8-sig", "utf-32", "utf-16-le"])))
    elif how == "bytes":
        at = draw(st.integers(0, len(content)))
        content = content[:at] + draw(st.binary(max_size=3)) + content[at + draw(st.integers(0, 2)) :]
    return content[: draw(st.integers(0, len(content)))] if how == "cut" else content


@pytest.mark.parametrize("name", sorted(FILES))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_with_something_wrong_is_refused_or_read_as_it_stands(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    content = data.draw(mutations(name))
    folder = tmp_path_factory.mktemp("hostile")
    (folder / name).write_bytes(content)
    ask = data.draw(st.sampled_from([{}, FILES[name][2]]))
    try:
        imported(folder / "catalog", folder / name, **ask)
    except HeliosError as error:
        assert name in str(error)
        assert not (folder / "catalog").exists()
        return
    there = set(standing(name, content.decode("utf-8-sig")))
    for dataset in Catalog(folder / "catalog").datasets():
        kept = list(found(dataset))
        assert set(kept) <= there
        assert len(set(kept)) == len(kept) or name.startswith("trades")


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_files_that_are_mutated_are_right_as_they_are(tmp_path: Path, name: str) -> None:
    rows, write, _ = FILES[name]
    (tmp_path / name).write_text(write(rows))
    imported(tmp_path / "catalog", tmp_path / name)

    (dataset,) = Catalog(tmp_path / "catalog").datasets()
    assert set(found(dataset)) == set(standing(name, write(rows)))
    assert dataset.manifest.rows == 12


def found(dataset: Dataset) -> Iterator[Row]:
    """Rows of a catalog as `standing` tells them."""
    m = dataset.manifest
    sizes = ("volume", "quantity")
    names = ("ts_open", *FIELDS) if m.kind == "bars" else ("ts_event", "price", "quantity", "side", "trade_id")
    for row in dataset.table().to_pylist():
        cells = [m.name, m.timeframe]
        for name in names:
            scale = m.size_scale if name in sizes else m.price_scale
            cells.append(Decimal(row[name]).scaleb(-scale) if name in (*FIELDS, "price", "quantity") else row[name])
        yield tuple(cells)


def standing(name: str, text: str) -> Iterator[Row]:
    """Rows that a file states: name and length of bar, time (ns), numbers, and of trades the side and the id."""
    if name.endswith(".csv"):
        rows: list[Any] = list(csv.reader(io.StringIO(text)))
    elif name.endswith(".jsonl"):
        rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    else:
        rows = json.loads(text)
    for row in rows:
        read = _kline if name.startswith("BTCUSDT") else _bucket if name.startswith("buckets") else _trade
        try:
            yield read(row)
        except (KeyError, IndexError, ValueError, InvalidOperation, TypeError):
            continue  # No row: then nothing may have been imported from it.


def _kline(row: list[Any]) -> Row:
    unit = {13: 10**6, 16: 10**3}[len(str(row[0]))]
    return "BTCUSDT.BINANCE", "1h", int(row[0]) * unit, *(Decimal(cell) for cell in row[1:6])


def _bucket(row: dict[str, Any]) -> Row:
    length = {3600: "1h"}.get(int(row["bucketPeriodInSeconds"]), str(row["bucketPeriodInSeconds"]))
    numbers = [Decimal(row[name]) for name in FIELDS]
    return f"{row['currencyPairSymbol']}.VALR", length, _moment(row["startTime"]), *numbers


def _trade(row: dict[str, Any]) -> Row:
    numbers = Decimal(row["price"]), Decimal(row["quantity"])
    side = {"buy": 1, "sell": -1}[row["takerSide"]]
    return f"{row['currencyPair']}.VALR", "", _moment(row["tradedAt"]), *numbers, side, str(row["id"])


def _moment(text: str) -> int:
    """ISO 8601 with Z as ns."""
    parts = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z?)?", text)
    if parts is None:
        raise ValueError(text)
    day, clock, rest = parts.groups()
    second = datetime.fromisoformat(f"{day}T{clock or '00:00:00'}+00:00")
    return int(second.timestamp()) * 10**9 + int((rest or "0").ljust(9, "0"))
