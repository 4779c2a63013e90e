"""Whether a fill's price was to be had: for takers what was offered, for resting orders their own price, if reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Protocol

from helios_engine.bodies import Fill, Instrument, Print
from helios_engine.proof.audits.offered import Offered
from helios_engine.proof.audits.standing import STOPS, ZERO, Standing, Words, is_inside_bar, unit_of


class Wrong(Protocol):
    """Takes a rule that was broken, a case of it in words, its time (ns UTC), and what to mend it by."""

    def __call__(self, rule: str, what: str, ts: int, mend: str = "") -> None: ...


class Prices:
    """Judges prices and volumes of fills, each at the market event that it was made at."""

    def __init__(
        self, words: Words, wrong: Wrong, note: Callable[[str, str, int], None], count: Callable[[str], None]
    ) -> None:
        self._words, self._wrong, self._note, self._count = words, wrong, note, count
        self._taken: dict[tuple[int, str, Decimal | None], Decimal] = {}
        self._number = -1

    def met(self, ts: int, offered: Offered, live: Iterable[Standing]) -> None:
        """A market event: market orders that have arrived by now could be filled at it."""
        if not self._words.is_exact or offered.is_on_bars:
            return
        for order in live:
            if order.intent.type == "MARKET" and ts >= self._words.arrival(order.asked.ts, on_bars=False):
                best = offered.best(is_buy=order.is_buy)
                if best is not None:
                    order.first_offers.setdefault(type(offered.body), best)

    def filled(self, ts: int, fill: Fill, order: Standing, offered: Offered, definition: Instrument | None) -> None:
        """A fill at the last event of its market."""
        unit = unit_of(definition)
        limit = order.price
        if limit is not None and order.is_better(limit, fill.price, unit):
            self._wrong("worse than limit", f"{fill.id} was filled at {fill.price}, limit {limit}", ts, "price")
        if order.intent.type in STOPS and not order.is_awake and order.trigger is not None:
            self._woken(ts, fill, order, offered)
        if fill.liquidity == "MAKER" and limit is not None:
            self._rested(ts, fill, order, offered, limit, unit)
        else:
            self._took(ts, fill, order, offered, unit)
        self._volume(ts, fill, order, offered)

    def _rested(self, ts: int, fill: Fill, order: Standing, offered: Offered, limit: Decimal, unit: Decimal) -> None:
        """An order that rested gets its own price, and only if the market came there."""
        reached, best = offered.reached(limit, is_buy=order.is_buy), offered.best(is_buy=order.is_buy)
        if order.is_better(fill.price, limit, unit):
            self._improved(
                ts, fill, order, limit, is_offered=best is None or not order.is_better(fill.price, best, unit)
            )
        if not reached:
            what = f"{fill.id} rested at {limit} and was filled while the market was at {best}"
            self._wrong("not reached", what, ts, "price")
        elif reached == "queue" and self._words.fill_model == "through":
            what = f"{fill.id} was filled at {limit}, which was touched and not passed; the fill model says through"
            self._wrong("touch", what, ts, "price")
        elif reached == "queue":
            model = self._words.fill_model or "the venue's"
            what = f"{fill.id} was filled where its price was touched and not passed, as the fill model {model} says"
            self._note("touched", what, ts)

    def _improved(self, ts: int, fill: Fill, order: Standing, limit: Decimal, *, is_offered: bool) -> None:
        """An order that rested was filled at a better price than its own."""
        what = f"{fill.id} rested at {limit} and was filled at {fill.price}, better than its limit"
        if order.intent.type == "STOP_LIMIT" and is_offered:
            self._note("stop-limit", f"{what}: what had woken it is no price of an order that rests", ts)
        else:
            self._wrong("better than limit", what, ts, "price")

    def _took(self, ts: int, fill: Fill, order: Standing, offered: Offered, unit: Decimal) -> None:
        """A taker gets what is offered, or worse."""
        if order.intent.post_only:
            self._wrong("post-only", f"post-only {fill.id} was filled as a taker", ts)
        best = offered.best(is_buy=order.is_buy)
        if best is None:
            self._count("fills where nothing was offered")
            return
        first = order.first_offers.get(type(offered.body))
        if order.is_better(fill.price, best, unit):
            self._better(ts, fill, order, offered, best)
        elif first is not None and order.is_better(fill.price, first, unit):
            what = f"market order {fill.id} was filled at {fill.price}, later than on arrival, when {first} was offered"
            self._wrong("waited", what, ts, "price")
        if order.intent.type == "MARKET" and is_inside_bar(offered.body):
            self._note("inside", "a market order was filled inside a bar, whose path is assumed", ts)

    def _better(self, ts: int, fill: Fill, order: Standing, offered: Offered, best: Decimal) -> None:
        gain = abs(fill.price - best) * fill.quantity
        trigger = order.trigger
        if trigger is not None and isinstance(offered.body, Print) and not order.is_better(fill.price, trigger, ZERO):
            what = f"stop {fill.id} was filled at its trigger {trigger} inside a bar; the next print was {best}"
            self._note("stop inside a bar", what, ts)
            return
        what = f"{fill.id} was filled at {fill.price}, better than the {best} that was offered, by {gain} in all"
        self._wrong("better than offered", what, ts, "price")

    def _woken(self, ts: int, fill: Fill, order: Standing, offered: Offered) -> None:
        """A stop was filled: had the market come to its trigger?"""
        assert order.trigger is not None
        woke = offered.woke(order.trigger, is_buy=order.is_buy)
        if not woke:
            what = f"stop {fill.id} was filled, but nothing in the market had come to its trigger {order.trigger}"
            self._wrong("asleep", what, ts, "price")
        elif woke == "before":
            what = f"stop {fill.id} was woken at {order.trigger} by an older deal of the other side, not by this event"
            self._note("woken late", what, ts)

    def _volume(self, ts: int, fill: Fill, order: Standing, offered: Offered) -> None:
        """What was filled at one event, at one price of a book, against what was there."""
        if offered.number != self._number:
            self._taken.clear()
            self._number = offered.number
        level = None if offered.deal is not None else fill.price
        key = (offered.number, fill.side, level)
        before = self._taken.get(key, ZERO)
        self._taken[key] = after = before + fill.quantity
        shown = offered.shown(fill.price, is_buy=order.is_buy)
        if shown is not None and before <= shown < after:
            there = "was traded" if level is None else "was offered at that price"
            what = f"{after} of {fill.instrument} were filled at one event where {shown} {there}"
            self._note("volume", what, ts)
