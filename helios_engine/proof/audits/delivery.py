"""Whether inputs came when they could be known, each in its place: an independent merge beside the timeline's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from helios_engine.bodies import Print
from helios_engine.events import Body, Event
from helios_engine.proof.audits.tally import Tally
from helios_engine.proof.findings import Part
from helios_engine.timeframe import duration_text, iso
from helios_engine.timeline import REPLY, Input, Source

ENGINE = Part("engine", "engine")
_MEND = "the timeline must deliver by (ts, rank, order of the source, number), nothing before its time"


class Due(NamedTuple):
    """An input and its place: what is smaller comes first."""

    ts: int
    rank: int
    order: int
    seq: int
    source: str
    body: Body


class Stream:
    """One source in its own order; `head` is what it has next."""

    def __init__(self, order: int, source: Source) -> None:
        self._order, self._source, self._rows = order, source, iter(source.inputs)
        self._seq = 0
        self.head: Due | None = None
        self.advance()

    def advance(self) -> None:
        """Go on to the next row."""
        row = next(self._rows, None)
        name, rank = self._source.name, self._source.rank
        self.head = None if row is None else Due(row[0], rank, self._order, self._seq, name, row[1])
        self._seq += 1


class Delivery:
    """Compares the inputs that drive a run with a merge of its own of the same sources.

    `delays` has for each effect how long its replies take (ns). `tick` is the length of the smallest bar (ns). A reply
    that is due at `stop` (ns UTC) or later is not of the run.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        delays: Mapping[str, int],
        tick: int,
        tally: Tally,
        stop: int | None = None,
    ) -> None:
        self._streams = [Stream(order, source) for order, source in enumerate(sources)]
        self._orders = {source.name: order for order, source in enumerate(sources)}
        self._delays, self._tick, self._tally, self._stop = dict(delays), tick, tally, stop
        self._replies: list[Due] = []
        self._replied: dict[str, int] = {}
        self._ahead: dict[tuple[str, int], Input] = {}
        self._unheard: Input | None = None
        self.now = 0

    def asked(self, ts: int, effect: str, reply: Body | None) -> None:
        """An effect has taken a request at `ts`, and will answer so."""
        due = ts + self._delays[effect]
        if reply is None or (self._stop is not None and due >= self._stop):
            return
        order = self._orders.setdefault(effect, len(self._orders))
        seq = self._replied[effect] = self._replied.get(effect, -1) + 1
        self._replies.append(Due(due, REPLY, order, seq, effect, reply))
        self._tally.count("replies")

    def taken(self, given: Input) -> None:
        """An input drives a turn: is it the one whose turn it is?"""
        self._shown()
        self._unheard = given if type(given.body) is not Print else None
        self._tally.count("inputs")
        if given.ts < self.now:
            self._wrong("time", given.ts, f"{given.source} #{given.seq} came after {iso(self.now)}, and is older")
        self.now = given.ts
        due = self._next()
        if due is not None and (due.source, due.seq) == (given.source, given.seq):
            self._remove(due)
            self._compare(due, given)
        else:
            self._ahead[given.source, given.seq] = given

    def pushed(self, event: Event[Body]) -> None:
        """A turn was begun in the pipeline with an input or an answer."""
        given = self._unheard
        if event.ts != self.now:
            self._wrong("event", self.now, f"{event.source} #{event.seq} was shown to stages as of {iso(event.ts)}")
        if given is not None and (event.source, event.seq, event.body) == (given.source, given.seq, given.body):
            self._unheard = None

    def ended(self) -> None:
        """The run is over: what did not come?"""
        self._shown()
        while (due := self._next()) is not None:
            self._remove(due)
            self._wrong("lost", due.ts, f"{due.source} #{due.seq}, known at {iso(due.ts)}, was never delivered")
        for given in self._ahead.values():
            self._wrong("unknown", given.ts, f"{given.source} #{given.seq} was delivered, but its source never had it")

    def _shown(self) -> None:
        if self._unheard is not None:
            given = self._unheard
            self._wrong("unheard", given.ts, f"{given.source} #{given.seq} was taken, but never shown to the stages")

    def _next(self) -> Due | None:
        """What comes next of all that has not come; what came ahead of its turn is judged as its turn comes."""
        while True:
            due = min(self._heads(), default=None, key=lambda d: d[:4])
            given = None if due is None else self._ahead.pop((due.source, due.seq), None)
            if due is None or given is None:
                return due
            self._remove(due)
            if self._compare(due, given):
                self._wrong(
                    "order",
                    given.ts,
                    f"{due.source} #{due.seq} was delivered before inputs of the same time that come first",
                )

    def _heads(self) -> Iterator[Due]:
        yield from (stream.head for stream in self._streams if stream.head is not None)
        yield from self._replies

    def _remove(self, due: Due) -> None:
        if due.order < len(self._streams):
            self._streams[due.order].advance()
        else:
            self._replies.remove(due)

    def _compare(self, due: Due, given: Input) -> bool:
        """Whether an input came at its time and as it was."""
        if given.ts < due.ts:
            kind = "a reply" if due.source in self._delays else "an input"
            what = f"{kind} of {due.source} (#{due.seq}) came {duration_text(due.ts - given.ts)} before {iso(due.ts)}"
            self._wrong(f"early {kind}", given.ts, what, (due.ts - given.ts) / self._tick)
        elif given.ts > due.ts:
            self._wrong("late", due.ts, f"{due.source} #{due.seq}, known at {iso(due.ts)}, came at {iso(given.ts)}")
        elif given.body != due.body:
            self._wrong("changed", due.ts, f"{due.source} #{due.seq} is not what its source gave")
        else:
            return True
        return False

    def _wrong(self, rule: str, ts: int, what: str, horizon: float | None = None) -> None:
        self._tally.wrong(ENGINE, rule, what, ts=ts, remedy=_MEND, horizon=horizon, column="Event.ts")
