from __future__ import annotations

from pathlib import Path

import pytest

from helios_engine.config import load_config, parse_config
from helios_engine.errors import ConfigError

GOOD = """
[run]
name = "test"
start = "2026-01-01"
stop = "2026-02-01"

[account]
currency = "ZAR"
balances = { ZAR = "1000" }

[venue]
use = "nautilus.sim"

[[feed]]
use = "catalog.bars"
instrument = "BTCZAR.VALR"
timeframe = "1h"

[[stage]]
use = "strategy.cross"
fast = 3

[[stage]]
use = "strategy.cross"
name = "slow"
on = { timeframe = "4h" }
"""


def refused(old: str, new: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(GOOD.replace(old, new, 1), Path("configs/x.toml"))
    return str(caught.value)


def test_a_config_says_everything_about_a_run() -> None:
    config = parse_config(GOOD, Path("x.toml"))

    assert [stage.name for stage in config.stages] == ["strategy.cross", "slow"]
    assert config.feeds[0].name == "catalog.bars:BTCZAR.VALR:1h"
    assert config.stages[1].on == {"timeframe": "4h"}


def test_comments_and_spacing_do_not_change_the_digest() -> None:
    other = "# a comment\n" + GOOD.replace(' = "test"', '    =   "test"')

    assert parse_config(other, Path("a")).digest == parse_config(GOOD, Path("b")).digest


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("start =", "strat =", "configs/x.toml:4: unknown key 'strat' in [run]; did you mean 'start'?"),
        ("[venue]", "[venu]", "configs/x.toml:11: unknown section 'venu'; did you mean 'venue'?"),
        ("[[feed]]", "[feed]", "configs/x.toml:14: write [[feed]], with two brackets"),
        ('"2026-02-01"', '"2025-01-01"', "configs/x.toml:5: [run] stop must be after start"),
        ('"2026-01-01"', '"yesterday"', "configs/x.toml:4: [run] start: Invalid isoformat string"),
        ('name = "slow"\n', "", "two [[stage]] tables are called 'strategy.cross'; give one a `name`"),
        ('use = "strategy.cross"\nfast', "fast", 'configs/x.toml:19: [[stage]] 1 needs `use = "kind.what"`'),
        ('[account]\ncurrency = "ZAR"', "[account]", "[account] Object missing required field `currency`"),
        ('name = "test"', "name = 5", "[run] Expected `str`, got `int`"),
        ('name = "test"', "name = ", "configs/x.toml: not valid TOML"),
        ('use = "catalog.bars"', 'use = "catalog.bars"\non = {a = "b"}', "`on` filters what a stage sees"),
    ],
)
def test_a_mistake_is_named_with_its_place(old: str, new: str, said: str) -> None:
    assert said in refused(old, new)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no config file at"):
        load_config(tmp_path / "none.toml")


def test_a_catalog_is_found_from_the_config_and_not_from_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(GOOD + '[data]\ncatalog = "../elsewhere"\n')

    assert load_config(tmp_path / "run.toml").catalog == str((tmp_path / "../elsewhere").resolve())


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('max_position = "lots"', "[gate] Expected `str` matching regex"),
        ("max_position = 1000", "[gate] Expected `str | null`, got `int`"),
        ("max_daily_loss = nan", "[gate] Expected `float` >= 0.0"),
        ("max_leverage = -1", "[gate] Expected `float` >= 0.0"),
        ("max_open_orders = true", "[gate] Expected `int | null`, got `bool`"),
        ('duplicate_window = "soon"', "[gate] Expected `str` matching regex"),
        ('max_postion = "1"', "unknown key 'max_postion' in [gate]; did you mean 'max_position'?"),
    ],
)
def test_a_limit_that_cannot_be_meant_is_refused_with_its_line(line: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(f"{GOOD}\n[gate]\n{line}\n", Path("run.toml"))

    assert told in str(caught.value)
    assert f"run.toml:{GOOD.count(chr(10)) + 3}" in str(caught.value)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('turn_limit = "0s"', "[containment] Expected `str` matching regex"),
        ("max_share = 0", "[containment] Expected `float` > 0.0"),
        ("max_outputs = 0", "[containment] Expected `int` >= 1"),
        ('turn_budgt = "1s"', "unknown key 'turn_budgt' in [containment]; did you mean 'turn_budget'?"),
    ],
)
def test_a_bound_of_plugins_that_cannot_be_meant_is_refused(line: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(f"{GOOD}\n[containment]\n{line}\n", Path("run.toml"))

    assert told in str(caught.value)
