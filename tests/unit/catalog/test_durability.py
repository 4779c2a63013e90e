"""The catalog under kill -9, beside other writers and readers, and on other file systems than this machine's."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from helios_engine.catalog.audit import audit
from helios_engine.catalog.feeds import CatalogBars
from helios_engine.catalog.store import Catalog
from helios_engine.errors import DataError
from tests.importing import imported, only
from tests.unit.catalog.test_importers import kline
from tests.unit.catalog.test_store import BTC, table

ROOT = Path(__file__).resolve().parents[3]
HELIOS = Path(sys.executable).with_name("helios-engine")
KILLS = int(os.environ.get("KILLS", "6"))
"""How many imports are killed; `KILLS=50` for the long run."""


def write_klines(path: Path, first: int, count: int) -> Path:
    path.write_text("\n".join(kline(n) for n in range(first, first + count)) + "\n")
    return path


def start_import(catalog: Path, *paths: Path, flags: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    command = [HELIOS, "data", "import", *map(str, paths), "--catalog", str(catalog)]
    given = ["--format", "binance-klines", "--instrument", "BTCUSDT.BINANCE", "--timeframe", "1h", *flags]
    return subprocess.Popen(
        [*command, *given], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=catalog.parent
    )


def end(child: subprocess.Popen[str]) -> int:
    child.communicate()
    return child.returncode


def test_imports_killed_at_random_points_leave_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    old, new = write_klines(tmp_path / "old.csv", 0, 3000), write_klines(tmp_path / "new.csv", 0, 30_000)
    catalog = tmp_path / "catalog"
    assert end(start_import(catalog, old)) == 0
    begin = time.monotonic()
    assert end(start_import(tmp_path / "timing", new)) == 0
    whole = time.monotonic() - begin
    draw, seen = random.Random(7), set()
    for _ in range(KILLS):
        assert end(start_import(catalog, old, flags=("--replace",))) == 0
        child = start_import(catalog, new)
        time.sleep(draw.uniform(0.3, 1.05) * whole)
        child.kill()
        child.communicate()
        dataset = only(catalog)
        dataset.verify()
        seen.add(dataset.manifest.rows)
        assert dataset.table().num_rows == dataset.manifest.rows in (3000, 30_000)
        assert all(issue.severity != "error" for issue in audit(dataset))
    assert end(start_import(catalog, new)) == 0
    assert only(catalog).manifest.rows == 30_000
    assert [p.name for p in catalog.iterdir()] == ["bars"]


def test_two_imports_at_once_both_count(tmp_path: Path) -> None:
    files = [write_klines(tmp_path / f"{n}.csv", n * 5000, 5000) for n in range(4)]
    catalog = tmp_path / "catalog"

    children = [start_import(catalog, file) for file in (*files, files[0])]
    assert [end(child) for child in children] == [0] * 5
    assert only(catalog).manifest.rows == 20_000
    only(catalog).verify()


READ = """
import sys
from helios_engine.catalog.store import Catalog
for _ in range(300):
    dataset = Catalog(sys.argv[1]).dataset("bars", "BTCZAR.VALR", "1h")
    rows = sum(batch.num_rows for batch in dataset.blocks(0, 2**62))
    assert rows == dataset.manifest.rows and rows in (400, 500), rows
"""


def test_readers_are_not_disturbed_by_a_writer(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    catalog.write("bars", BTC, table(400), timeframe="1h")
    readers = [subprocess.Popen([sys.executable, "-c", READ, str(tmp_path)], cwd=ROOT) for _ in range(2)]
    count = 0
    while any(reader.poll() is None for reader in readers):
        count += 1
        catalog.write("bars", BTC, table(500 - 100 * (count % 2), first=1 + count % 3), timeframe="1h", replace=True)
        time.sleep(0.05)

    assert [reader.returncode for reader in readers] == [0, 0]
    assert count > 3


def test_a_reader_that_is_overtaken_twice_is_told(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    catalog.write("bars", BTC, table(400), timeframe="1h")
    dataset = catalog.dataset("bars", "BTCZAR.VALR", "1h")

    catalog.write("bars", BTC, table(400, close=1001), timeframe="1h", replace=True)
    assert dataset.table().num_rows == 400
    catalog.write("bars", BTC, table(400, close=1002), timeframe="1h", replace=True)

    with pytest.raises(DataError, match="written twice since it was opened"):
        dataset.table()


def test_a_refused_import_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(kline(0) + "\n" + kline(1, "x") + "\n")
    child = start_import(tmp_path / "catalog", tmp_path / "bad.csv")

    assert end(child) == 3
    assert not (tmp_path / "catalog").exists()


def test_any_fsspec_url_may_be_the_root(tmp_path: Path) -> None:
    url = f"memory://{uuid.uuid4().hex}"
    catalog = Catalog(url)
    catalog.write("bars", BTC, table(1000), timeframe="1h")
    catalog.write("bars", BTC, table(1000, first=1001), timeframe="1h")

    dataset = Catalog(url).dataset("bars", "BTCZAR.VALR", "1h")
    feed = CatalogBars(url, "BTCZAR.VALR", "1h")

    assert dataset.manifest.rows == len(list(feed.inputs(0, 2**62))) == 2000
    assert feed.pin().rows == 2000
    assert [d.name for d in Catalog(url).datasets()] == ["bars BTCZAR.VALR 1h"]
    assert imported(tmp_path / "local", write_klines(tmp_path / "BTCUSDT-1h.csv", 0, 5)).datasets[0].rows == 5


def test_a_protocol_that_nothing_speaks_is_named() -> None:
    with pytest.raises(DataError, match="catalog nosuch://x: .*install what speaks this protocol"):
        Catalog("nosuch://x")
