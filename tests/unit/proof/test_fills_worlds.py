"""No false alarm: markets of every kind and orders of every type, through the real venue under audit.

`SEEDS=3000 pytest tests/unit/proof/test_fills_worlds.py` tries more worlds.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.nautilus.worlds import DATA, world
from tests.unit.proof.audited_worlds import audited

MODELS: tuple[dict[str, Any], ...] = (
    {"fill_model": "through"},
    {"fill_model": "touch"},
    {"fill_model": "participation", "participation": 0.5},
    {"fill_model": "queue", "slippage": "ticks", "slippage_ticks": 2},
    {"fill_model": "probabilistic", "fill_probability": 0.4, "slippage": "half_spread", "slippage_bps": 10},
)


@settings(max_examples=int(os.environ.get("SEEDS", "150")))
@given(st.integers(0, 2**32), st.sampled_from(DATA), st.sampled_from(MODELS), st.integers(20, 200), st.integers(1, 3))
def test_the_venue_breaks_no_rule_in_any_world(
    seed: int, data: str, models: dict[str, Any], count: int, names: int
) -> None:
    found = audited(world(seed, count, data, names), **models)

    assert [f.what for f in found.tally.findings() if not f.is_note] == []


def test_the_worlds_are_full_of_fills_and_of_assumptions() -> None:
    told = [audited(world(seed), **MODELS[seed % len(MODELS)]) for seed in range(60)]

    assert sum(fills.tally.coverage.get("fills", 0) for fills in told) > 300
    notes = " ".join(f.what for fills in told for f in fills.tally.findings())
    for words in (
        "touched and not passed",
        "were filled at one event where",
        "inside a bar",
        "stop and target of one position",
    ):
        assert words in notes
