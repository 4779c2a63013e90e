from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from helios_engine.bodies import Bar, Instrument, Print
from helios_engine.catalog.feeds import CatalogBars
from helios_engine.catalog.generate import bars_of, generate
from helios_engine.catalog.place import LocalPlace
from helios_engine.catalog.sample import DAYS, SAMPLE, SEED, START, TIMEFRAME, write_market
from helios_engine.catalog.store import Catalog, Dataset
from helios_engine.catalog.tables import SCHEMAS
from helios_engine.catalog.tick_feeds import CatalogTrades
from helios_engine.errors import DataError, StorageError
from helios_engine.timeframe import DAY, timeframe_ns

ROOT = Path(__file__).resolve().parents[3]
BTC = Instrument("BTCZAR.VALR", "BTC", "ZAR", 1, 2, tick=Decimal("0.1"), lot=Decimal("0.01"))
HOUR = timeframe_ns("1h")


def table(count: int, first: int = 1, close: int = 1005) -> pa.Table:
    opened = np.arange(first, first + count, dtype=np.int64) * HOUR + 20_000 * DAY
    same = {
        name: np.full(count, value) for name, value in (("open", 1000), ("high", 1010), ("low", 990), ("volume", 400))
    }
    columns = {
        "ts": opened + HOUR,
        "ts_open": opened,
        "ts_close": opened + HOUR,
        "close": np.full(count, close),
        **same,
    }
    return pa.table(columns, schema=SCHEMAS["bars"])


def bars(catalog: Path, **settings: str) -> CatalogBars:
    return CatalogBars(str(catalog), "BTCZAR.VALR", "1h", **settings)  # type: ignore[arg-type]


def written(tmp_path: Path, count: int = 10) -> Catalog:
    catalog = Catalog(tmp_path)
    catalog.write("bars", BTC, table(count), timeframe="1h")
    return catalog


def folder_of(dataset: Dataset) -> Path:
    assert isinstance(dataset.folder, LocalPlace)
    return dataset.folder.path


def test_any_reader_of_parquet_opens_the_plain_columns(tmp_path: Path) -> None:
    folder = folder_of(written(tmp_path).dataset("bars", "BTCZAR.VALR", "1h"))
    files = [str(path) for path in folder.glob("*.parquet")]

    readers = [
        pd.concat(pd.read_parquet(file) for file in files)["close"].sum(),
        pl.read_parquet(files)["close"].sum(),
        duckdb.sql(f"select sum(close) from read_parquet({files})").fetchall()[0][0],
    ]

    assert readers == [10_050] * 3


@pytest.mark.parametrize("rows", ["1", "3", "100000"])
def test_the_size_of_blocks_does_not_change_what_a_feed_delivers(
    tmp_path: Path, rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, 1000)
    expected = list(bars(tmp_path).inputs(0, 2**62))

    monkeypatch.setenv("HELIOS_CHUNK_ROWS", rows)

    assert list(bars(tmp_path).inputs(0, 2**62)) == expected
    assert len(expected) == 1000


def test_a_feed_delivers_the_asked_span_and_bars_at_their_close_plus_delay(tmp_path: Path) -> None:
    written(tmp_path)
    first, last = table(10)["ts"][3].as_py(), table(10)["ts"][6].as_py()

    found = list(bars(tmp_path, delay="5s").inputs(first + 5 * 10**9, last + 5 * 10**9))

    assert [ts for ts, _ in found] == [table(10)["ts"][n].as_py() + 5 * 10**9 for n in (3, 4, 5)]
    assert found[0][1] == Bar("BTCZAR.VALR", "1h", first - HOUR, first, 100.0, 101.0, 99.0, 100.5, 4.0)


