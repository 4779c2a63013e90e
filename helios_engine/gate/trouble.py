"""Is something wrong: unanswered orders, a venue that is not online, bad health, doubtful or old data."""

from __future__ import annotations

from typing import Any

from helios_engine.bodies import DataIssue, Health, VenueStatus
from helios_engine.gate.holdings import Case
from helios_engine.gate.limits import Limits
from helios_engine.gate.open_orders import OpenOrders
from helios_engine.ledger import Ledger


class Trouble:
    """Remembers what is wrong, and with what; in trouble no new risk is taken.

    A subject is an instrument or a venue (what follows the last dot of an instrument's name). One that is neither
    concerns everything: nobody can say whom it spares.
    """

    def __init__(self, limits: Limits, ledger: Ledger, orders: OpenOrders) -> None:
        self._ledger, self._orders = ledger, orders
        self._limits, self._age, self._hold = limits.health, limits.max_data_age, limits.quarantine
        self._sick: dict[tuple[str, str], float] = {}
        self._status: dict[str, str] = {}
        self._doubts: dict[str, tuple[int, str]] = {}
        self._seen: dict[str, int] = {}

    def market(self, ts: int, body: Any) -> None:
        """An instrument's data came in: it is fresh now."""
        self._seen[body.instrument] = ts

    def health(self, ts: int, body: Health) -> None:
        """Remember a measurement while it is bad. NaN is bad: nobody knows."""
        if body.kind == "link":
            is_well = body.value >= 1
        elif body.kind in self._limits:
            is_well = abs(body.value) <= self._limits[body.kind]
        else:
            return
        if is_well:
            self._sick.pop((body.subject, body.kind), None)
        else:
            self._sick[body.subject, body.kind] = body.value

    def status(self, ts: int, body: VenueStatus) -> None:
        """Remember what a venue says of itself while it is not `online`."""
        if body.status.lower() == "online":
            self._status.pop(body.venue, None)
        else:
            self._status[body.venue] = body.status

    def issue(self, ts: int, body: DataIssue) -> None:
        """Hold an instrument for a time after an error in its data, or rows that nobody has confirmed."""
        if body.severity != "error" and body.state != "quarantined":
            return
        until = max(ts, body.ts_to) + (self._hold or 0)
        if until > self._doubts.get(body.instrument, (0, ""))[0]:
            self._doubts[body.instrument] = (until, body.kind)

    def told(self, ts: int) -> list[str]:
        """Everything that is wrong at `ts`, in words."""
        told = [f"nobody knows what became of order {order!r}" for order in self._orders.unknown]
        told += [f"{venue} is {status!r}" for venue, status in self._status.items()]
        told += [f"{kind} of {subject or 'everything'} is {value:g}" for (subject, kind), value in self._sick.items()]
        for subject, (until, kind) in self._doubts.items():
            if ts < until:
                told.append(f"{kind} in the data of {subject or 'everything'}, for {(until - ts) / 1e9:g} s")
        return told

    def unanswered(self, case: Case) -> str | None:
        """An order of the instrument has an unknown outcome."""
        for order, instrument in self._orders.unknown.items():
            if instrument == case.order.instrument:
                return f"unknown_outcome: nobody knows what became of order {order!r}"
        return None

    def venue(self, case: Case) -> str | None:
        """The instrument's venue is not online."""
        for venue, status in self._status.items():
            if self._concerns(venue, case.order.instrument):
                return f"venue_status: {venue} is {status!r}, expected 'online'"
        return None

    def sick(self, case: Case) -> str | None:
        """A measurement of health is beyond its limit."""
        for (subject, kind), value in self._sick.items():
            if self._concerns(subject, case.order.instrument):
                limit = "1" if kind == "link" else f"at most {self._limits[kind]:g}"
                return f"health: {kind} of {subject or 'everything'} is {value:g}, expected {limit}"
        return None

    def doubtful(self, case: Case) -> str | None:
        """The instrument's data is in quarantine."""
        for subject, (until, kind) in self._doubts.items():
            if case.ts < until and subject in ("", case.order.instrument):
                return f"quarantine: {kind} in the data of {subject or 'everything'}, for {(until - case.ts) / 1e9:g} s"
        return None

    def old(self, case: Case) -> str | None:
        """The instrument's last market event is too long ago."""
        if self._age is None:
            return None
        name = case.order.instrument
        seen = self._seen.get(name)
        if seen is None:
            return f"max_data_age: no market event of {name} yet, limit {self._age / 1e9:g} s"
        if case.ts - seen > self._age:
            return f"max_data_age: {(case.ts - seen) / 1e9:g} s since an event of {name}, limit {self._age / 1e9:g} s"
        return None

    def _concerns(self, subject: str, instrument: str) -> bool:
        if subject in (instrument, instrument.rpartition(".")[2]):
            return True
        known = self._ledger.instruments
        return subject not in known and subject not in {name.rpartition(".")[2] for name in known}
