"""Data sets where they should not be: copied, renamed, moved, inside another catalog, read-only, or edited by hand."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helios_engine.catalog.checking import check
from helios_engine.catalog.exporting import export
from helios_engine.catalog.feeds import CatalogBars
from helios_engine.catalog.queries import sql
from helios_engine.catalog.store import Catalog
from helios_engine.errors import DataError, StorageError
from tests.unit.catalog.filled import BEGIN, BTC, NAME, bars, filled
from tests.unit.catalog.test_all_or_none import state

COUNT = "SELECT count(*) AS n FROM bars"


def test_a_catalog_inside_another_is_not_part_of_it(tmp_path: Path) -> None:
    """The sample lies in the default catalog: its made-up prices must never mix with those of the real instrument."""
    Catalog(tmp_path).write("bars", BTC, bars(3), timeframe="1h")
    Catalog(tmp_path / "sample").write("bars", BTC, bars(9), timeframe="1h")

    assert sql(Catalog(tmp_path), COUNT)["n"].to_pylist() == [3]
    assert sql(Catalog(tmp_path / "sample"), COUNT)["n"].to_pylist() == [9]
    assert [d.manifest.rows for d in Catalog(tmp_path).datasets()] == [3]
    assert [d.manifest.rows for d in check(Catalog(tmp_path)).datasets] == [3]
    assert Catalog(tmp_path).inside() == [str(tmp_path / "sample")]
    assert Catalog(tmp_path / "sample").inside() == []


@pytest.mark.parametrize("other", [f"{NAME} (copy)", "ETHUSDT.BINANCE"])
def test_a_copied_folder_is_not_a_second_instrument(tmp_path: Path, other: str) -> None:
    Catalog(tmp_path).write("bars", BTC, bars(3), timeframe="1h")
    shutil.copytree(tmp_path / "bars" / NAME, tmp_path / "bars" / other)

    with pytest.raises(DataError, match=r"its manifest says bars BTCUSDT\.BINANCE 1h, which belongs in .*renamed or"):
        sql(Catalog(tmp_path), COUNT)
    with pytest.raises(DataError, match="the folder was renamed or is a copy"):
        CatalogBars(str(tmp_path), other, "1h")
    found = check(Catalog(tmp_path))
    assert (len(found.datasets), len(found.unreadable), found.exit_code) == (1, 1, 3)


def test_a_renamed_timeframe_is_noticed(tmp_path: Path) -> None:
    Catalog(tmp_path).write("bars", BTC, bars(3), timeframe="1h")
    (tmp_path / "bars" / NAME / "1h").rename(tmp_path / "bars" / NAME / "4h")

    with pytest.raises(DataError, match="the folder was renamed or is a copy"):
        CatalogBars(str(tmp_path), NAME, "4h")


def test_a_whole_catalog_may_be_moved_copied_and_named_with_blanks(tmp_path: Path) -> None:
    filled(tmp_path / "old")
    digests = [d.manifest.digest for d in Catalog(tmp_path / "old").datasets()]
    moved = tmp_path / "my data (2), é #1 %20"
    shutil.copytree(tmp_path / "old", moved)
    shutil.rmtree(tmp_path / "old")

    assert [d.manifest.digest for d in Catalog(moved).datasets()] == digests
    assert [d.manifest.digest for d in Catalog(f"{moved}/").datasets()] == digests
    assert check(Catalog(moved)).unreadable == []
    assert sql(Catalog(moved), COUNT)["n"].to_pylist() == [5]
    assert len(list(CatalogBars(str(moved), NAME, "1h").inputs(0, 2**62))) == 5


def test_a_valid_parquet_file_that_was_edited_is_noticed_by_whoever_reads_it(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    catalog.write("bars", BTC, bars(3), timeframe="1h")
    dataset = catalog.dataset("bars", NAME, "1h")
    file = Path(dataset.folder.url, dataset.manifest.parts[0].name)
    table = pq.read_table(file)
    edited = table.set_column(table.schema.get_field_index("close"), "close", pa.array([1, 2, 3], pa.int64()))
    pq.write_table(edited.replace_schema_metadata(table.schema.metadata), file)

    with pytest.raises(DataError, match=r"its content is not what the manifest says .*--replace"):
        CatalogBars(str(tmp_path), NAME, "1h").pin()
    with pytest.raises(DataError, match="not what the manifest says"):
        export(dataset, "csv", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    (checked,) = check(catalog).datasets
    assert [issue.kind for issue in checked.issues if issue.severity == "error"] == ["damaged"]


def test_a_sound_import_after_damage_starts_over_and_says_so(tmp_path: Path) -> None:
    """Rows that go on from a damaged file cannot be joined with it; --replace is the way out."""
    catalog = Catalog(tmp_path)
    catalog.write("bars", BTC, bars(3), timeframe="1h")
    dataset = catalog.dataset("bars", NAME, "1h")
    file = Path(dataset.folder.url, dataset.manifest.parts[0].name)
    file.write_bytes(file.read_bytes()[:-20])

    with pytest.raises(DataError, match="not a readable Parquet file"):
        catalog.write("bars", BTC, bars(3, first=2), timeframe="1h")
    assert catalog.write("bars", BTC, bars(5), timeframe="1h", replace=True).rows == 5
    catalog.dataset("bars", NAME, "1h").verify()


def test_the_same_rows_again_mend_a_damaged_file(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    catalog.write("bars", BTC, bars(3), timeframe="1h")
    dataset = catalog.dataset("bars", NAME, "1h")
    file = Path(dataset.folder.url, dataset.manifest.parts[0].name)
    file.write_bytes(b"PAR1")

    catalog.write("bars", BTC, bars(3), timeframe="1h")

    catalog.dataset("bars", NAME, "1h").verify()
    assert catalog.dataset("bars", NAME, "1h").table().num_rows == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_read_and_refuses_imports(tmp_path: Path) -> None:
    catalog = filled(tmp_path / "c")
    before = state(tmp_path / "c")
    folders = [p for p in (tmp_path / "c").rglob("*") if p.is_dir()] + [tmp_path / "c"]
    for folder in folders:
        folder.chmod(0o555)
    try:
        with pytest.raises(StorageError, match="cannot be written: Permission denied"):
            catalog.write("bars", BTC, bars(3, first=50), timeframe="1h")
        assert len(list(CatalogBars(str(tmp_path / "c"), NAME, "1h").inputs(0, BEGIN * 2))) == 5
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert state(tmp_path / "c") == before


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "..",
        "a/b",
        "a\\b",
        "",
        ".hidden",
        "x" * 300,
        "A\nB.X",
        " A.X",
        "A.X ",
        "A.",
        "A\0.X",
        "\u200bA.X",
        "A.X\u2028",
    ],
)
def test_names_that_are_no_folder_are_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    catalog = Catalog(tmp_path / "catalog")

    with catalog.session() as session, pytest.raises(DataError, match="cannot name a folder"):
        session.writer("trades", name)
    with pytest.raises(DataError, match="cannot name a folder"):
        catalog.dataset("trades", name)
    assert not (tmp_path / "catalog").exists()


@pytest.mark.parametrize("name", ["btcusdt.binance", "BTC:USDT.X", "₿ÄÖ.X", "1000SHIB-PERP.X", "A'B; DROP.X"])
def test_unusual_names_are_kept_as_they_are(tmp_path: Path, name: str) -> None:
    catalog = Catalog(tmp_path)
    catalog.write("bars", msgspec.structs.replace(BTC, instrument=name), bars(3), timeframe="1h")

    assert sql(catalog, "SELECT DISTINCT instrument FROM bars")["instrument"].to_pylist() == [name]
    (_, first), *_ = CatalogBars(str(tmp_path), name, "1h").inputs(0, 2**62)
    assert first.instrument == name
