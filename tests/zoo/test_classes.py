"""The README's table of classes is what was recorded, of every leak there is; some of the record is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from helios_engine.proof.zoo.market import catalog_of
from helios_engine.proof.zoo.running import sighting
from tests.zoo.classes import BLOCK, README, leaks, recorded, table, verdict
from tests.zoo.comparison import specimen
from tests.zoo.freqtrade_rule import Rule

AGAIN = ("series.centred_rolling", "filters.fourier", "timing.forward", "orders.only_size", "filling.at_once")
"""One that the rule finds from afar, statistics of all data, one that it passes, and two that it cannot be put to."""


@pytest.fixture(scope="module")
def catalog() -> Iterator[Path]:
    with catalog_of() as folder:
        yield folder


def test_the_readme_shows_the_recorded_table() -> None:
    shown = BLOCK.search(README.read_text(encoding="utf-8"))

    assert shown is not None
    assert shown[0] == table(recorded()), "python -m tests.zoo.classes --table"


def test_every_leak_is_recorded_and_found_by_helios() -> None:
    assert sorted(recorded()) == sorted(leak.name for leak in leaks()), "python -m tests.zoo.classes"
    assert [name for name, said in recorded().items() if not said["helios"]] == []


@pytest.mark.parametrize("name", AGAIN)
def test_what_is_recorded_is_what_both_say(name: str, catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    leak = specimen(name)

    assert verdict(leak, Rule(catalog, tmp_path_factory.mktemp("cut"))) == recorded()[name]["rule"]
    assert ", ".join(sighting(catalog, leak).layers) == recorded()[name]["helios"]
