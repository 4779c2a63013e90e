"""The models in worlds from seeds: trades, quotes, books and bars, every order type, spot and perpetuals.

`SEEDS=2000 pytest tests/unit/nautilus/models/test_worlds.py` tries more worlds.
"""

from __future__ import annotations

import os
from decimal import Decimal
from typing import Any

import pytest

from helios_engine.bodies import Fill, ModifyIntent, OrderIntent
from tests.unit.nautilus.driving import through_ours
from tests.unit.nautilus.worlds import World, world

SEEDS = int(os.environ.get("SEEDS", "16"))
MODELS: dict[str, dict[str, Any]] = {
    "participation": {"fill_model": "participation", "participation": 0.3},
    "queue": {"fill_model": "queue", "queue_trades": 2.0},
    "probabilistic": {"fill_model": "probabilistic", "fill_probability": 0.5, "seed": 5},
    "sqrt_impact": {"slippage": "sqrt_impact", "impact_sigma": 0.04, "impact_volume": 500.0},
    "half_spread": {"slippage": "half_spread", "slippage_bps": 7.5},
    "jitter": {"latency": "20ms", "latency_jitter": "900ms", "seed": 3},
}


def wishes(made: World) -> dict[str, OrderIntent]:
    """Every order that a world sends, or may send; one that is modified has no limit to be held to."""
    sent = [c for cs in (*made.commands.values(), *made.reactions.values()) for c in cs]
    changed = {c.id for c in sent if isinstance(c, ModifyIntent)}
    return {c.id: c for c in sent if isinstance(c, OrderIntent) and c.id not in changed}


@pytest.mark.parametrize("first", range(0, SEEDS, 8))
@pytest.mark.parametrize("name", MODELS)
def test_quiet_events_change_nothing_and_no_order_gets_more_or_pays_worse_than_it_said(name: str, first: int) -> None:
    done = 0
    for seed in range(first, first + 8):
        made = world(seed)

        sparse, dense = (through_ours(made, dense=dense, **MODELS[name]) for dense in (False, True))

        assert sparse == dense, f"world({seed})"
        got: dict[str, Decimal] = {}
        orders = wishes(made)
        for fill in (a for _, a in sparse.answers if isinstance(a, Fill) and a.id in orders):
            order = orders[fill.id]
            done += 1
            got[fill.id] = got.get(fill.id, Decimal(0)) + fill.quantity
            assert got[fill.id] <= order.quantity, f"world({seed}) {fill}"
            if order.price is not None:
                assert fill.price <= order.price if fill.side == "BUY" else fill.price >= order.price, f"world({seed})"
    assert done > 20
