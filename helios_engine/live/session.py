"""A live run at work: inputs in, one turn after the other; what fails inside is contained, named, and an input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Protocol

import msgspec

from helios_engine.bodies import Control, Health, Instrument, Quarantine, VenueStatus
from helios_engine.effects import RunningEffect
from helios_engine.engine import ContainedEngine, Engine
from helios_engine.events import Body
from helios_engine.live.clock import Rising
from helios_engine.live.hearing import Hearing
from helios_engine.live.latest import Latest
from helios_engine.live.routes import EDGE, Routes, is_market
from helios_engine.live.timeline import LiveTimeline
from helios_engine.live.told import Told
from helios_engine.logs import component
from helios_engine.recorder.parsing import Inputs
from helios_engine.timeframe import iso
from helios_engine.timeline import REPLY

CONTROL = "control"
"""The source of controls: of people, and of what a run has to say about itself."""
STOP, RESUMED = "stop", "resumed"
"""Controls by which a run says that it ends, and that it goes on after it was killed."""
MOST = 100
"""Failures that are told; the log has them all."""


class Asking(Protocol):
    """Takes requests to effects."""

    def ask(self, ts: int, running: RunningEffect, request: Body) -> None:
        """Take a request of `ts` to its effect."""
        ...

    def close(self) -> None:
        """Wait for nobody."""
        ...

    @property
    def dropped(self) -> Counter[str]:
        """Replies that came too late to count, by effect."""
        ...

    @property
    def waiting(self) -> Counter[str]:
        """Requests that somebody waits for, by effect."""
        ...

    @property
    def busy(self) -> Counter[str]:
        """Requests that an effect has not done with, by its name, those that nobody waits for any more included."""
        ...


class Session:
    """Before `begin` it keeps what comes; from then on it takes every input as it comes.

    `definitions` are the latest of each instrument, `first` the stamp of the first market input that somebody wants.
    """

    def __init__(
        self,
        clock: Rising,
        routes: Routes,
        on_terms: Callable[[Instrument], Instrument],
        changed: Callable[[], None] = lambda: None,
        alarm: Callable[[str], None] = lambda text: None,
    ) -> None:
        """`on_terms` puts a definition on the run's terms; `changed` is told that something came before it began.

        `failures` say which plugins failed and how, `warnings` what changed nothing; `alarm` is told of both.
        """
        self._clock, self.routes, self._on_terms, self._changed = clock, routes, on_terms, changed
        self._alarm = alarm
        self.definitions: dict[str, Instrument] = {}
        self.first = 0
        self._kept: list[tuple[int, str, Body]] = []
        self._edge: dict[tuple[type[Body], str, str], Body] = {}
        self.engine: Engine | None = None
        self.timeline: LiveTimeline | None = None
        self.failures: list[str] = []
        self.hearing = Hearing()
        self.latest = Latest()
        self.told = Told()
        """Of the warm-up, or of before the run was killed."""
        self.broken: BaseException | None = None
        self.is_planned = False
        """Whether the plan is made: definitions that come from then on are inputs."""
        self.out_before: frozenset[str] = frozenset()
        """Stages that were out when the run was killed, as its journal knows."""
        self.warnings: list[str] = []
        self._is_running = self._is_pumping = self._is_urgent = False

    def deliver(self, inputs: Inputs) -> None:
        """Take what a connection brought."""
        for ts, body in inputs:
            self._clock.last = max(self._clock.last, ts)
            self.hearing.note(ts, body)
            source = None if isinstance(body, Instrument) and self._is_known(body) else self.routes.source(body)
            if source is None or (self.told and body in self.told):
                continue
            if isinstance(body, Instrument):
                self.definitions[body.instrument] = body
                body = self._on_terms(body)
            if self.timeline is not None:
                self.timeline.put(ts, source, body)
            else:
                self._keep(ts, source, body)
        if self._is_running:
            self.pump()
        else:
            self._changed()

    def join(self, engine: Engine, timeline: LiveTimeline) -> None:
        """Hand what was kept, and from now on whatever comes, to a run that is still warming up."""
        self.engine, self.timeline = engine, timeline
        self.hearing.listen(engine.pipeline)
        if isinstance(engine, ContainedEngine):
            engine.containment.told.append(self.quarantined)
        for ts, source, body in self._kept:
            if body not in self.told:
                timeline.put(ts, source, body)
        self._kept.clear()

    def resumed(self, last: int) -> None:
        """The run was killed after an input of `last` (ns UTC); the trades that it has seen are not told again."""
        self._clock.last = max(self._clock.last, last)
        self.told.add_trades(self.latest.trades)
        missed = max(0, self._clock() - last)
        self.warnings.append(f"the run was killed after {iso(last)}; {missed / 1e9:.1f} s were missed")
        self.control(RESUMED, "all")

    def begin(self) -> None:
        """The warm-up is done: from now on every input is taken as soon as it has come."""
        self._is_running = True
        if isinstance(self.engine, ContainedEngine):
            self.engine.containment.is_live = True
            self.engine.containment.recorded = None  # from here on, what happens is new
        self.pump()

    def pump(self) -> None:
        """Take every input that has come or is due. What is put while a turn runs is taken after it.

        After an error, which is `broken` then, nothing more is taken: half a turn is no state to go on from.
        """
        assert self.engine is not None
        if self._is_pumping or self.broken is not None:
            return
        self._is_pumping = True
        try:
            while self.step():
                pass
            if self._is_urgent:
                self.engine.journal.flush()
                self._is_urgent = False
        except BaseException as error:
            self.broken = error
            raise
        finally:
            self._is_pumping = False

    def unbroken(self) -> None:
        """Raise what broke a turn, also in a callback of the loop, which would only log it."""
        if self.broken is not None:
            raise self.broken

    def step(self) -> bool:
        """Take the next input; False if there is none now."""
        assert self.engine is not None
        found = self.engine.step()
        if found is None:
            return False
        self.latest.note(found.body)
        return True

    def reply(self, due: int, name: str, body: Body) -> None:
        """Take the reply of an effect: at `due` if that lies ahead or in the past that is being taken, else now."""
        assert self.timeline is not None
        now = self._clock()
        if due > now or not self.timeline.is_warm:
            self.timeline.schedule(due, REPLY, name, body)
        else:
            self.timeline.put(now, name, body)
        if self._is_running:
            self.pump()

    def control(self, name: str, value: str) -> int:
        """Turn a switch: an input like any other, with the operating system before this returns. Its stamp (ns UTC).

        While the past is being taken it waits for that, and then counts from the first live input on.
        """
        assert self.timeline is not None and self.engine is not None
        is_early = self.first > 0 and not self._is_running
        ts = self.first if is_early else self._clock()
        (self.timeline.interpose if is_early else self.timeline.put)(ts, CONTROL, Control(name, value))
        self._is_urgent = True
        if self._is_running:
            self.pump()
        return ts

    def effect_failed(self, name: str, problem: str) -> None:
        """An effect raised or hangs: no new risk from here on, and everybody can read why."""
        self.failed(f"effect {name}: {problem}")

    def failed(self, text: str) -> None:
        """Something that a plugin or the process did wrong: no new risk until `resume`, whatever else happens."""
        self._say(text)
        self.control("reduce_only", "all")

    def warn(self, text: str) -> None:
        """Something that somebody should look at, but that changes nothing."""
        component("live").warning("%s", text)
        self.warnings.append(text)
        self._alarm(text)

    def quarantined(self, ts: int, found: Quarantine) -> None:
        """A stage was put out in the turn that runs; the gate is shut already, and a replay is to know of it."""
        assert self.timeline is not None
        named = found.reason if found.stage in found.reason else f"stage {found.stage!r}: {found.reason}"
        self._say(f"{named} ({found.kind})")
        if self._is_running or found.stage not in self.out_before:
            self.timeline.put(self._clock(), CONTROL, found)
            self._is_urgent = True

    def _say(self, text: str) -> None:
        component("live").error("plugin failed: %s", text)
        if text not in self.failures and len(self.failures) < MOST:
            self.failures.append(text)
            self._alarm(text)

    def _is_known(self, body: Instrument) -> bool:
        """Whether a definition says nothing new, as each connection does at its beginning."""
        known = self.definitions.get(body.instrument)
        return known is not None and msgspec.structs.replace(body, valid_from=known.valid_from) == known

    def _keep(self, ts: int, source: str, body: Body) -> None:
        """What comes before the run begins counts from its first market input on; definitions go into its plan.

        How venue and lines are is told when it changes: what was told before is told again behind that input.
        """
        if self.first:
            if self.is_planned or not isinstance(body, Instrument):
                self._kept.append((ts, source, body))
        elif is_market(body):
            self.first = ts
            self._kept.append((ts, source, body))
            self._kept += [(ts, EDGE, known) for known in self._edge.values()]
        elif isinstance(body, Health):
            self._edge[Health, body.subject, body.kind] = body
        elif isinstance(body, VenueStatus):
            self._edge[VenueStatus, body.venue, ""] = body
