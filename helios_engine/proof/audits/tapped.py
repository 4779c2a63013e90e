"""A run under audit: the engine as it is, with an ear at each of its joints."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, cast

from helios_engine.assemble import assemble, sources
from helios_engine.bodies import Bar, Instrument
from helios_engine.build import Plan
from helios_engine.effects import RunningEffect
from helios_engine.engine import Engine
from helios_engine.events import Body, Event
from helios_engine.node import Node
from helios_engine.proof.audits.availability import Availability
from helios_engine.proof.audits.fills import Fills
from helios_engine.proof.rehearsals.watching import WatchedNode
from helios_engine.timeline import Input, Released, Source, Timeline


class Ears:
    """What both audits hear: the number and time of the input at hand, and all that it causes."""

    def __init__(self, hear: Callable[[Sequence[Source]], Availability], fills: Fills, given: list[Source]) -> None:
        twice = [(source, itertools.tee(source.inputs)) for source in given]
        self.streams = [Source(source.name, source.rank, both[0]) for source, both in twice]
        self.availability = hear([Source(source.name, source.rank, both[1]) for source, both in twice])
        self.fills = fills
        self.number, self.ts = 0, 0

    def taken(self, given: Input) -> None:
        """The engine takes an input."""
        self.number, self.ts = self.number + 1, given.ts
        self.availability.taken(given)

    def said(self, answers: list[Body]) -> list[Body]:
        """The venue has answered."""
        for answer in answers:
            self.fills.answered(self.number, self.ts, answer)
        return answers


class TappedNode(WatchedNode):
    """A stage whose every turn is heard; of bars, the line that yielded each as well."""

    def __init__(self, node: Node, position: int, ears: Ears) -> None:
        super().__init__(node, cast(Any, None))
        self._position, self._ears = position, ears

    def renew(self) -> None:
        """Start over with a stage that has seen nothing."""
        self._node.renew()
        self.count = 0
        if Bar in self.emits:
            self._note_lines()

    def deliver(self, event: Event[Body], run: int) -> list[Body]:
        """Give the stage one event; return what it yields."""
        outputs = self._node.deliver(event, run)
        self._ears.availability.delivered(self._position, event, outputs, self._lines)
        return outputs


class TappedVenue:
    """A venue whose every call is heard."""

    def __init__(self, venue: Any, ears: Ears) -> None:
        self._venue, self._ears = venue, ears

    def open(self, ts: int, instruments: Iterable[Instrument]) -> None:
        """Open with the instruments known at `ts`."""
        known = list(instruments)
        for definition in known:
            self._ears.fills.define(definition)
        self._venue.open(ts, known)

    def instrument(self, ts: int, body: Instrument) -> None:
        """Take in a new or changed definition."""
        self._ears.fills.define(body)
        self._venue.instrument(ts, body)

    def market(self, ts: int, body: Body) -> list[Body]:
        """Match."""
        self._ears.fills.market(self._ears.number, self._ears.ts, body)
        return self._ears.said(self._venue.market(ts, body))

    def send(self, ts: int, intent: Body) -> None:
        """Put an intent on its way."""
        self._ears.availability.sent(self._ears.ts, intent)
        self._ears.fills.sent(self._ears.number, self._ears.ts, intent)
        self._venue.send(ts, intent)

    def settle(self, ts: int) -> list[Body]:
        """Let due commands take effect."""
        return self._ears.said(self._venue.settle(ts))

    def finish(self, ts: int) -> list[Body]:
        """The run is over."""
        self._ears.number, self._ears.ts = self._ears.number + 1, ts
        return self._ears.said(self._venue.finish(ts))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._venue, name)


class _TappedEffect:
    def __init__(self, name: str, effect: Any, ears: Ears) -> None:
        self._name, self._effect, self._ears = name, effect, ears
        self.handles = effect.handles

    def answer(self, body: Any) -> Body | None:
        reply: Body | None = self._effect.answer(body)
        self._ears.availability.asked(self._ears.ts, self._name, reply)
        return reply


class _TappedTimeline:
    def __init__(self, timeline: Timeline, ears: Ears) -> None:
        self._timeline, self._ears = timeline, ears

    def next(self) -> Input | None:
        given = self._timeline.next()
        if given is not None:
            self._ears.taken(given)
        return given

    def __getattr__(self, name: str) -> Any:
        return getattr(self._timeline, name)


class _TappedPipeline:
    def __init__(self, pipeline: Any, ears: Ears) -> None:
        self._pipeline, self._ears = pipeline, ears

    def push(self, event: Event[Body], released: Sequence[Released] = ()) -> list[Body]:
        self._ears.availability.pushed(event)
        return cast("list[Body]", self._pipeline.push(event, released))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pipeline, name)


def run(plan: Plan, hear: Callable[[Sequence[Source]], Availability], fills: Fills) -> Ears:
    """Run a plan to its end with both audits listening; `hear` makes the first of the sources that it merges."""
    ears = Ears(hear, fills, sources(plan))
    nodes: Any = tuple(TappedNode(node, number, ears) for number, node in enumerate(plan.nodes))
    effects = tuple(r._replace(make=partial(_tapped, r, ears)) for r in plan.effects)
    venue: Any = TappedVenue(plan.make_venue(), ears)
    engine: Engine = assemble(plan._replace(nodes=nodes, effects=effects), venue=venue, streams=ears.streams)
    engine.timeline = cast(Timeline, _TappedTimeline(engine.timeline, ears))
    engine.pipeline = cast(Any, _TappedPipeline(engine.pipeline, ears))
    for _ in engine.run():
        pass
    engine.finish(plan.stop)
    ears.availability.ended()
    fills.ended()
    return ears


def _tapped(running: RunningEffect, ears: Ears) -> Any:
    return _TappedEffect(running.name, running.make(), ears)
