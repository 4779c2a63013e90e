"""The layer availability: nothing known before it could be, bars at their close, outputs not before their causes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from helios_engine.bodies import Bar, Features
from helios_engine.events import Body, Event
from helios_engine.proof.audits.builders import Builder
from helios_engine.proof.audits.delivery import ENGINE, Delivery
from helios_engine.proof.audits.row_values import RowValues
from helios_engine.proof.audits.stamps import Stamps
from helios_engine.proof.audits.tally import Tally
from helios_engine.proof.findings import Part
from helios_engine.timeframe import iso
from helios_engine.timeline import Input, Source

NOT_COVERED = (
    "availability: whether features of a feed are stamped too early is seen only where they are prices, volumes or "
    "returns of a bar",
)
_FLOW = "a stage may hear only what was said before it in the same turn"


class Availability:
    """Hears a run and audits when what was known. `parts` are feeds by source, and stages and effects by name.

    `start` and `stop` (ns UTC) are when decisions begin and the run ends, `tick` is the length of the smallest bar,
    also ns, and `builders` are the stages, by their number, that say bars.
    """

    def __init__(
        self,
        *,
        sources: Sequence[Source],
        delays: Mapping[str, int],
        parts: Mapping[str, Part],
        places: Mapping[str, str],
        stages: Sequence[Part],
        builders: Sequence[int],
        start: int,
        stop: int,
        tick: int,
    ) -> None:
        self.tally = Tally("availability")
        self.delivery = Delivery(sources, delays, tick, self.tally, stop)
        self._stamps = Stamps(parts, places, tick, self.tally)
        self._rows = RowValues(tick, self.tally)
        self._parts, self._stages, self._start, self._tick = parts, stages, start, tick
        self._positions = {part.name: position for position, part in enumerate(stages)}
        self._builders = {number: Builder(stages[number], tick, self.tally) for number in builders}
        self._counts = [0] * len(stages)
        self._begun = [0] * len(stages)
        self.spoke: set[str] = set()

    def taken(self, given: Input) -> None:
        """An input drives a turn."""
        self.delivery.taken(given)
        self._stamps.taken(given)
        if given.source in self._parts:
            self.spoke.add(self._parts[given.source].name)
        if type(given.body) is Bar:
            self._rows.bar(given.body)
        elif type(given.body) is Features:
            self._rows.row(self._parts.get(given.source, ENGINE), given.ts, given.body)

    def pushed(self, event: Event[Body]) -> None:
        """A turn begins in the pipeline."""
        self._begun = self._counts[:]
        self.delivery.pushed(event)

    def delivered(self, position: int, event: Event[Body], outputs: Sequence[Body], lines: Sequence[str]) -> None:
        """A stage has heard an event and said `outputs`, each at one of `lines`."""
        said_by = self._positions.get(event.source)
        if said_by is not None and not (
            said_by < position and self._begun[said_by] <= event.seq < self._counts[said_by]
        ):
            what = f"it heard {event.source} #{event.seq}, which was not said before it in this turn"
            self._wrong(self._stages[position], "cause", event.ts, what)
        if event.ts != self.delivery.now:
            what = f"it heard {event.source} #{event.seq} as of {iso(event.ts)}, at {iso(self.delivery.now)}"
            self._wrong(self._stages[position], "stamp", self.delivery.now, what)
        builder = self._builders.get(position)
        if builder is not None:
            builder.delivered(event, outputs, lines)
        if outputs:
            self.spoke.add(self._stages[position].name)
            self._counts[position] += len(outputs)
            self.tally.count("outputs", len(outputs))
            for body in outputs:
                if type(body) is Bar:
                    self._rows.bar(body)

    def sent(self, ts: int, intent: Body) -> None:
        """An intent has passed the gate."""
        self.tally.count("decisions")
        if ts < self._start:
            what = f"{type(intent).__name__} reached the venue before the run's start, {iso(self._start)}"
            self._wrong(ENGINE, "start", ts, what, "the port must turn away what is decided during the warm-up")

    def asked(self, ts: int, effect: str, reply: Body | None) -> None:
        """An effect has taken a request, and will answer so."""
        self.spoke.add(effect)
        self.delivery.asked(ts, effect, reply)

    def ended(self) -> None:
        """The run is over."""
        self.delivery.ended()
        self._rows.ended()
        for builder in self._builders.values():
            builder.ended()

    def _wrong(self, part: Part, rule: str, ts: int, what: str, remedy: str = _FLOW) -> None:
        # Whatever a stage hears is the engine's doing.
        self.tally.wrong(ENGINE, f"{part.name} {rule}", f"{part.name}: {what}", ts=ts, remedy=remedy)
