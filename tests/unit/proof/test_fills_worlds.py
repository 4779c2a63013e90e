"""No false alarm: markets of every kind and orders of every type, from seeds, through the real venue under audit."""

from __future__ import annotations

import os
from typing import Any

import pytest

from helios_engine.bodies import Fill, Instrument
from helios_engine.nautilus.plugin import sim_venue
from helios_engine.proof.fills import Fills
from helios_engine.proof.findings import Part
from helios_engine.proof.standing import Words
from helios_engine.timeframe import nanoseconds
from tests.unit.nautilus.reference import BALANCES
from tests.unit.nautilus.worlds import World, world

SEEDS = int(os.environ.get("SEEDS", "160"))
BATCH = 20
VENUE = Part("venue", "venue")
MODELS: tuple[dict[str, Any], ...] = (
    {"fill_model": "through"},
    {"fill_model": "touch"},
    {"fill_model": "participation", "participation": 0.5},
    {"fill_model": "queue", "slippage": "ticks", "slippage_ticks": 2},
    {"fill_model": "probabilistic", "fill_probability": 0.4, "slippage": "half_spread", "slippage_bps": 10},
)


def audited(world: World, **models: Any) -> Fills:
    """A world through our venue, every step of it heard by the audit."""
    is_margin = world.account == "margin"
    venue: Any = sim_venue(
        BALANCES,
        latency=world.latency,
        account=world.account,  # type: ignore[arg-type]
        leverage="100" if is_margin else "1",
        **models,
    )
    fills = Fills(VENUE, Words(nanoseconds(world.latency), 0, True, models["fill_model"], {}))
    for definition in world.instruments:
        fills.define(definition)
    venue.open(1, world.instruments)
    reacted: set[str] = set()

    def send(number: int, ts: int, command: Any) -> None:
        fills.sent(number, ts, command)
        venue.send(ts, command)

    def take(number: int, ts: int, answers: list[Any]) -> None:
        for body in answers:
            fills.answered(number, ts, body)
        for body in answers:
            if isinstance(body, Fill) and body.id not in reacted:
                reacted.add(body.id)
                for command in world.reactions.get(body.id, ()):
                    send(number, ts, command)

    for number, (ts, body) in enumerate(world.market):
        if isinstance(body, Instrument):
            fills.define(body)
            venue.instrument(ts, body)
        else:
            fills.market(number, ts, body)
            take(number, ts, venue.market(ts, body))
        for command in world.commands.get(number, ()):
            send(number, ts, command)
        take(number, ts, venue.settle(ts))
    fills.ended()
    return fills


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_the_venue_breaks_no_rule_in_any_world(first: int) -> None:
    for seed in range(first, first + BATCH):
        drawn = world(seed)
        found = audited(drawn, **MODELS[seed % len(MODELS)])

        wrong = [f for f in found.tally.findings() if not f.is_note]
        assert wrong == [], f"seed {seed}: {drawn.data}, {MODELS[seed % len(MODELS)]}"


def test_the_worlds_are_full_of_fills_of_every_kind() -> None:
    told = [audited(world(seed), **MODELS[0]).tally.coverage.get("fills", 0) for seed in range(16)]

    assert min(told[::4] + told[2::4]) > 0
    assert sum(told) > 200
