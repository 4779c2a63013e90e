from __future__ import annotations

from pathlib import Path

import pytest

from helios_engine.bodies import OrderIntent
from helios_engine.build import build
from helios_engine.config import parse_config
from helios_engine.errors import DataError, JournalError
from helios_engine.plugins import Plugins
from helios_engine.replay import first_difference, replay
from helios_engine.runner import Result, backtest
from tests.market import CONFIG, market_plugins


def run(tmp_path: Path, text: str = CONFIG, plugins: Plugins | None = None) -> Result:
    config = parse_config(text, tmp_path / "walk.toml")
    return backtest(build(config, plugins or market_plugins()), tmp_path / "runs")


def test_a_replay_without_venue_and_effects_reproduces_every_head(tmp_path: Path) -> None:
    result = run(tmp_path)

    found = replay(result.folder, plugins=market_plugins())

    assert result.summary.counts.fills > 30
    assert found.differences == []
    assert found.recorded == result.heads


def test_a_strategy_that_was_changed_is_found_by_the_replay(tmp_path: Path) -> None:
    result = run(tmp_path)
    config = result.folder / "config.toml"
    text = config.read_text().replace('use = "test.buyer"', 'use = "test.buyer"\nthreshold = 5.0')
    # Other decisions meet the fills on record; what the gate says to that is not the point here.
    config.write_text(f"{text}\n[gate]\nallow_spot_short = true\n")

    found = replay(result.folder, plugins=market_plugins())

    assert found.differences == ["decisions", "stage.test.buyer"]


def test_a_replay_refuses_other_data(tmp_path: Path) -> None:
    result = run(tmp_path)
    config = result.folder / "config.toml"
    config.write_text(config.read_text().replace('use = "test.walk"', 'use = "test.walk"\nseed = 2'))

    with pytest.raises(DataError, match="the data of test.walk is not what the run was made on"):
        replay(result.folder, plugins=market_plugins())


def test_diff_names_the_first_event_that_differs_with_both_values(tmp_path: Path) -> None:
    one = run(tmp_path)
    two = run(tmp_path, CONFIG.replace('use = "test.buyer"', 'use = "test.buyer"\nevery = 4'))

    found = first_difference(one.folder, two.folder, plugins=market_plugins())

    assert found is not None
    assert found.left is not None
    assert found.right is not None
    assert (found.left.stage, type(found.left.body)) == ("test.buyer", OrderIntent)
    assert found.right.stage == "test.asker"


def test_diff_of_a_run_with_itself_finds_nothing(tmp_path: Path) -> None:
    one = run(tmp_path)

    assert first_difference(one.folder, one.folder, plugins=market_plugins()) is None


def test_a_journal_that_was_cut_cannot_be_replayed_and_says_so(tmp_path: Path) -> None:
    result = run(tmp_path)
    journal = result.folder / "journal.hlj"
    journal.write_bytes(journal.read_bytes()[:-40])

    with pytest.raises(JournalError, match="is cut or damaged"):
        replay(result.folder, plugins=market_plugins())
