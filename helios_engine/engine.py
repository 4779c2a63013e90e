"""The turn loop: the one place that knows in which order things happen. Every mode runs it.

One market input: resting orders match, their answers run as turns of their own, then the input's
own turn, then commands that are due settle. What a turn sends out comes back in a later turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from helios_engine.arrivals import QUOTED
from helios_engine.bodies import Bar, Control, Print, Reject, Tick
from helios_engine.closing import CLOSING
from helios_engine.containment import Containment
from helios_engine.effects import RunningEffect, effect_for
from helios_engine.events import Body, Event
from helios_engine.journal import Journal
from helios_engine.pipeline import Pipeline
from helios_engine.port import INTENTS, VENUE_DATA, Port
from helios_engine.recording import VENUE, Recording
from helios_engine.results import Results
from helios_engine.timeline import REPLY, Input, Released, Timeline

Ask = Callable[[int, RunningEffect, Body], None]
"""Takes a request of `ts` to its effect, and sees to it that the reply becomes an input."""


class Engine:
    """Pulls inputs from the timeline and drives pipeline, port and journal.

    `effects` answer requests; with a `recording` the replies and the venue's answers come from
    there and no effect is asked; with `ask` that takes the requests. `pinned` names the sources that a manifest pins.
    A reply that is due at `until` (ns UTC) or later is not of this run any more.
    """

    def __init__(
        self,
        *,
        timeline: Timeline,
        pipeline: Pipeline,
        port: Port,
        journal: Journal,
        effects: Sequence[RunningEffect],
        results: Results | None = None,
        recording: Recording | None = None,
        pinned: Mapping[str, str],
        ask: Ask | None = None,
        until: int | None = None,
    ) -> None:
        self.timeline, self.pipeline, self.port, self.journal = timeline, pipeline, port, journal
        self.turns = 0
        self.now = 0
        self._hears = port.hears()
        self.effects = effects
        self.results = results
        self._recording = recording
        self._ask_beside, self._until = ask, until
        self._pinned = frozenset(pinned)
        self.seq = {VENUE: 0, "port": 0, "gate": 0}
        """The number that the next input of each source of the engine's own will bear."""
        self._refused: list[Reject] = []
        self._met: Body | None = None

    def run(self) -> Iterator[Input]:
        """Process inputs one by one; yield each after its turn is done."""
        while (found := self.step()) is not None:
            yield found

    def step(self) -> Input | None:
        """Process the next input and all it causes; nothing when there is none left."""
        found = self._next()
        if found is not None:
            self.now = found.ts
            self._take(found)
        return found

    def finish(self, ts: int) -> None:
        """End the run: what is due at the venue takes effect."""
        ts = max(ts, self.now)
        for answer in self.port.venue.finish(ts):
            self._answer(ts, answer)

    def _next(self) -> Input | None:
        if self._recording is not None:
            stored = self._recording.due(self.turns)
            if stored is not None:
                return stored
        self._pass_over()
        if self._recording is not None and (stored := self._recording.due(self.turns)) is not None:
            return stored
        return self.timeline.next()

    def _pass_over(self) -> None:
        """Take what nobody wants one by one, as long as no order waits for it."""
        while count := self.timeline.free():
            if not self.port.is_quiet():
                return
            if self._recording is not None:
                # An answer may open the turn of an input, or follow it as the input settles.
                count = min(count, self._recording.next_turn(self.turns + count + 1) - 1 - self.turns)
                if count <= 0:
                    return
            for passed in self.timeline.pass_over(count):
                self._met = self.port.pass_over(passed)
            self.turns += count
            self.now = self.timeline.now

    def _take(self, given: Input) -> None:
        ts, source, seq, body = given
        released = self.timeline.released()
        kind = type(body)
        if source not in self._pinned:
            self.journal.input(self.turns, ts, source, seq, body)
        if kind in VENUE_DATA:
            self._met = body
            if kind in QUOTED and self.results is not None:
                self.results.arrivals.touch.note(body)
            for answer in self.port.venue.market(ts, body):
                self._answer(ts, answer)
        if kind is Print:
            self._settle(ts)
            return
        hear = self._hears.get(kind)
        if hear is not None:
            hear(ts, body)
        if kind is Tick or kind is Bar:
            self._mark_account(ts)
        self._turn(ts, source, seq, body, released)
        if kind is Control or kind is Tick:
            self._close(ts, source, seq, anew=kind is Control)
        if kind is Tick and self.results is not None:
            self.results.tick(ts, self.port.ledger, self.port.marks.volumes)
        self._settle(ts)

    def _turn(self, ts: int, source: str, seq: int, body: Body, released: Sequence[Released] = ()) -> None:
        self.turns += 1
        for leaving in self.pipeline.push(Event(ts, seq, source, body), released):
            if isinstance(leaving, INTENTS):
                self._send(ts, leaving)
            else:
                self._ask(ts, leaving)

    def _send(self, ts: int, intent: Body) -> None:
        refused = self.port.submit(ts, intent)
        if refused is not None:
            self._refused.append(refused)
        elif self.results is not None:
            self.results.sent(ts, intent, self.port.ledger)

    def _close(self, ts: int, source: str, seq: int, *, anew: bool = False) -> None:
        """Send what a switch asks of the engine itself, if one is turned."""
        if not self.port.closing.is_on:
            return
        for intent in self.port.closing.wanted(ts, anew=anew):
            self.journal.decision(ts, CLOSING, intent, (source, seq))
            self._send(ts, intent)

    def _settle(self, ts: int) -> None:
        for answer in self.port.venue.settle(ts):
            self._answer(ts, answer)
        while self._refused:
            refused = self._refused.pop(0)
            self.journal.venue(ts, "gate", self.seq["gate"], refused)
            self._own_turn(ts, "gate", refused)

    def _answer(self, ts: int, answer: Body) -> None:
        seq = self.seq[VENUE]
        self.journal.input(self.turns, ts, VENUE, seq, answer)
        self.journal.venue(ts, VENUE, seq, answer)
        following = self.port.book(ts, answer)
        if self.results is not None:
            self.results.answer(ts, answer, self._met)
        self._own_turn(ts, VENUE, answer)
        for body in following:
            self.journal.venue(ts, "port", self.seq["port"], body)
            self._own_turn(ts, "port", body)
        self._close(ts, VENUE, seq)

    def _mark_account(self, ts: int) -> None:
        account = self.port.account(ts)
        if account is not None:
            self.journal.venue(ts, "port", self.seq["port"], account)
            self._own_turn(ts, "port", account)

    def _own_turn(self, ts: int, source: str, body: Body) -> None:
        seq = self.seq[source]
        self.seq[source] = seq + 1
        self._turn(ts, source, seq, body)

    def _ask(self, ts: int, request: Body) -> None:
        if self._recording is not None:
            return
        running = effect_for(request, self.effects)
        if self._ask_beside is not None:
            self._ask_beside(ts, running, request)
            return
        reply: Any = running.effect.answer(request)
        due = ts + running.delay
        if reply is not None and (self._until is None or due < self._until):
            self.timeline.schedule(due, REPLY, running.name, reply)


class ContainedEngine(Engine):
    """The engine of a live run, whose stages must know which input they are at: it bounds what they may do."""

    containment: Containment

    def _take(self, given: Input) -> None:
        self.containment.turn += 1
        super()._take(given)
