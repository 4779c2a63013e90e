"""The layer fills: each order's life followed by the bodies alone, each fill held against tape, quotes and book."""

from __future__ import annotations

from typing import Any

from helios_engine.bodies import (
    CancelIntent,
    Fill,
    Instrument,
    ModifyIntent,
    OrderAccepted,
    OrderCanceled,
    OrderIntent,
    OrderModified,
    OrderTriggered,
    Reject,
)
from helios_engine.events import Body
from helios_engine.proof.audits.barriers import Barriers
from helios_engine.proof.audits.charges import Charges
from helios_engine.proof.audits.offered import SEEN, Offered
from helios_engine.proof.audits.positions import Positions
from helios_engine.proof.audits.prices import Prices
from helios_engine.proof.audits.standing import Asked, Standing, Words
from helios_engine.proof.audits.tally import Tally
from helios_engine.proof.findings import Part
from helios_engine.timeframe import UNITS, duration_text, iso

STALE = 10 * UNITS["m"]
"""A market that was silent for so long (ns), and ten times its mean, is told where it ends with a fill."""
_MEND = {
    "same event": "an order may meet the next event of its market at the earliest",
    "arrival": "let a command take effect at the first event of its market at or after its arrival, not before",
    "stale": "fill at an event of the order's own market, at what that event offers",
    "price": "fill at what tape, quotes or book offer as the order meets them, or worse",
}


