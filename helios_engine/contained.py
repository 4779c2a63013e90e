"""A stage of a live run: when it fails it is put out, by itself and by its name, and the run goes on without it.

The rule: what it said of earlier events stands; of the event at which it failed nothing it said counts; later
events it does not get. No new risk is taken from that moment on, that is before any order of that turn is sent.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from msgspec.structs import force_setattr

from helios_engine.bodies import Quarantine
from helios_engine.config_containment import ContainmentSection
from helios_engine.errors import StageError
from helios_engine.events import Body, Event
from helios_engine.node import Node

DERIVED = frozenset({"raised", "flooded"})
"""What a replay comes to by itself; every other kind of quarantine it takes from the record."""
MINUTE = 60.0
FIRST = 10
"""A stage's first event may take so many times the limit: that is when kernels compile and models load."""
_ASKED_TO_STOP = frozenset({"helios_engine.runner", "asyncio.runners"})
"""Modules whose signal handlers raise KeyboardInterrupt because somebody pressed Ctrl-C twice."""


class Overdue(BaseException):
    """Raised inside a stage that takes too long. No Exception, so that a stage's own `except` does not take it."""


class FloodedError(StageError):
    """A stage yielded more in one turn than it may."""


class Spell(NamedTuple):
    """How long a stage had an event, when that ended (both s, monotonic), and whether it was interrupted."""

    seconds: float
    at: float
    is_interrupted: bool


class Watch(Protocol):
    """Looks at how long stages take."""

    def begin(self, stage: str, seconds: float) -> None:
        """A stage gets an event, and is to be interrupted after so many seconds."""
        ...

    def end(self) -> Spell:
        """The stage is done."""
        ...


class Unwatched:
    """Takes no time: of a replay, which reads from the record what took too long."""

    def begin(self, stage: str, seconds: float) -> None:
        """Nothing."""

    def end(self) -> Spell:
        """No time at all."""
        return Spell(0.0, 0.0, False)


class Containment:
    """What the stages of one live run share: bounds, the number of the turn, who looks, and who is told.

    `recorded` are the quarantines of a run that is made again, by stage; None where the run is first made.
    """

    def __init__(self, bounds: ContainmentSection) -> None:
        self.bounds = bounds
        self.watch: Watch = Unwatched()
        self.turn = 0
        self.recorded: Mapping[str, Quarantine] | None = None
        self.told: list[Callable[[int, Quarantine], None]] = []

    def begin(self, recorded: Mapping[str, Quarantine] | None, hold: Callable[[int], None]) -> None:
        """A run begins; `hold` is to stop new risk at the time it is given."""
        self.turn = 0
        self.recorded = recorded
        self.told = [lambda ts, found: hold(ts)]


