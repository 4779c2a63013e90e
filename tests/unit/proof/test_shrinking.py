"""From differences to a finding: where, since when, how far ahead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from helios_engine.errors import HeliosError
from helios_engine.proof.prover import prove
from helios_engine.proof.zoo.entry import Entry, Specimen, plugins_for
from helios_engine.proof.zoo.frames import BarColumn
from helios_engine.proof.zoo.market import ETH, write_catalog
from helios_engine.proof.zoo.running import config_of
from helios_engine.proof.zoo.runs import FEED_RUN, LISTENING
from helios_engine.stage import FeedSpec
from helios_engine.timeframe import iso


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_catalog(tmp_path_factory.mktemp("catalog"))


class Ahead(BarColumn):
    """The close of some bars later, from a bar on."""

    def __init__(self, catalog: str, ahead: int = 1, begin: int = 0) -> None:
        super().__init__(catalog)
        self.ahead, self.begin = ahead, begin

    def column(self, bars: pd.DataFrame) -> Any:
        later = bars["close"].shift(-self.ahead)
        return bars["close"].where(bars.index < self.begin, later)


class Unsteady(BarColumn):
    """Fails on rows that come twice, and uses nothing that is not known."""

    def __init__(self, catalog: str) -> None:
        super().__init__(catalog, ETH)  # of which the venue sees no prints, so that bars may be told anew

    def column(self, bars: pd.DataFrame) -> Any:
        if bars["ts_open"].duplicated().any():
            raise HeliosError("bars come twice")
        return bars["close"]


def findings(catalog: Path, kind: type, settings: str = "", cuts: int = 9) -> list[Any]:
    run = FEED_RUN.replace('name = "suspect"', f'name = "suspect"\n{settings}')
    spec = FeedSpec("zoo.test", kind)
    specimen = Specimen(Entry("test", "", run, leak=spec, helpers=(LISTENING,)), spec, True)
    proof = prove(config_of(specimen, catalog), plugins_for(specimen), cuts=cuts, layers=["prefix", "futures"])
    return [f for outcome in proof.outcomes for f in outcome.findings]


@pytest.mark.parametrize("ahead", [1, 3, 30])
def test_the_horizon_is_as_many_bars_as_were_read_ahead(catalog: Path, ahead: int) -> None:
    (found,) = findings(catalog, Ahead, f"ahead = {ahead}")

    assert found.horizon == ahead
    assert not found.reaches_end
    assert found.column == "Features.values[0]"
    assert iso(found.first) == "2026-01-05T01:00:00Z"


def test_a_leak_that_begins_later_is_first_wrong_then(catalog: Path) -> None:
    (found,) = findings(catalog, Ahead, "ahead = 4\nbegin = 3")

    assert iso(found.first) == "2026-01-05T04:00:00Z"
    assert found.horizon == 4


def test_a_part_that_only_fails_on_rows_that_come_twice_is_noted_and_not_blamed(catalog: Path) -> None:
    found = findings(catalog, Unsteady, cuts=45)

    assert [f.is_note for f in found] == [True]
    assert "bars come twice" in found[0].what
