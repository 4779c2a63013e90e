"""One way through the market: in with the entry, out with stop, target or at market, and what is known of it."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal

from helios_engine.bodies import Fill, Instrument, OrderModified, Reject
from helios_execution.distances import Distances
from helios_execution.leg import Answer, End, Leg
from helios_execution.sizing import ZERO, decimal, whole_lots, whole_ticks

Role = Literal["stop", "take", "close"]


class Trip:
    """State of a bracket in one instrument from the entry until everything is over.

    `sign` is +1 for a long one; `keep` the quantity that may stay, 0 while leaving; `is_bare` when the legs have to
    go before the venue takes a closing order; `is_watched` when the venue refused the target, whose price is then
    watched here; `is_exposed` when the stop is gone for good, so that the position has to be left; `is_spent` when
    the way out was the bracket's own and not a target's.
    """

    def __init__(self, number: str, sign: int, keep: Decimal, distances: Distances, expires: int = 0) -> None:
        self.number, self.sign, self.keep, self.distances = number, sign, keep, distances
        self.expires = expires
        self.stop: Leg | None = None
        self.take: Leg | None = None
        self.close: Leg | None = None
        self.stop_price: Decimal | None = None
        self.take_price: Decimal | None = None
        self.offset = ZERO
        self.is_bare = self.is_watched = self.is_exposed = self.has_exited = self.is_spent = False
        self.pause = 0
        self.count = 0

    def open(self, definition: Instrument, held: Decimal) -> Decimal:
        """What is held in the direction of the trip, in whole lots; 0 for a position the other way."""
        return whole_lots(definition, max(ZERO, self.sign * held))

    def needs_no_more(self, left: Decimal, position: Decimal, now: int) -> bool:
        """Whether an entry's rest is not wanted: an exit has begun, its time is over, or it is more than may stay."""
        is_late = self.expires > 0 and now > self.expires
        return self.has_exited or is_late or self.sign * position + left > self.keep

    def has_orders(self) -> bool:
        """Whether an exit order may still do something."""
        return not (self.stop is None and self.take is None and self.close is None)

    def name_of(self, role: Role) -> str:
        """The id of the next exit order of a role."""
        self.count += 1
        return f"{self.number}-{role}-{self.count}"

    def measure(self, definition: Instrument, average: Decimal) -> tuple[Decimal, Decimal]:
        """Stop and target price, in whole ticks away from the average price of the position; fixed when first asked."""
        if self.stop_price is None or self.take_price is None:
            below, above = (self.distances.stop, self.distances.take)[:: self.sign]
            low = max(definition.tick, whole_ticks(definition, average * (1 - below), ROUND_FLOOR))
            high = whole_ticks(definition, average * (1 + above), ROUND_CEILING)
            self.stop_price, self.take_price = (low, high)[:: self.sign]
            self.offset = abs(average - self.stop_price)
        return self.stop_price, self.take_price

    def is_through(self, price: float, level: Decimal, *, is_stop: bool) -> bool:
        """Whether the last price has reached a stop or a target price."""
        ahead = (decimal(price) - level) * self.sign
        return ahead <= 0 if is_stop else ahead >= 0

    def look(self, price: float) -> None:
        """Draw the conclusions: leave without a stop, after a leg was done, and at a watched target price."""
        if self.is_watched and self.take_price is not None and self.is_through(price, self.take_price, is_stop=False):
            self.is_spent = True
        if self.is_exposed or self.is_spent:
            self.keep = ZERO

    def expose(self) -> None:
        """The stop is gone, or cannot be placed: the way out is at market, and the bracket's own."""
        self.is_exposed = True
        self.is_spent |= self.keep > 0
        self.keep = ZERO

    def hear(self, answer: Answer, pause: int) -> None:
        """Take in what became of an exit order; `pause` (ns UTC) is when a refused one may be tried again."""
        for role in ("stop", "take", "close"):
            leg: Leg | None = getattr(self, role)
            if leg is not None and leg.id == answer.id:
                grows = leg.pending == "modify" and leg.aim > leg.quantity
                end = leg.hear(answer, pause)
                self.has_exited |= isinstance(answer, Fill)
                if role == "stop" and isinstance(answer, OrderModified) and answer.trigger is not None:
                    self.stop_price = answer.trigger  # where a trailing stop has come to
                if role == "stop" and isinstance(answer, Reject) and grows:
                    self.expose()  # a stop that will not grow does not cover what is held
                if role == "stop" and leg.is_doubtful:
                    self.expose()
                if end:
                    setattr(self, role, None)
                    self._ended(role, end, isinstance(answer, Reject) and answer.by == "venue", pause)

    def _ended(self, role: str, end: End, is_venues_no: bool, pause: int) -> None:
        if role == "stop":
            # Without a stop nothing is held: only one that we took back ourselves leaves the choice.
            if end != "taken back":
                self.expose()
        elif role == "take":
            self.is_spent |= end == "filled" and self.keep > 0
            self.is_watched |= end in ("refused", "gone")
        elif end == "filled":
            self.is_bare = False
        else:
            # The venue may hold what is to be sold for the legs: then they have to go first.
            self.is_bare |= is_venues_no
            self.pause = pause