class Contained(Node):
    """A node whose stage is put out when it raises, takes too long, or yields without end."""

    after = "the stage gets no more events"
    _given: int
    _said: int
    _turn: int
    _spent: float

    def __init__(self, *given: Any, containment: Containment) -> None:
        super().__init__(*given)
        self._all = containment
        self._clear()

    def renew(self) -> None:
        """Start over with a stage that has seen nothing."""
        super().renew()
        self._clear()

    def deliver(self, event: Event[Body], run: int) -> list[Body]:
        """Give the stage one event, unless it is out; nothing of what it said if this puts it out."""
        if self.out is not None:
            return []
        number = self._given
        self._given = number + 1
        known = None if self._all.recorded is None else self._all.recorded.get(self.name)
        if known is not None and known.delivery == number and known.kind not in DERIVED:
            return self._put_out(event.ts, known)
        limit = self._all.bounds.limit * (1 if number else FIRST)
        if self._turn != self._all.turn:
            self._turn, self._said, self._spent = self._all.turn, 0, 0.0
        outputs: list[Body] = []
        failure: BaseException | None = None
        given = Event(event.ts, event.seq, event.source, event.body), copy.copy(event.body)
        self._all.watch.begin(self.name, limit - self._spent)
        try:
            outputs = super().deliver(event, run)
        except BaseException as error:  # SystemExit and the like end a stage, not the run
            failure = error
        spell = self._all.watch.end()
        if failure is None and not spell.seconds:
            return outputs
        if failure is not None or spell.is_interrupted:
            _restore(event, *given)
        found = self._judged(event, number, failure, spell, limit)
        return outputs if found is None else self._put_out(event.ts, found)

    def _clear(self) -> None:
        self.out: Quarantine | None = None
        self._given = self._said = 0
        self._turn = -1
        self._spent = 0.0
        self._slow: deque[float] = deque(maxlen=self._all.bounds.slow_turns)

    def _judged(
        self, event: Event[Body], number: int, failure: BaseException | None, spell: Spell, limit: float
    ) -> Quarantine | None:
        """What is to be done about an event that a stage has had: nothing, as a rule."""
        if spell.is_interrupted:
            text = f"{self._where(event)}: not done after {limit:g} s in one turn; {self.after}"
            return Quarantine(self.name, number, "interrupted", text)
        if failure is not None:
            if not isinstance(failure, Exception) and not self._is_of_the_stage(failure, number):
                raise failure
            return Quarantine(self.name, number, _kind(failure), self._said_of(event, failure))
        if self._is_slow(spell, limit, is_first=number == 0):
            bounds = self._all.bounds
            what = f"took {self._spent:.3g} s in one turn; the limit is {limit:g} s"
            if self._spent <= limit:
                what = f"{bounds.slow_turns} turns of over {bounds.turn_budget} within a minute"
            return Quarantine(self.name, number, "slow", f"{self._where(event)}: {what}; {self.after}")
        return None

    def _is_slow(self, spell: Spell, limit: float, *, is_first: bool) -> bool:
        before, self._spent = self._spent, self._spent + spell.seconds
        budget = self._all.bounds.budget
        if before <= budget < self._spent and not is_first:
            self._slow.append(spell.at)
            if len(self._slow) == self._slow.maxlen and spell.at - self._slow[0] <= MINUTE:
                return True
        return self._spent > limit

    def _put_out(self, ts: int, found: Quarantine) -> list[Body]:
        self.out = found
        for tell in self._all.told:
            tell(ts, found)
        return []

    def _vet(self, output: Any, event: Event[Body], run: int) -> None:
        self._said += 1
        if self._said > self._all.bounds.max_outputs:
            most = self._all.bounds.max_outputs
            raise FloodedError(f"{self._where(event)}: more than {most} outputs in one turn; {self.after}")
        super()._vet(output, event, run)

    def _is_of_the_stage(self, failure: BaseException, number: int) -> bool:
        """Whether what is no Exception is the stage's doing, and not somebody's who wants the run to end."""
        if self._all.recorded is not None:
            known = self._all.recorded.get(self.name)
            return known is not None and known.delivery == number
        trace = failure.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        return trace is None or trace.tb_frame.f_globals.get("__name__") not in _ASKED_TO_STOP

    def _said_of(self, event: Event[Body], failure: BaseException) -> str:
        if isinstance(failure, Exception):
            return str(failure)[:500]
        # Its own text might be made by the stage's code, which nobody looks at any more here.
        return f"{self._where(event)}: {type(failure).__name__}; {self.after}"


def _restore(event: Event[Body], as_given: Event[Body], body: Body) -> None:
    """Undo what a stage did to an event that other stages have yet to see."""
    for name in event.__struct_fields__:
        force_setattr(event, name, getattr(as_given, name))
    for name in body.__struct_fields__:
        force_setattr(event.body, name, getattr(body, name))


def _kind(failure: BaseException) -> str:
    if isinstance(failure, FloodedError):
        return "flooded"
    # How much memory there is depends on the machine, so that a replay takes it from the record.
    return "memory" if isinstance(failure.__cause__, MemoryError) else "raised"
