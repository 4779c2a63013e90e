"""Run a venue again over a run's recorded inputs: the same orders must come to the same answers, fill by fill."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from helios_engine.assemble import assemble, heads, sources
from helios_engine.build import Plan
from helios_engine.engine import Engine
from helios_engine.errors import JournalError
from helios_engine.events import Body
from helios_engine.journal import JournalReader
from helios_engine.journal.reader import StoredInput
from helios_engine.live.timeline import Stored
from helios_engine.plugins import Plugins
from helios_engine.recording import VENUE
from helios_engine.replay import open_run, quarantines
from helios_engine.runner import Progress, drive
from helios_engine.timeline import REPLY, Input, Source, Timeline


class Answer(NamedTuple):
    """What a venue answered, and when (ns UTC)."""

    ts: int
    body: Body


class Reconciled(NamedTuple):
    """Heads on record and heads of the second run; `number` answers agree before `recorded` and `again` differ."""

    heads: dict[str, tuple[str, str]]
    answers: int
    fills: int
    number: int
    recorded: Answer | None
    again: Answer | None

    @property
    def differences(self) -> list[str]:
        """Chains whose heads differ."""
        return [name for name, (before, now) in self.heads.items() if before != now]


def reconcile(
    place: Path, catalog: str | Path | None = None, plugins: Plugins | None = None, progress: Progress | None = None
) -> Reconciled:
    """Every recorded input but the venue's answers, to a venue that is made anew; raises JournalError.

    Effects are not asked: their replies are on record. The heads of every chain are compared.
    """
    plan, reader, _ = open_run(place, catalog, plugins)
    end = reader.end()
    if end is None or end[0] != "complete":
        status = "killed before its end" if end is None else end[0]
        raise JournalError(f"{place.name}: the run was {status}; only a complete run can be reconciled")
    engine = assemble(plan, timeline=_timeline(plan, reader), ask=_nobody, quarantined=quarantines(plan, reader))
    compared = _Compared(answer for answer in reader.inputs() if answer.source == VENUE)
    compared.listen(engine)
    if not drive(engine, plan, progress):
        raise KeyboardInterrupt
    again = heads(plan, engine)
    names = {name: (before, again.get(name, "missing")) for name, before in end[1].items()}
    number, recorded, now = compared.difference()
    return Reconciled(names, compared.number, engine.port.fills, number, recorded, now)


def _timeline(plan: Plan, reader: JournalReader) -> Timeline:
    if plan.is_live:
        return Stored(Input(i.ts, i.source, i.seq, i.body) for i in reader.inputs() if i.source != VENUE)
    replies: dict[str, list[tuple[int, Body]]] = {}
    for i in reader.inputs():
        if i.source != VENUE:
            replies.setdefault(i.source, []).append((i.ts, i.body))
    return Timeline([*sources(plan), *(Source(name, REPLY, iter(rows)) for name, rows in replies.items())])


class _Compared:
    """Holds each answer of the second run against the one on record."""

    def __init__(self, recorded: Iterator[StoredInput]) -> None:
        self._recorded = recorded
        self.number = 0
        self._found: tuple[int, Answer | None, Answer | None] | None = None

    def listen(self, engine: Engine) -> None:
        """Hear every answer before it is journaled."""
        journal_venue = engine.journal.venue

        def hear(ts: int, source: str, seq: int, body: Body) -> None:
            journal_venue(ts, source, seq, body)
            if source == VENUE:
                self._compare(Answer(ts, body))

        engine.journal.venue = hear  # type: ignore[method-assign]

    def difference(self) -> tuple[int, Answer | None, Answer | None]:
        """How many agree, and the first two that do not; the record's rest counts too."""
        if self._found is None and (left := next(self._recorded, None)) is not None:
            self._found = self.number, Answer(left.ts, left.body), None
        return self._found or (self.number, None, None)

    def _compare(self, now: Answer) -> None:
        self.number += 1
        if self._found is not None:
            return
        stored = next(self._recorded, None)
        before = None if stored is None else Answer(stored.ts, stored.body)
        if before != now:
            self._found = self.number - 1, before, now


def _nobody(ts: int, running: object, request: Body) -> None:
    """No effect is asked: what it replied is on record."""