@pytest.mark.parametrize(("path", "order"), [("nearer_first", [99.0, 101.0]), ("farther_first", [101.0, 99.0])])
def test_a_bars_path_is_open_extremes_close_strictly_inside_the_bar(
    tmp_path: Path, path: str, order: list[float]
) -> None:
    written(tmp_path, 1)
    start = table(1)["ts_open"][0].as_py()

    found = list(bars(tmp_path, path=path).prints(0, 2**62))

    assert [p.price for _, p in found] == [100.0, *order, 100.5]
    assert [ts - start for ts, _ in found] == [1, HOUR // 3, 2 * (HOUR // 3), HOUR - 1]
    assert found[0][1] == Print("BTCZAR.VALR", start + 1, 100.0, 1.0, "open")


def test_a_bar_that_nobody_traded_in_has_no_prints(tmp_path: Path) -> None:
    empty = table(1).set_column(7, "volume", pa.array([0], pa.int64()))
    Catalog(tmp_path).write("bars", BTC, empty, timeframe="1h")

    assert list(bars(tmp_path).prints(0, 2**62)) == []


def test_the_same_rows_again_change_nothing_and_later_rows_are_added(tmp_path: Path) -> None:
    catalog = written(tmp_path)
    before = catalog.dataset("bars", "BTCZAR.VALR", "1h").manifest

    again = catalog.write("bars", BTC, table(10), timeframe="1h")
    more = catalog.write("bars", BTC, table(10, first=900), timeframe="1h")

    assert again == before
    assert (more.rows, more.revision) == (20, 2)


def test_overlapping_rows_need_replace(tmp_path: Path) -> None:
    catalog = written(tmp_path)

    with pytest.raises(DataError, match="overlap with those at hand and differ from .*; use --replace"):
        catalog.write("bars", BTC, table(10, first=5, close=1001), timeframe="1h")

    assert len(list(bars(tmp_path).inputs(0, 2**62))) == 10
    assert catalog.write("bars", BTC, table(10, first=5), timeframe="1h").rows == 14
    assert catalog.write("bars", BTC, table(3, first=5), timeframe="1h", replace=True).rows == 3


def test_a_bar_known_before_its_close_is_refused_on_reading_with_the_row(tmp_path: Path) -> None:
    early = table(3)
    early = early.set_column(0, "ts", pa.array([t - HOUR for t in early["ts"].to_pylist()]))
    Catalog(tmp_path).write("bars", BTC, early, timeframe="1h")

    with pytest.raises(DataError, match="is known at .*before it closes at .*: that would be look-ahead"):
        list(bars(tmp_path).inputs(0, 2**62))


@pytest.mark.parametrize("damage", ["truncate", "flip", "remove"])
def test_a_damaged_file_is_noticed_when_the_run_is_built(tmp_path: Path, damage: str) -> None:
    folder = folder_of(written(tmp_path).dataset("bars", "BTCZAR.VALR", "1h"))
    file = next(folder.glob("*.parquet"))
    content = bytearray(file.read_bytes())
    if damage == "truncate":
        file.write_bytes(content[:-10])
    elif damage == "flip":
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    else:
        file.unlink()

    with pytest.raises(DataError, match=r"(truncated or changed|cannot be read).*import the data again with --replace"):
        bars(tmp_path).pin()


def test_a_missing_data_set_names_what_there_is(tmp_path: Path) -> None:
    written(tmp_path)

    with pytest.raises(DataError, match=r"no bars ETHZAR.VALR 1h in the catalog .*; there are: bars BTCZAR.VALR 1h"):
        CatalogBars(str(tmp_path), "ETHZAR.VALR", "1h")


def test_a_full_disk_leaves_the_old_state_and_no_half_written_file(tmp_path: Path) -> None:
    import resource

    written(tmp_path)
    names = sorted(path.name for path in (tmp_path / "bars/BTCZAR.VALR/1h").iterdir())
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        code = 1
        try:
            Catalog(tmp_path).write("bars", BTC, table(5000, first=900), timeframe="1h")
        except StorageError:
            code = 42
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)

    assert os.waitstatus_to_exitcode(status) == 42
    assert sorted(path.name for path in (tmp_path / "bars/BTCZAR.VALR/1h").iterdir()) == names


WRITE = """
import sys
from tests.unit.catalog.test_store import BTC, Catalog, table
while True:
    for first in (1, 3000):
        rows = table(800, first=first, close=1000 + first % 7)
        Catalog(sys.argv[1]).write("bars", BTC, rows, timeframe="1h", replace=True)
"""


def test_an_import_that_is_killed_leaves_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    written(tmp_path)
    draw = random.Random(1)
    for _ in range(8):
        child = subprocess.Popen([sys.executable, "-c", WRITE, str(tmp_path)], cwd=ROOT)
        time.sleep(0.8 + draw.random() * 0.4)
        child.kill()
        child.wait()
        feed = bars(tmp_path)

        assert len(list(feed.inputs(0, 2**62))) == feed.pin().rows in (10, 800)


def test_the_sample_is_written_again_byte_for_byte(tmp_path: Path) -> None:
    again = write_market(tmp_path, SAMPLE, START, DAYS, SEED, TIMEFRAME)

    committed = [dataset.manifest for dataset in Catalog(ROOT / "data_catalog/sample").datasets()]
    assert sorted(m.digest for m in again) == sorted(m.digest for m in committed)


def test_generated_bars_are_those_of_the_generated_trades() -> None:
    trades = generate(SAMPLE, "2026-01-05", 1, seed=3)["BTCZAR.VALR"]

    ours = bars_of(trades, HOUR).to_pandas().set_index("ts_open")

    frame = trades.to_pandas()
    frame.index = pd.to_datetime(frame["ts_event"])
    prices = frame["price"].resample("1h", closed="left", label="left").ohlc()
    assert (ours[["open", "high", "low", "close"]].to_numpy() == prices.to_numpy()).all()
    assert ours["volume"].tolist() == frame["quantity"].resample("1h").sum().tolist()


def test_trades_come_out_of_the_catalog_as_they_went_in() -> None:
    feed = CatalogTrades(str(ROOT / "data_catalog/sample"), "BTCZAR.VALR")
    frame = pd.concat(
        pd.read_parquet(p) for p in sorted((ROOT / "data_catalog/sample/trades/BTCZAR.VALR").glob("*.parquet"))
    )

    found = [body for _, body in feed.inputs(0, 2**62)]

    assert [(t.ts_event, t.price, t.trade_id) for t in found] == list(
        zip(frame["ts_event"], frame["price"].astype(float), frame["trade_id"], strict=True)
    )
    assert [round(t.quantity * 10**8) for t in found] == frame["quantity"].tolist()
