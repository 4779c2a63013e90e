"""Out of the catalog and in again, and repaired data met by its own source once more."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from helios_engine.catalog.exporting import FORMS, Form, export
from helios_engine.catalog.repair import apply, plan_set
from helios_engine.catalog.store import Catalog, Dataset
from helios_engine.catalog.tables import scale_of
from helios_engine.errors import DataError
from tests.importing import imported, only
from tests.unit.catalog.filled import BEGIN, BTC, HOUR, NAME, bars
from tests.unit.catalog.test_durability import write_klines

MAP = {name: name for name in ("open", "high", "low", "close", "volume")} | {"ts": "ts_open"}
ASK: dict[str, dict[str, Any]] = {
    "csv": {"wanted": "generic", "columns": MAP, "unit": "ns", "stamp": "open", "timeframe": "1h", "instrument": NAME},
    "parquet": {"wanted": "generic", "columns": MAP, "stamp": "open", "timeframe": "1h", "instrument": NAME},
    "nautilus": {"stamp": "close"},
}


def exact(dataset: Dataset) -> list[dict[str, Decimal]]:
    m = dataset.manifest
    found = []
    for row in dataset.table().to_pylist():
        scales = {name: scale_of(m.kind, name, m.price_scale, m.size_scale) or 0 for name in row}
        found.append({name: Decimal(value).scaleb(-scales[name]) for name, value in row.items()})
    return found


@pytest.mark.parametrize("to", FORMS)
def test_bars_come_back_from_every_form_to_the_bit(tmp_path: Path, to: Form) -> None:
    """Every number and time, compared as decimals; only unused decimals may be gone."""
    catalog = Catalog(tmp_path / "one")
    catalog.write("bars", BTC, bars(5), timeframe="1h")
    catalog.write("bars", BTC, bars(2, first=400 * 24, close=100_53), timeframe="1h")
    before = catalog.dataset("bars", NAME, "1h")

    export(before, to, tmp_path / f"out.{to}")
    imported(tmp_path / "two", tmp_path / f"out.{to}", **ASK[to])

    after = Catalog(tmp_path / "two").dataset("bars", NAME, "1h")
    assert exact(after) == exact(before)
    assert (after.manifest.price_scale, after.manifest.size_scale) == (2, 3 if to == "nautilus" else 1)


def test_a_repaired_data_set_is_not_undone_by_importing_its_source_again(tmp_path: Path) -> None:
    """Neither silently overwritten nor silently kept: the difference is named, and --replace starts over."""
    root, source = tmp_path / "c", write_klines(tmp_path / "BTCUSDT-1h.csv", 0, 5)
    imported(root, source)
    dataset = only(root)
    first = dataset.manifest.first - HOUR
    repaired = apply(Catalog(root), dataset, plan_set(dataset, [(first, "volume", "2.5")]))

    with pytest.raises(DataError, match=r"was volume 2\.5, now volume 1\.5; use --replace"):
        imported(root, source)
    assert only(root).manifest == repaired
    imported(root, source, replace=True)
    assert only(root).table()["volume"].to_pylist() == [15] * 5
    assert "repaired" not in {issue.state for issue in only(root).manifest.issues}


def test_rows_that_go_on_from_repaired_ones_keep_the_repair_and_its_mark(tmp_path: Path) -> None:
    root = tmp_path / "c"
    imported(root, write_klines(tmp_path / "BTCUSDT-1h.csv", 0, 5))
    dataset = only(root)
    apply(Catalog(root), dataset, plan_set(dataset, [(dataset.manifest.first - HOUR, "volume", "2.5")]))
    imported(root, write_klines(tmp_path / "BTCUSDT-1h-more.csv", 5, 5))

    assert only(root).table()["volume"].to_pylist() == [25, *[15] * 9]
    assert "repaired" in {issue.state for issue in only(root).manifest.issues}


def test_finer_decimals_later_on_keep_the_values_of_before(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    catalog.write("bars", BTC, bars(2), timeframe="1h")
    fine = bars(2, first=2)
    for name in ("open", "high", "low", "close"):
        fine = fine.set_column(fine.schema.get_field_index(name), name, [[v.as_py() * 10 + 1 for v in fine[name]]])
    with catalog.session() as session:
        writer = session.writer("bars", NAME, "1h")
        writer.add(fine, 3, 3)
        writer.commit(BTC)

    found = catalog.dataset("bars", NAME, "1h")
    assert found.manifest.price_scale == 3
    assert found.table()["open"].to_pylist() == [100_000, 100_000, 100_001, 100_001]
    assert found.table()["ts_open"].to_pylist() == [BEGIN + n * HOUR for n in range(4)]
