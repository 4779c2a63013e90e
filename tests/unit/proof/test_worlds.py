"""Whole catalogs with another future."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.store import Catalog, Dataset
from helios_engine.errors import NotAvailableError
from helios_engine.proof.cuts.futures import KINDS, Future
from helios_engine.proof.cuts.worlds import make_world
from helios_engine.proof.zoo.market import BTC, XRP, write_catalog
from helios_engine.timeframe import DAY, parse_time

BEGIN = parse_time("2026-01-05")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_catalog(tmp_path_factory.mktemp("catalog"))


def world(catalog: Path, folder: Path, future: Future) -> Catalog:
    return Catalog(make_world(str(catalog), future, folder, frozenset()))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(BEGIN - DAY, BEGIN + 11 * DAY), kind=st.sampled_from(KINDS), only=st.sampled_from(["", BTC]))
def test_what_was_available_reads_the_same_and_every_file_is_what_its_manifest_says(
    catalog: Path, tmp_path_factory: pytest.TempPathFactory, cut: int, kind: str, only: str
) -> None:
    other = world(catalog, tmp_path_factory.mktemp("world") / "w", Future(cut, kind, 5, only))

    for before in Catalog(catalog).datasets():
        m = before.manifest
        after = other.dataset(m.kind, m.name, m.timeframe or ("zoo.Report@1" if m.kind == "bodies" else ""))
        after.verify()
        assert after.table(stop=cut + 1).equals(before.table(stop=cut + 1))


def test_every_data_set_has_another_future_and_files_of_the_past_are_the_same_files(
    catalog: Path, tmp_path: Path
) -> None:
    cut = BEGIN + 4 * DAY

    other = world(catalog, tmp_path / "w", Future(cut, "shock", 1))

    for before in Catalog(catalog).datasets():
        relative = Path(before.folder.url).relative_to(catalog)
        after = Dataset(other.place.child(str(relative)))
        assert not after.table(start=cut + 1).equals(before.table(start=cut + 1)), before.name
        for part in before.manifest.parts:
            if part.last <= cut:
                assert (tmp_path / "w" / relative / part.name).samefile(catalog / relative / part.name)


def test_only_one_instrument_may_have_another_future(catalog: Path, tmp_path: Path) -> None:
    other = world(catalog, tmp_path / "w", Future(BEGIN + DAY, "rescale", 1, only=BTC))

    assert not other.dataset("bars", BTC, "1h").table().equals(Catalog(catalog).dataset("bars", BTC, "1h").table())
    assert other.dataset("bars", XRP, "1h").table().equals(Catalog(catalog).dataset("bars", XRP, "1h").table())


def test_a_delisting_that_nobody_knew_of_is_not_told(catalog: Path, tmp_path: Path) -> None:
    before = Catalog(catalog).dataset("bars", XRP, "1h").manifest.instrument
    after = world(catalog, tmp_path / "w", Future(BEGIN + DAY, "shock", 1)).dataset("bars", XRP, "1h").manifest

    assert before is not None
    assert before.delisted > BEGIN
    assert after.instrument == msgspec.structs.replace(before, delisted=0)


def test_doubts_that_were_not_known_yet_are_not_told(tmp_path: Path) -> None:
    folder = write_catalog(tmp_path / "catalog")
    cut = BEGIN + 2 * DAY
    doubts = [Issue(kind="gap", severity="warn", ts_from=t - 1, ts_to=t, detail="") for t in (cut, cut + 1)]
    Catalog(folder).dataset("bars", BTC, "1h").note(doubts)

    other = world(folder, tmp_path / "w", Future(cut, "remove", 1))

    assert [i.ts_to for i in other.dataset("bars", BTC, "1h").manifest.issues] == [cut]


def test_a_remote_catalog_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotAvailableError, match=r"s3://bucket/catalog is remote: download it first"):
        make_world("s3://bucket/catalog", Future(1, "remove", 1), tmp_path / "w", frozenset())
