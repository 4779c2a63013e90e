"""Whether what a feed gives is stamped no earlier than what it speaks of had happened."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from helios_engine.bodies import Bar, DataIssue, FundingRate, Instrument, VenueStatus
from helios_engine.events import Body
from helios_engine.proof.audits.tally import Tally
from helios_engine.proof.findings import Part
from helios_engine.timeframe import UNITS, duration_text, iso, timeframe_ns
from helios_engine.timeline import Input

CLOCKS = UNITS["s"]
"""A venue's clock may run ahead of the receiver's by so much (ns) before its events are called known too early."""
_FIELDS = ("ts_event", "ts_open", "ts_close", "boundary", "valid_from")
_MEND = {
    "valid_from": "tell a definition when it comes into force, not before",
    "ts_to": "tell a doubt when its last row has been seen",
    "ts_close": "stamp a bar with its close (and the delay of its source), not with its open",
    "ts_event": "stamp what was received with its receipt; state --clock-offset at import if that clock is slow",
}


@cache
def times_of(kind: type[Body]) -> tuple[str, ...]:
    """The fields of a kind of body that say when it happened (ns UTC)."""
    if kind is VenueStatus:
        return ()  # maintenance is announced
    if kind is DataIssue:
        return ("ts_to",)
    return tuple(name for name in _FIELDS if name in kind.__struct_fields__)


class Stamps:
    """Checks every input of every feed; `parts` are the feeds by the names of their sources."""

    def __init__(self, parts: Mapping[str, Part], places: Mapping[str, str], tick: int, tally: Tally) -> None:
        self._parts, self._places, self._tick, self._tally = parts, places, tick, tally

    def taken(self, given: Input) -> None:
        """One input, as the engine was given it."""
        body, ts = given.body, given.ts
        for name in times_of(type(body)):
            happened = getattr(body, name)
            if happened > ts:
                self._early(given, name, happened)
        if type(body) is Bar:
            self._bar(given, body)
        elif type(body) is Instrument and body.delisted > ts:
            self._tally.note(
                self._part(given),
                "delisted",
                f"the definition of {body.instrument} says at {iso(ts)} that it is delisted at {iso(body.delisted)}: "
                "known ahead only if it was announced by then",
                ts=ts,
            )

    def _early(self, given: Input, name: str, happened: int) -> None:
        part, kind, ahead = self._part(given), type(given.body).__name__, happened - given.ts
        known = f"{kind} #{given.seq} is known at {iso(given.ts)}, {duration_text(ahead)} before its {name}"
        if name == "ts_event" and ahead <= CLOCKS and type(given.body) is not FundingRate:
            self._tally.note(part, "clock", f"{known}: clocks differ", ts=given.ts)
            return
        self._tally.wrong(
            part,
            f"early {name}",
            f"{known}, {iso(happened)}",
            ts=given.ts,
            column=f"{kind}.{name}",
            horizon=ahead / self._tick,
            where=self._places.get(part.name, ""),
            remedy=_MEND.get(name, "stamp nothing before it happened"),
        )

    def _bar(self, given: Input, bar: Bar) -> None:
        self._tally.count("bars given")
        length = timeframe_ns(bar.timeframe)
        if bar.ts_open % length or bar.ts_close - bar.ts_open != length:
            part = self._part(given)
            self._tally.wrong(
                part,
                "aligned",
                f"the bar of {iso(bar.ts_open)} to {iso(bar.ts_close)} is no {bar.timeframe} bucket of UTC",
                ts=given.ts,
                column="Bar.ts_open",
                where=self._places.get(part.name, ""),
                remedy="open buckets at multiples of the timeframe since 1970 and close them one timeframe later",
            )

    def _part(self, given: Input) -> Part:
        return self._parts.get(given.source, Part("engine", "engine"))
