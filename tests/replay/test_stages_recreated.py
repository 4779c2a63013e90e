from __future__ import annotations

import random
from pathlib import Path

import pytest

from helios_engine.assemble import assemble, heads
from helios_engine.build import build
from helios_engine.config import load_config
from tests.recreating import recreate

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("stem", ["six_kinds", "six_kinds_bars", "mean_reversion", "buy_and_hold", "bracket", "twap"])
def test_dropping_and_making_every_stage_anew_at_random_points_changes_no_head(stem: str) -> None:
    plan = build(load_config(ROOT / f"configs/{stem}.toml"))
    engine = assemble(plan)
    for _ in engine.run():
        pass
    engine.finish(plan.stop)
    expected = heads(plan, engine)
    draw = random.Random(11)

    engine = assemble(plan)
    share = 200 / expected_inputs(plan)
    recreated = 0
    for _ in engine.run():
        if draw.random() < share:
            recreated += 1
            for position in range(len(plan.nodes)):
                recreate(engine.pipeline, position)
    engine.finish(plan.stop)

    assert heads(plan, engine) == expected
    assert recreated > 50


def expected_inputs(plan: object) -> int:
    """Rows of all feeds: about how many inputs a run has."""
    return sum(feed.pin.rows for feed in plan.feeds)  # type: ignore[attr-defined]
