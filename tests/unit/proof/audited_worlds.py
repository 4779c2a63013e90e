"""Worlds from seeds through the real venue, every step of it heard by the audit of fills."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from helios_engine.bodies import Fill, Instrument
from helios_engine.nautilus.plugin import sim_venue
from helios_engine.proof.audits.fills import Fills
from helios_engine.proof.audits.standing import Words
from helios_engine.proof.findings import Part
from helios_engine.timeframe import nanoseconds
from tests.unit.nautilus.reference import BALANCES
from tests.unit.nautilus.worlds import World

VENUE = Part("venue", "venue")
Spoil = Callable[[int, int, Any], list[tuple[int, Any]]]
"""Number and time of the input, and an answer; what is said in its place, each how many inputs later."""


def audited(world: World, spoil: Spoil | None = None, **models: Any) -> Fills:
    """The audit of a world; `spoil` falsifies what the venue says before the audit hears it."""
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

    held: dict[int, list[Any]] = {}

    def take(number: int, ts: int, answers: list[Any]) -> None:
        said = [(0, body) for body in answers]
        if spoil is not None:
            said = [found for body in answers for found in spoil(number, ts, body)]
        for later, body in said:
            held.setdefault(number + later, []).append(body)
        for body in held.pop(number, ()):
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
