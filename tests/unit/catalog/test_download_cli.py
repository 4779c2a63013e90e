"""From a vendor's server to a catalog by one command, twice."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from helios_engine.catalog.store import Catalog
from helios_engine.cli.data_download import download
from tests.archive_server import ArchiveServer
from tests.importing import imported, only
from tests.unit.catalog.test_importers import START, kline


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    with ArchiveServer() as running:
        yield running


def run(server: ArchiveServer, tmp_path: Path, *arguments: str) -> dict[str, Any]:
    flags = [
        "--base-url",
        server.url,
        "--folder",
        str(tmp_path / "raw"),
        "--catalog",
        str(tmp_path / "catalog"),
        "--json",
    ]
    found: Result = CliRunner().invoke(download, [*arguments, *flags], standalone_mode=False, catch_exceptions=False)
    answer: dict[str, Any] = json.loads(found.stdout)
    return answer


def add_klines(server: ArchiveServer, path: str, first: int, count: int) -> None:
    held = io.BytesIO()
    name = path.rsplit("/", 1)[1]
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(name.replace(".zip", ".csv"), "\n".join(kline(n) for n in range(first, first + count)) + "\n")
    server.files[path] = held.getvalue()
    server.checksums[path] = hashlib.sha256(held.getvalue()).hexdigest()


def test_an_archive_ends_up_in_the_catalog_and_a_second_call_changes_nothing(
    server: ArchiveServer, tmp_path: Path
) -> None:
    root = "/data/spot/monthly/klines/BTCUSDT/1h"
    add_klines(server, f"{root}/BTCUSDT-1h-2023-01.zip", 0, 744)
    add_klines(server, f"{root}/BTCUSDT-1h-2023-02.zip", 744, 672)
    asked = ("binance", "BTCUSDT", "--timeframe", "1h", "--start", "2023-01-01", "--stop", "2023-03-01")

    first = run(server, tmp_path, *asked)
    before = only(tmp_path / "catalog").manifest
    second = run(server, tmp_path, *asked)

    assert (first["datasets"][0]["rows"], first["missing"], first["reused"]) == (1416, [], 0)
    assert (before.first, before.revision) == ((START + 3_600_000) * 10**6, 1)
    assert (second["reused"], second["bytes"]) == (2, 0)
    assert only(tmp_path / "catalog").manifest == before


def test_buckets_of_valr_end_up_in_the_catalog(server: ArchiveServer, tmp_path: Path) -> None:
    answer = run(
        server, tmp_path, "valr", "BTCZAR", "--timeframe", "1h", "--start", "2024-01-15", "--stop", "2024-01-17"
    )

    manifest = Catalog(tmp_path / "catalog").dataset("bars", "BTCZAR.VALR", "1h").manifest
    assert (manifest.rows, answer["missing"]) == (48, [])
    assert manifest.instrument is not None
    assert (manifest.instrument.base, manifest.instrument.quote) == ("BTC", "ZAR")


def test_valrs_own_answers_are_recognised_whichever_way_they_lie(tmp_path: Path) -> None:
    trades = [
        {"price": str(100 + n), "quantity": "0.5", "currencyPair": "BTCZAR", "tradedAt": f"2024-01-15T10:00:0{n}.5Z",
         "takerSide": "sell" if n % 2 else "buy", "sequenceId": n, "id": f"id-{n}"}
        for n in range(5)
    ]  # fmt: skip
    (tmp_path / "newest.json").write_text(json.dumps(trades[::-1]))
    (tmp_path / "oldest.jsonl").write_text("\n".join(json.dumps(row) for row in trades))

    one = imported(tmp_path / "one", tmp_path / "newest.json")
    imported(tmp_path / "two", tmp_path / "oldest.jsonl")

    found = only(tmp_path / "one").table()
    assert (one.files[0]["format"], one.files[0]["confidence"]) == ("valr", 0.95)
    assert found.equals(only(tmp_path / "two").table())
    assert found["price"].to_pylist() == [100, 101, 102, 103, 104]
    assert found["side"].to_pylist() == [1, -1, 1, -1, 1]
