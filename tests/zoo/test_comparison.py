"""The README's table of leaks says what freqtrade's rule and Helios say, and the rule leaves honest twins in peace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from helios_engine.proof.zoo.entry import Specimen, specimens
from helios_engine.proof.zoo.market import catalog_of
from tests.zoo.comparison import BLOCK, FOUND, HEAD, MISSED, README, row, specimen
from tests.zoo.freqtrade_rule import Rule

TWINS = [s for s in specimens() if not s.is_leak and s.entry.name in FOUND | MISSED]


@pytest.fixture(scope="module")
def catalog() -> Iterator[Path]:
    with catalog_of() as folder:
        yield folder


@pytest.fixture(scope="module")
def rule(catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Rule:
    return Rule(catalog, tmp_path_factory.mktemp("cut"))


@pytest.mark.parametrize("name", MISSED)
def test_freqtrades_rule_misses_what_its_threads_say_it_misses(name: str, rule: Rule) -> None:
    assert rule.verdict(specimen(name)).text == "passes"


@pytest.mark.parametrize("name", FOUND)
def test_freqtrades_rule_finds_what_reaches_further_than_two_candles(name: str, rule: Rule) -> None:
    assert rule.verdict(specimen(name)).text == "found"


@pytest.mark.parametrize("twin", TWINS, ids=lambda s: s.name)
def test_freqtrades_rule_leaves_honest_twins_in_peace(twin: Specimen, rule: Rule) -> None:
    assert not rule.verdict(twin).biased
    assert not rule.verdict(twin).indicator


@pytest.mark.parametrize("name", MISSED | FOUND)
def test_the_readme_shows_what_both_say(name: str, catalog: Path, rule: Rule) -> None:
    assert row(name, catalog, rule) in README.read_text(encoding="utf-8")


def test_the_readme_shows_these_leaks_and_no_others() -> None:
    shown = BLOCK.search(README.read_text(encoding="utf-8"))

    assert shown is not None
    assert shown[0].startswith(HEAD)
    assert len(shown[0].splitlines()) == len(HEAD.splitlines()) + len(MISSED | FOUND)
