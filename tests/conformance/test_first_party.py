"""Everything the project offers passes the kit; what cannot be put on trial there is named with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helios_engine.plugins import Kind, Plugins
from helios_engine.testing.kit import CHECKS, SLOW, yield_checks

KINDS: tuple[Kind, ...] = ("stage", "feed", "effect", "venue")
SETTINGS: dict[str, dict[str, Any]] = {
    "aggregation.larger_bars": {"timeframes": ["1h", "4h"]},
    "catalog.bars": {"instrument": "BTCZAR.VALR", "timeframe": "1h"},
    "catalog.trades": {"instrument": "BTCZAR.VALR"},
    "ml.predictor": {"schema": "basic/1"},
}
ELSEWHERE = {
    "catalog.quotes": "the kit's market has no quotes; tests/unit/catalog/test_tick_feeds.py",
    "catalog.books": "the kit's market has no books; tests/unit/catalog/test_tick_feeds.py",
    "catalog.funding": "the kit's market has no perpetual; tests/unit/catalog/test_tick_feeds.py",
    "catalog.instruments": "the kit's market has no history of definitions; tests/unit/catalog/test_definitions.py",
    "catalog.bodies": "the kit's market has no plugin's bodies; tests/unit/catalog/test_tick_feeds.py",
    "llm.cassette": "it refuses what was not recorded; tests/unit/plugins/test_llm.py",
}
KNOWN: dict[tuple[str, str], str] = {}
"""Checks that a part does not pass, and why that is right."""


def cases() -> Iterator[Any]:
    plugins = Plugins()
    for kind in KINDS:
        for name in sorted(plugins.offers(kind)):
            for check in CHECKS[kind]:
                if name not in ELSEWHERE:
                    marks = [pytest.mark.slow] if check in SLOW else []
                    yield pytest.param(kind, name, check, id=f"{name}-{check}", marks=marks)


@pytest.mark.parametrize(("kind", "name", "check"), list(cases()))
def test_it_passes(kind: Kind, name: str, check: str, helios_subject: Callable[..., Any]) -> None:
    subject = helios_subject(kind, name, settings=SETTINGS.get(name, {}))
    (mine,) = (c for c in yield_checks(subject) if c.name == check)

    verdict = mine.verdict()

    if (name, check) in KNOWN:
        assert verdict.status != "passed", "it passes now: take it off KNOWN"
        assert KNOWN[name, check] in verdict.message
    else:
        assert verdict.status == "passed", verdict.message


def test_what_is_tried_elsewhere_is_offered_and_has_its_tests() -> None:
    plugins = Plugins()
    offered = {name for kind in KINDS for name in plugins.offers(kind)}

    assert set(ELSEWHERE) <= offered
    assert all(Path(why.rpartition("; ")[2]).exists() for why in ELSEWHERE.values())
