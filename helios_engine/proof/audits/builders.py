"""Stages that build bars: what each heard, what it said and when, and whether the one follows from the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from helios_engine.bodies import Bar, DataIssue, Instrument, Tick, Trade
from helios_engine.events import Body, Event
from helios_engine.proof.audits.built_bars import Tape, Wrong, compare, missing
from helios_engine.proof.audits.tally import Tally
from helios_engine.proof.findings import Part
from helios_engine.timeframe import iso, nanoseconds

_BUCKETS = "put each trade into [open, close) by ts_event; say a bar when its close has passed and all below it is said"


class Said(NamedTuple):
    """A bar as a stage said it: when (ns UTC) and at which line."""

    ts: int
    bar: Bar
    where: str


class Builder:
    """One stage that says bars. Trades and bars that it refuses as late are taken at its word, if they were."""

    def __init__(self, part: Part, tick: int, tally: Tally) -> None:
        self._part, self._tick, self._tally = part, tick, tally
        self._trades: dict[str, Tape] = {}
        self._bars: dict[tuple[str, str], Tape] = {}
        self._said: dict[tuple[str, str], list[Said]] = {}
        self._last: dict[str, dict[str, Bar]] = {}
        self._scales: dict[str, int] = {}
        self._passed: dict[str, int] = {}
        self._ticked = self._number = 0
        self._late: dict[int, tuple[str, int, int, int]] = {}

    def delivered(self, event: Event[Body], outputs: Sequence[Body], lines: Sequence[str]) -> None:
        """The stage has heard an event and said `outputs`, each at one of `lines`."""
        body, now = event.body, event.ts
        self._number += 1
        for number, output in enumerate(outputs):
            if type(output) is Bar:
                self._bar(now, output, lines[number] if number < len(lines) else "")
            elif type(output) is DataIssue and output.kind.startswith("late") and isinstance(body, Trade | Bar):
                ts = body.ts_event if isinstance(body, Trade) else body.ts_open
                passed = max(self._passed.get(body.instrument, 0), self._ticked)
                self._late[self._number] = (body.instrument, now, ts, passed)
        if isinstance(body, Trade):
            tape = self._trades.get(body.instrument)
            if tape is None:
                tape = self._trades[body.instrument] = Tape()
            tape.trade(self._number, body.ts_event, body.price, body.quantity)
            self._passes(body.instrument, min(body.ts_event, now))
        elif isinstance(body, Bar):
            self._bars.setdefault((body.instrument, body.timeframe), Tape()).bar(self._number, body)
            self._passes(body.instrument, body.ts_close)
        elif isinstance(body, Tick):
            self._ticked = max(self._ticked, body.boundary)
        elif isinstance(body, Instrument):
            self._scales[body.instrument] = max(body.size_scale, self._scales.get(body.instrument, 0))

    def ended(self) -> None:
        """The run is over: add up again."""
        lengths = [length for _, frame in self._said if (length := _length(frame))]
        self._check_late(min(lengths, default=0))
        smallest = math.gcd(*lengths)
        for (instrument, timeframe), said in self._said.items():
            length = _length(timeframe)
            tapes = self._sources(instrument, length)
            if not length or not tapes:
                self._tally.count("bars of another make", len(said))
                continue
            self._tally.count("built bars added up again", len(said))
            bars, scale, late = [s.bar for s in said], self._scales.get(instrument, 8), frozenset(self._late)
            tables = [tape.buckets(length, smallest, scale, late) for tape in tapes]
            wrongs = [compare(bars, table) for table in tables]
            best = min(range(len(tapes)), key=lambda i: len(wrongs[i]))
            moved = tapes[best].buckets(length, smallest, scale, late, shift=1) if wrongs[best] else {}
            off = {w.number for w in compare(bars, moved)}
            for wrong in wrongs[best]:
                self._differs(said[wrong.number], wrong, is_shifted=wrong.number not in off)
            until = self._ticked or self._passed.get(instrument, 0)
            for start in missing(bars, tables[best], length, until):
                self._wrong("missing", start + length, "Bar", f"no {timeframe} bar of {iso(start)} of {instrument}")

    def _sources(self, instrument: str, length: int) -> list[Tape]:
        if instrument in self._trades:
            return [self._trades[instrument]]
        frames = ((_length(t), tape) for (name, t), tape in self._bars.items() if name == instrument)
        return [tape for below, tape in sorted(frames, key=lambda f: f[0]) if below and length and not length % below]

    def _bar(self, now: int, bar: Bar, where: str) -> None:
        length = _length(bar.timeframe)
        self._said.setdefault((bar.instrument, bar.timeframe), []).append(Said(now, bar, where))
        if not length:
            return
        name = f"the {bar.timeframe} bar of {iso(bar.ts_open)} of {bar.instrument}"
        if now < bar.ts_close:
            ahead = (bar.ts_close - now) / self._tick
            self._wrong("early", now, "Bar.ts_close", f"{name} is said before it closes", where, ahead)
        if bar.ts_open % length or bar.ts_close - bar.ts_open != length:
            self._wrong("aligned", now, "Bar.ts_open", f"{name} to {iso(bar.ts_close)} is no bucket of UTC", where)
        others = self._last.setdefault(bar.instrument, {})
        for frame, other in others.items():
            if other.ts_open <= bar.ts_open and bar.ts_close <= other.ts_close and _length(frame) > length:
                above = f"the {frame} bar of {iso(other.ts_open)} of {bar.instrument}"
                self._wrong("above first", now, "Bar", f"{above} was said before {name}, a part of it", where)
        others[bar.timeframe] = bar

    def _check_late(self, smallest: int) -> None:
        """What was refused as late must have been: its smallest bucket had ended."""
        for instrument, now, ts, passed in self._late.values():
            self._tally.count("late rows refused")
            if smallest and ts - ts % smallest + smallest > passed:
                self._wrong("refused", now, "DataIssue", f"{instrument} at {iso(ts)} was refused as late, but was not")

    def _differs(self, said: Said, wrong: Wrong, *, is_shifted: bool) -> None:
        bar = said.bar
        why = ": it holds what happened at its close, which is the next bar's" if is_shifted else ""
        what = f"the {bar.timeframe} bar of {iso(bar.ts_open)} of {bar.instrument} is not what was traded: {wrong.what}"
        self._wrong("value", said.ts, wrong.column, what + why, said.where)

    def _passes(self, instrument: str, ts: int) -> None:
        self._passed[instrument] = max(ts, self._passed.get(instrument, 0))

    def _wrong(self, rule: str, ts: int, column: str, what: str, where: str = "", horizon: float | None = None) -> None:
        self._tally.wrong(self._part, rule, what, ts=ts, column=column, where=where, horizon=horizon, remedy=_BUCKETS)


def _length(timeframe: str) -> int:
    """The length of a timeframe in ns, or 0 for bars that are not made by time."""
    try:
        return nanoseconds(timeframe)
    except ValueError:
        return 0
