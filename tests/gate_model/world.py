"""The small market that the second opinion lives in: four instruments, lots of 0.01, and what it believes is held."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from helios_engine.bodies import Fill, Instrument, OrderIntent, OrderModified

D = Decimal
SECOND = 10**9
HOUR = 3600 * SECOND
BEGIN = 10 * 86_400 * SECOND
LISTED, DELISTED = BEGIN + HOUR, BEGIN + 30 * HOUR
LOT = Fraction(1, 100)
Leg = tuple[str, int, bool]
"""Side, hundredths, and whether it is reduce-only."""


def definition(name: str, base: str, quote: str, **more: Any) -> Instrument:
    return Instrument(name, base, quote, 1, 2, tick=D("0.5"), lot=D("0.01"), min_quantity=D("0.02"), **more)


INSTRUMENTS = {
    d.instrument: d
    for d in (
        definition("BTCZAR.V", "BTC", "ZAR", min_notional=D(5)),
        definition("BTCUSD.V", "BTC", "USD"),
        definition("USDZAR.V", "USD", "ZAR"),
        definition("ETHZAR.W", "ETH", "ZAR", contract="perpetual", listed=LISTED, delisted=DELISTED),
    )
}
RATES = {"USD": "USDZAR.V"}


@dataclass
class Open:
    """An order that may be at the venue: what it says now, what was asked of it, in hundredths what is filled."""

    order: OrderIntent
    asked: list[OrderIntent] = field(default_factory=list)
    filled: int = 0

    @property
    def left(self) -> int:
        return max(lots(o.quantity) for o in [self.order, *self.asked]) - self.filled

    def wake(self) -> None:
        self.order, self.asked = woken(self.order), [woken(o) for o in self.asked]


def woken(order: OrderIntent) -> OrderIntent:
    fields = {name: getattr(order, name) for name in order.__struct_fields__}
    return OrderIntent(**{**fields, "type": "LIMIT", "trigger": None})


def lots(quantity: Decimal) -> int:
    found = Fraction(quantity) / LOT
    assert found.denominator == 1
    return int(found)


class Books:
    """Cash, positions and prices, in fractions and hundredths, and the open orders."""

    def __init__(self, cash: dict[str, int]) -> None:
        self.cash = {currency: Fraction(amount) for currency, amount in cash.items()}
        self.position = dict.fromkeys(INSTRUMENTS, 0)
        self.price: dict[str, Fraction] = {}
        self.open: dict[str, Open] = {}

    def rate(self, currency: str) -> Fraction | None:
        return Fraction(1) if currency == "ZAR" else self.price.get(RATES.get(currency, ""))

    def value(self, name: str, count: int) -> Fraction | None:
        rate = self.rate(INSTRUMENTS[name].quote)
        return None if rate is None or name not in self.price else count * LOT * self.price[name] * rate

    def equity(self) -> Fraction | None:
        parts: list[Fraction | None] = []
        for currency, amount in self.cash.items():
            rate = self.rate(currency)
            parts.append(None if rate is None else amount * rate) if amount else None
        parts += [self.value(name, count) for name, count in self.position.items() if count]
        total = Fraction(0)
        for part in parts:
            if part is None:
                return None
            total += part
        return total

    def held(self, name: str) -> Fraction:
        """In hundredths: contracts, or all of a coin that is owned."""
        d = INSTRUMENTS[name]
        if d.contract == "perpetual":
            return Fraction(self.position[name])
        same = [n for n, other in INSTRUMENTS.items() if other.contract == "spot" and other.base == d.base]
        return self.cash.get(d.base, Fraction(0)) / LOT + sum(self.position[n] for n in same)

    def fill(self, answer: Fill) -> None:
        d, count = INSTRUMENTS[answer.instrument], lots(answer.quantity)
        sign = 1 if answer.side == "BUY" else -1
        self.position[answer.instrument] += sign * count
        for currency, amount in (
            (d.quote, -sign * count * LOT * Fraction(answer.price)),
            ("ZAR", -Fraction(answer.fee)),
        ):
            self.cash[currency] = self.cash.get(currency, Fraction(0)) + amount
        self.price[answer.instrument] = Fraction(answer.price)
        resting = self.open.get(answer.id)
        if resting is not None:
            resting.filled += count
            if resting.left <= 0:
                del self.open[answer.id]

    def modified(self, answer: OrderModified) -> None:
        resting = self.open.get(answer.id)
        if resting is None:
            return
        terms = (answer.quantity, answer.price, answer.trigger)
        for place, asked in enumerate(resting.asked):
            if (asked.quantity, asked.price, asked.trigger) == terms:
                resting.order, resting.asked = asked, resting.asked[place + 1 :]
                break
        if resting.left <= 0:
            del self.open[answer.id]


def extremes(held: Fraction, orders: list[Leg], sums: bool) -> tuple[Fraction, Fraction]:
    """Lowest and highest that a holding comes to over every order in which fills may come, or not come at all."""
    return _extremes(int(held) if held.denominator == 1 else held, tuple(sorted(orders)), sums)


@lru_cache(100_000)
def _extremes(held: Any, orders: tuple[Leg, ...], sums: bool) -> tuple[Any, Any]:
    low = high = held
    for place, (side, count, reduce_only) in enumerate(orders):
        sign = 1 if side == "BUY" else -1
        done = count
        if reduce_only and not sums:
            done = min(done, max(0, -sign * held))  # the venue fills no more than closes the position
        found = _extremes(held + sign * done, orders[:place] + orders[place + 1 :], sums)
        low, high = min(low, found[0]), max(high, found[1])
    return low, high
