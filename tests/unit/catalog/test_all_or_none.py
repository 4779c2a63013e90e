"""An import of several data sets is taken whole or refused whole, and brings its findings with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helios_engine.catalog.store import Catalog
from helios_engine.errors import ConfigError, DataError
from tests.importing import imported, only
from tests.unit.catalog.test_importers import kline
from tests.unit.catalog.test_importers_mutated import as_lines, bucket, trade
from tests.unit.catalog.test_store import BTC, table


def trades(path: Path, *pairs: str, price: str = "100") -> Path:
    path.write_text(as_lines([{**trade(n), "currencyPair": pair, "price": price} for pair in pairs for n in range(3)]))
    return path


def state(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file() and p.name != ".lock"}


@pytest.mark.parametrize("pairs", [("BTCZAR", "QQQQ"), ("BTCZAR", "../../BTCZAR"), ("BTCZAR", "ETHZAR\n")])
def test_a_second_instrument_that_is_refused_takes_the_first_with_it(tmp_path: Path, pairs: tuple[str, ...]) -> None:
    file = trades(tmp_path / "trades.jsonl", *pairs)

    with pytest.raises((ConfigError, DataError), match=r"trades\.jsonl: "):
        imported(tmp_path / "catalog", file)

    assert not (tmp_path / "catalog").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["trades.jsonl"]


def test_one_data_set_that_contradicts_leaves_all_of_them_as_they_were(tmp_path: Path) -> None:
    root = tmp_path / "catalog"
    imported(root, trades(tmp_path / "one.jsonl", "ETHZAR"))
    before = state(root)

    with pytest.raises(DataError, match="trades ETHZAR.VALR: the new rows overlap .*; use --replace"):
        imported(root, trades(tmp_path / "two.jsonl", "BTCZAR", "ETHZAR", price="101"))

    assert state(root) == before


def test_two_files_of_one_command_that_contradict_each_other_leave_nothing(tmp_path: Path) -> None:
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for number, file in enumerate(files):
        file.write_text(json.dumps([{**bucket(n), "close": f"{101 + number}"} for n in range(3)]))

    with pytest.raises(DataError, match="differ from"):
        imported(tmp_path / "catalog", *files)

    assert not (tmp_path / "catalog").exists()


def test_findings_are_there_from_the_first_revision_on(tmp_path: Path) -> None:
    """Were they written after the rows, an import that is killed in between would leave data that looks sound."""
    file = tmp_path / "BTCUSDT-1h.csv"
    far = {"high": "160.00", "quote": "200"}
    file.write_text("\n".join([*(kline(n) for n in range(5)), kline(9, "150.00", **far)]) + "\n")
    imported(tmp_path / "catalog", file)

    manifest = only(tmp_path / "catalog").manifest
    assert manifest.revision == 1
    assert {"gap", "jump"} <= {issue.kind for issue in manifest.issues}
    assert [d.manifest for d in Catalog(tmp_path / "catalog").datasets()] == [manifest]


def test_rows_that_two_imports_bring_at_once_are_checked_together(tmp_path: Path) -> None:
    """The later of two commits finds what the earlier one wrote since it was prepared."""
    root = tmp_path / "catalog"
    catalog = Catalog(root)

    with catalog.session() as session:
        slow = session.writer("bars", BTC.instrument, "1h")
        slow.add(table(10, first=1), 1, 2)
        slow.prepare(BTC)
        catalog.write("bars", BTC, table(10, first=900), timeframe="1h")
        manifest = slow.install()

    assert (manifest.rows, manifest.revision) == (20, 2)
    only(root).verify()
    assert only(root).table().num_rows == 20
