"""Run a part's own run once, and keep what the part heard and said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

from helios_engine.assemble import assemble
from helios_engine.build import Plan, build
from helios_engine.events import Body, Event
from helios_engine.node import Node
from helios_engine.provenance import new_run
from helios_engine.testing.check import UnjudgedError
from helios_engine.testing.subject import Subject

ENOUGH = 20_000
"""Inputs after which a run is ended: checks need many events, not all of them."""


class Heard(NamedTuple):
    """What a stage heard and said in its run, and its place, to be asked again."""

    node: Node
    events: list[Event[Body]]
    said: list[list[Body]]


class _Hearing(Node):
    """A stage in its place that remembers each event and what the stage answered."""

    def __init__(self, node: Node) -> None:
        vars(self).update(vars(node))
        self.heard: list[Event[Body]] = []
        self.said: list[list[Body]] = []

    def deliver(self, event: Event[Body], run: int) -> list[Body]:
        """As the node, and note both sides."""
        self.heard.append(event)
        found = super().deliver(event, run)
        self.said.append(found)
        return found


class _HearingEffect:
    """An effect that remembers what it was asked and what it answered."""

    def __init__(self, effect: Any, heard: list[Body], said: list[Body | None]) -> None:
        self.effect, self.heard, self.said = effect, heard, said
        self.handles = effect.handles

    def answer(self, body: Body) -> Body | None:
        """As the effect, and note both sides."""
        self.heard.append(body)
        reply: Body | None = self.effect.answer(body)
        self.said.append(reply)
        return reply


def hear_stage(subject: Subject) -> Heard:
    """The stage's place after its run, with all that it heard; UnjudgedError if nothing came."""
    plan = build(subject.run(), subject.plugins)
    name = subject.part(plan.config)
    nodes = tuple(_Hearing(node) if node.name == name else node for node in plan.nodes)
    found = cast(_Hearing, next(node for node in nodes if node.name == name))
    _drive(plan._replace(nodes=nodes))
    if not found.heard:
        raise UnjudgedError(f"{subject.name} heard nothing in its run; give a `config` that feeds it")
    return Heard(next(node for node in plan.nodes if node.name == name), found.heard, found.said)


def hear_effect(subject: Subject) -> tuple[list[Body], list[Body | None], Callable[[], Any]]:
    """What the effect was asked and what it answered, and what makes a fresh one; UnjudgedError if not asked."""
    plan = build(subject.run(), subject.plugins)
    name = subject.part(plan.config)
    heard, said = list[Body](), list[Body | None]()
    (mine,) = (running for running in plan.effects if running.name == name)
    make = cast(Any, lambda: _HearingEffect(mine.make(), heard, said))
    effects = tuple(r._replace(make=make) if r.name == name else r for r in plan.effects)
    _drive(plan._replace(effects=effects))
    if not heard:
        raise UnjudgedError(f"{subject.name} was asked nothing in its run; give a `config` with a stage that asks it")
    return heard, said, mine.make


def outputs_of(node: Node, events: Sequence[Event[Body]]) -> list[list[Body]]:
    """What a fresh stage says to each event."""
    node.renew()
    run = new_run()
    return [node.deliver(event, run) for event in events]


def _drive(plan: Plan) -> None:
    engine = assemble(plan)
    for count, _ in enumerate(engine.run(), 1):
        if count >= ENOUGH:
            return
