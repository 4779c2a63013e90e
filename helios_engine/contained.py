"""A stage of a live run: when it fails it is put out, by itself and by its name, and the run goes on without it.

The rule: what it said of earlier events stands; of the event at which it failed nothing it said counts; later
events it does not get. No new risk is taken from that moment on, that is before any order of that turn is sent.
"""

from __future__ import annotations

import copy
from typing import Any

from msgspec.structs import force_setattr

from helios_engine.bodies import Quarantine
from helios_engine.containment import DERIVED, Containment, Spell
from helios_engine.errors import StageError
from helios_engine.events import Body, Event
from helios_engine.node import Node
from helios_engine.pace import Pace

_ASKED_TO_STOP = frozenset({"helios_engine.runner", "asyncio.runners"})
"""Modules whose signal handlers raise KeyboardInterrupt because somebody pressed Ctrl-C twice."""


class FloodedError(StageError):
    """A stage yielded more in one turn than it may."""


class Contained(Node):
    """A node whose stage is put out when it raises, takes too long, or yields without end; `out` says why."""

    after = "the stage gets no more events"
    _given: int
    _said: int
    _turn: int

    given: int
    """How many events it was given, by which a quarantine says when it came."""

    def __init__(self, *given: Any, containment: Containment) -> None:
        super().__init__(*given)
        self._run = containment
        self._clear()

    def renew(self) -> None:
        """Start over with a stage that has seen nothing."""
        super().renew()
        self._clear()

    def deliver(self, event: Event[Body], run: int) -> list[Body]:
        """Give the stage one event, unless it is out; nothing of what it said if this puts it out."""
        if self.out is not None:
            return []
        number = self.given
        self.given = number + 1
        known = None if self._run.recorded is None else self._run.recorded.get(self.name)
        if known is not None and known.delivery == number and known.kind not in DERIVED:
            return self._put_out(event.ts, known)
        if self._turn != self._run.turn:
            self._turn, self._said = self._run.turn, 0
        kind = type(event.body)
        is_first = kind not in self._met
        outputs: list[Body] = []
        failure: BaseException | None = None
        given = Event(event.ts, event.seq, event.source, event.body), copy.copy(event.body)
        self._run.watch.begin(self.name, self._pace.allowed(self._turn, is_first=is_first))
        try:
            outputs = super().deliver(event, run)
        except BaseException as error:  # SystemExit and the like end a stage, not the run
            failure = error
        spell = self._run.watch.end()
        if failure is not None or spell.is_interrupted:
            _restore(event, *given)
            found = self._failed(event, number, failure, spell)
        else:
            self._met.add(kind)
            fault = self._pace.fault(spell, is_first=is_first, is_live=self._run.is_live)
            if fault is None:
                return outputs
            found = Quarantine(self.name, number, "slow", f"{self._where(event)}: {fault}; {self.after}")
        return self._put_out(event.ts, found)

    def _clear(self) -> None:
        self.out: Quarantine | None = None
        self._pace = Pace(self._run.bounds)
        self._met: set[type[Body]] = set()
        self.given = 0
        self._said = 0
        self._turn = -1

    def _failed(self, event: Event[Body], number: int, failure: BaseException | None, spell: Spell) -> Quarantine:
        where = self._where(event)
        # Whatever came of an interrupted stage, its own error included, came of the interruption.
        if spell.is_interrupted or failure is None:
            text = f"{where}: not done after {spell.seconds:.3g} s; {self.after}"
            return Quarantine(self.name, number, "interrupted", text)
        if isinstance(failure, Exception):
            return Quarantine(self.name, number, _kind(failure), str(failure)[:500])
        if not self._is_of_the_stage(failure, number):
            raise failure
        # Its own text might be made by the stage's code, which nobody looks at any more here.
        return Quarantine(self.name, number, "raised", f"{where}: {type(failure).__name__}; {self.after}")

    def _put_out(self, ts: int, found: Quarantine) -> list[Body]:
        self.out = found
        for tell in self._run.told:
            tell(ts, found)
        return []

    def _vet(self, output: Any, event: Event[Body], run: int) -> None:
        self._said += 1
        most = self._run.bounds.max_outputs
        if self._said > most:
            raise FloodedError(f"{self._where(event)}: more than {most} outputs in one turn; {self.after}")
        super()._vet(output, event, run)

    def _is_of_the_stage(self, failure: BaseException, number: int) -> bool:
        """Whether what is no Exception is the stage's doing, and not somebody's who wants the run to end."""
        if self._run.recorded is not None:
            known = self._run.recorded.get(self.name)
            return known is not None and known.delivery == number
        trace = failure.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        return trace is None or trace.tb_frame.f_globals.get("__name__") not in _ASKED_TO_STOP


def _restore(event: Event[Body], as_given: Event[Body], body: Body) -> None:
    """Undo what a stage did to an event that other stages have yet to see."""
    for name in event.__struct_fields__:
        force_setattr(event, name, getattr(as_given, name))
    for name in body.__struct_fields__:
        force_setattr(event.body, name, getattr(body, name))


def _kind(failure: Exception) -> str:
    if isinstance(failure, FloodedError):
        return "flooded"
    # How much memory there is depends on the machine, so that a replay takes it from the record.
    return "memory" if isinstance(failure.__cause__, MemoryError) else "raised"