class Fills:
    """Hears what a venue is shown and told, and what it answers; numbers are those of the run's inputs."""

    def __init__(self, venue: Part, words: Words, *, where: str = "") -> None:
        self.tally = Tally("fills")
        self._venue, self._words, self._where = venue, words, where
        self._markets: dict[str, Offered] = {}
        self._definitions: dict[str, Instrument] = {}
        self._orders: dict[str, Standing] = {}
        self._live: dict[str, dict[str, Standing]] = {}
        self._barriers: dict[str, Barriers] = {}
        self._positions = Positions(self._wrong)
        self._silences: list[tuple[int, str, int]] = []
        self._charges = Charges(words.fees_in, self._wrong)
        self._prices = Prices(words, self._wrong, self._note, self.tally.count)

    def define(self, definition: Instrument) -> None:
        """A definition holds from now on."""
        self._definitions[definition.instrument] = definition

    def market(self, number: int, ts: int, body: Body) -> None:
        """The venue is shown a market event."""
        if type(body) not in SEEN:
            return
        name = body.instrument  # type: ignore[attr-defined]
        offered = self._markets.get(name)
        if offered is None:
            offered = self._markets[name] = Offered()
            self._barriers[name] = Barriers(self._wrong, self._note)
        offered.take(number, ts, body)
        live = self._live.get(name)
        self._barriers[name].event(ts, body, offered, live.values() if live else ())
        if live:
            self._prices.met(ts, offered, live.values())

    def sent(self, number: int, ts: int, intent: Body) -> None:
        """A command is on its way to the venue."""
        self.tally.count("commands")
        if isinstance(intent, OrderIntent):
            if intent.id not in self._orders:
                order = self._orders[intent.id] = Standing(number, ts, intent)
                self._live.setdefault(intent.instrument, {})[intent.id] = order
            return
        known = self._orders.get(getattr(intent, "id", ""))
        if known is not None and isinstance(intent, CancelIntent) and known.cancel is None:
            known.cancel = Asked(number, ts)
        elif known is not None and isinstance(intent, ModifyIntent):
            known.changes.append((Asked(number, ts), intent))

    def answered(self, number: int, ts: int, body: Body) -> None:
        """The venue has said something."""
        order = self._orders.get(getattr(body, "id", ""))
        match body:
            case Fill():
                self.tally.count("fills")
                if order is None:
                    self._wrong("unknown order", f"{body.fill_id} fills {body.id!r}, which was never sent", ts)
                else:
                    self._filled(number, ts, body, order)
            case _ if order is None:
                return
            case OrderAccepted():
                self._arrived(number, ts, order.asked, order, "was accepted")
                order.accepted = number
            case OrderModified():
                self._modified(number, ts, body, order)
            case OrderTriggered():
                order.is_awake = True
            case OrderCanceled():
                rests = order.intent.type != "MARKET" and order.intent.time_in_force in ("GTC", "GTD")
                if order.cancel is not None and rests and body.reason.startswith("cancel"):
                    self._arrived(number, ts, order.cancel, order, "was cancelled")
                self._over(order)
            case Reject() if not body.reason.startswith(("modify:", "cancel:")):
                self._over(order)

    def ended(self) -> None:
        """The run is over."""
        for barriers in self._barriers.values():
            barriers.ended()
        self._charges.ended()
        for ts, name, gap in self._silences:
            limit = max(STALE, 10 * self._markets[name].mean_gap)
            if gap > limit:
                silent = f"a fill in {name} came after {duration_text(gap - gap % UNITS['s'])} without an event there"
                self._note("silence", f"{silent}; told from {duration_text(limit - limit % UNITS['s'])} on", ts)
        self.tally.count("market events", self._events)

    @property
    def _events(self) -> int:
        return sum(offered.events for offered in self._markets.values())

    def _filled(self, number: int, ts: int, fill: Fill, order: Standing) -> None:
        definition, offered = self._definitions.get(fill.instrument), self._markets.get(fill.instrument)
        live = self._live.get(fill.instrument, {})
        if (fill.instrument, fill.side) != (order.intent.instrument, order.intent.side):
            self._wrong("other order", f"{fill.id} was filled as {fill.side} {fill.instrument}", ts)
            return
        if not order.is_live:
            self._wrong("after its end", f"{fill.id} was filled after its end", ts)
        self._arrived(number, ts, order.asked, order, "was filled")
        if order.intent.expires and ts >= order.intent.expires:
            self._wrong("expired", f"{fill.id} was filled after it had expired at {iso(order.intent.expires)}", ts)
        if offered is None or offered.number != number:
            since = "with no event of its market at all" if offered is None else f"{ts - offered.ts} ns after the last"
            self._wrong("stale", f"{fill.id} was filled {since} event of its market, on a stale price", ts, "stale")
        else:
            self._silences.append((ts, fill.instrument, offered.gap))
            self._prices.filled(ts, fill, order, offered, definition)
            self._barriers[fill.instrument].filled(ts, fill, order, live, offered.body)
        order.is_awake = True
        if definition is not None:
            self._charges.filled(ts, fill, definition)
        self._positions.filled(ts, fill, order)
        if order.filled >= order.quantity:
            self._over(order)

    def _modified(self, number: int, ts: int, body: OrderModified, order: Standing) -> None:
        """Terms changed: by a command that had arrived, or by the venue."""
        # A venue changes trailing stops and reduce-only orders by itself, perhaps to what we have asked for.
        is_ours = order.intent.type != "TRAILING_STOP" and not order.intent.reduce_only
        for change in order.changes if is_ours else ():
            asked, wish = change
            wanted = (wish.quantity, wish.price, wish.trigger)
            found = (body.quantity, body.price, body.trigger)
            if all(w is None or w == f for w, f in zip(wanted, found, strict=True)):
                self._arrived(number, ts, asked, order, "was changed")
                order.changes.remove(change)
                break
        order.quantity, order.price, order.trigger = body.quantity, body.price, body.trigger
        if order.filled >= order.quantity:
            self._over(order)

    def _arrived(self, number: int, ts: int, asked: Asked, order: Standing, what: str) -> None:
        """A command has had an effect: can it have been at the venue?"""
        whose = "the order's" if asked is order.asked else what
        offered = self._markets.get(order.intent.instrument)
        on_bars = offered is not None and offered.is_on_bars
        arrival = self._words.arrival(asked.ts, on_bars=on_bars)
        if number == asked.number and not (what == "was accepted" and not self._words.latency):
            told = f"{order.intent.id} {what} at the very event it was decided at"
            self._wrong(f"same event: {whose}", told, ts, "same event")
        elif ts < arrival:
            ahead = duration_text(arrival - ts)
            told = f"{order.intent.id} {what} {ahead} before it can have arrived, decided at {iso(asked.ts)}"
            self._wrong(f"before arrival: {whose}", told, ts, "arrival")

    def _over(self, order: Standing) -> None:
        order.is_live = False
        self._live[order.intent.instrument].pop(order.intent.id, None)

    def _wrong(self, rule: str, what: str, ts: int, mend: str = "") -> None:
        remedy = _MEND.get(mend or rule, "answer only what orders, market and instrument allow")
        more: dict[str, Any] = {"column": "Fill.fee"} if rule.startswith("fee") else {"column": "Fill"}
        if mend == "price":
            more["column"] = "Fill.price"
        self.tally.wrong(self._venue, rule, what, ts=ts, remedy=remedy, where=self._where, **more)

    def _note(self, rule: str, what: str, ts: int) -> None:
        self.tally.note(self._venue, rule, what, ts=ts)
