"""Stops that the tape passed, and bars in which stop and target of one position were both touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from helios_engine.bodies import Fill, Print
from helios_engine.events import Body
from helios_engine.proof.audits.offered import Offered, exact
from helios_engine.proof.audits.standing import STOPS, Standing
from helios_engine.timeframe import iso

Tell = Callable[[str, str, int], None]
"""A rule, a case of it in words, and its time (ns UTC)."""
LISTED = 5


class Both:
    """An exit inside a bar, and the other exit that stood when it was filled."""

    def __init__(self, ts: int, is_target: bool, other: Decimal, is_above: bool) -> None:
        self.ts, self.is_target, self.other, self.is_above = ts, is_target, other, is_above


class Barriers:
    """Watches the exits of one instrument. What is touched first inside a bar is an assumption; the tape is none."""

    def __init__(self, wrong: Tell, note: Tell) -> None:
        self._wrong, self._note = wrong, note
        self._now, self._due = 0, list[Standing]()
        self._low = self._high = Decimal(0)
        self._inside: list[Both] = []
        self.for_us: list[int] = []
        self.against_us: list[int] = []
        self.paths: dict[str, int] = {}
        self._first_extreme = ""

    def event(self, ts: int, body: Body, offered: Offered, live: Iterable[Standing]) -> None:
        """A market event; `live` are the orders that rest as it happens."""
        self.settled()
        if isinstance(body, Print):
            self._path(body)
        if offered.deal is None or not offered.is_deals_only or None in (offered.tape_bid, offered.tape_ask):
            return
        price = exact(offered.deal.price)
        for order in live:
            if order.is_awake or order.trigger is None or order.accepted < 0:
                continue
            if price >= order.trigger if order.is_buy else price <= order.trigger:
                self._due.append(order)
        self._now = ts

    def settled(self) -> None:
        """The event's answers are all heard: a stop that was due and still sleeps was passed over."""
        for order in self._due:
            if order.is_live and not order.is_awake:
                self._wrong(
                    "passed stop",
                    f"the tape reached the trigger {order.trigger} of {order.intent.id}, and it was not filled",
                    self._now,
                )
        self._due.clear()

    def filled(self, ts: int, fill: Fill, order: Standing, live: Mapping[str, Standing], body: Body | None) -> None:
        """An order was filled at the market event `body`: does the other exit of its position stand?"""
        if not isinstance(body, Print):
            return
        is_stop = order.intent.type in STOPS
        for other in live.values():
            if other is order or not other.is_live or other.intent.side != fill.side or other.accepted < 0:
                continue
            level = other.price if is_stop else other.trigger
            if level is not None and (other.intent.type in STOPS) != is_stop and other.intent.type != "MARKET":
                # A sale is a target above the market and a stop below it, a purchase the other way round.
                self._inside.append(Both(ts, not is_stop, level, (fill.side == "SELL") == is_stop))

    def ended(self) -> None:
        """The run is over: say what was decided by an assumed path."""
        self.settled()
        self._close()
        count = len(self.for_us) + len(self.against_us)
        if not count:
            return
        times = sorted([*self.for_us, *self.against_us])
        listed = ", ".join(iso(ts) for ts in times[:LISTED]) + (", …" if count > LISTED else "")
        path = " and ".join(f"the {name} first in {number}" for name, number in sorted(self.paths.items()))
        self._note(
            "both barriers",
            f"stop and target of one position both lay in {count} bar{'s' * (count > 1)}: the assumed path, which "
            f"takes {path} of them, gave the target {len(self.for_us)} and the stop {len(self.against_us)} times, "
            f"and another path decides otherwise ({listed})",
            times[0],
        )

    def _path(self, body: Print) -> None:
        price = exact(body.price)
        if body.phase == "open":
            self._close()
            self._low = self._high = price
        if body.phase == "extreme" and not self._first_extreme:
            self._first_extreme = "high" if price > self._high else "low"
        self._low, self._high = min(self._low, price), max(self._high, price)

    def _close(self) -> None:
        """A bar is over: were both touched in it?"""
        for both in self._inside:
            if self._high >= both.other if both.is_above else self._low <= both.other:
                (self.for_us if both.is_target else self.against_us).append(both.ts)
                name = self._first_extreme or "open"
                self.paths[name] = self.paths.get(name, 0) + 1
        self._inside.clear()
        self._first_extreme = ""
