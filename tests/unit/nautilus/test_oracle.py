"""nautilus_trader's own BacktestEngine says what our venue should have answered.

`SEEDS=2000 pytest tests/unit/nautilus/test_oracle.py` tries more worlds.
"""

from __future__ import annotations

import os
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from helios_engine.bodies import Fill, Instrument, Reject
from helios_engine.nautilus.plugin import sim_venue
from tests.unit.nautilus.reference import BALANCES, Outcome, through_nautilus
from tests.unit.nautilus.worlds import World, world

SEEDS = int(os.environ.get("SEEDS", "200"))
WIRED = SEEDS // 5
BATCH = 5


def through_ours(world: World, *, dense: bool = False, **models: Any) -> Outcome:
    """A world through our venue, event by event; `models` replace those of the world."""
    venue: Any = sim_venue(
        BALANCES,
        **{"latency": world.latency, "fill_model": "touch" if world.is_touch else "through", **models},
        dense=dense,
        account=world.account,  # type: ignore[arg-type]
        leverage="100" if world.account == "margin" else "1",
    )
    venue.open(1, world.instruments)
    heard: list[Any] = []
    reacted: set[str] = set()

    def take(ts: int, answers: list[Any]) -> None:
        for body in answers:
            heard.append((ts, body))
            if isinstance(body, Fill) and body.id not in reacted:
                reacted.add(body.id)
                for command in world.reactions.get(body.id, ()):
                    venue.send(ts, command)

    for number, (ts, body) in enumerate(world.market):
        if isinstance(body, Instrument):
            venue.instrument(ts, body)
        else:
            take(ts, venue.market(ts, body))
        for command in world.commands.get(number, ()):
            venue.send(ts, command)
        take(ts, venue.settle(ts))
    fills = [a for _, a in heard if isinstance(a, Fill)]
    positions = {
        d.instrument: sum((_signed(f) for f in fills if f.instrument == d.instrument), Decimal(0))
        for d in world.instruments
    }
    return Outcome(heard, venue.balances(), {name: held for name, held in positions.items() if held})


def _signed(fill: Fill) -> Decimal:
    return fill.quantity if fill.side == "BUY" else -fill.quantity


def told(outcome: Outcome, *, is_wired: bool = False) -> list[Any]:
    """Answers without the words of a refusal; wired, without refusals of what came too late."""
    found = []
    for ts, body in outcome.answers:
        if isinstance(body, Reject):
            if is_wired and body.reason.startswith(("cancel", "modify")):
                continue
            body = msgspec.structs.replace(body, reason="")
        elif hasattr(body, "reason"):
            body = msgspec.structs.replace(body, reason="expired" if body.reason == "expired" else "")
        found.append((ts, body))
    return found


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_the_same_orders_have_the_same_answers_fills_fees_balances_and_positions(first: int) -> None:
    for seed in range(first, first + BATCH):
        made = world(seed)

        ours, nautilus = through_ours(made), through_nautilus(made)

        assert told(ours) == told(nautilus), f"world({seed})"
        assert ours.balances == nautilus.balances, f"world({seed})"
        assert ours.positions == nautilus.positions, f"world({seed})"
