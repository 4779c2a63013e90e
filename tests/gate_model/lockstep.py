"""The gate and the second opinion side by side: both hear the same, and must say the same of every order."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import msgspec

from helios_engine.bodies import (
    Fill,
    OrderAccepted,
    OrderCanceled,
    OrderModified,
    OrderTriggered,
    OrderUnknown,
    Quote,
    Reject,
    Trade,
)
from helios_engine.config_gate import GateSection
from helios_engine.events import Body
from helios_engine.gate import Gate, kind_of
from helios_engine.ledger import Ledger
from tests.gate_model import draws
from tests.gate_model.opinion import Opinion, changed, shape_of
from tests.gate_model.world import BEGIN, HOUR, INSTRUMENTS, RATES, SECOND, Books, Open

D = Decimal
CROWD = 4
"""As many orders may be open as every order of their fills can be tried for."""


class Lockstep:
    """One run of a gate. `verdicts` counts what was said, `passes` and each kind of no."""

    def __init__(self, draw: Random, limits: dict[str, Any] | None = None, cash: dict[str, int] | None = None) -> None:
        self.draw = draw
        self.limits = draws.limits(draw) if limits is None else limits
        cash = cash or {"ZAR": 1000, "USD": draw.choice((0, 0, 5)), "BTC": draw.choice((0, 0, 2))}
        self.ledger = Ledger("ZAR", {currency: D(amount) for currency, amount in cash.items()}, RATES)
        self.ledger.instruments.update(INSTRUMENTS)
        self.gate = Gate(msgspec.convert(self.limits, GateSection), self.ledger)
        self.hears = self.gate.hears()
        self.books = Books(cash)
        self.opinion = Opinion(self.limits, self.books)
        self.verdicts: Counter[str] = Counter()
        self.now, self.number = BEGIN, 0
        for name in INSTRUMENTS:
            if draw.random() < 0.95:
                self.market(name)
        if draw.random() < 0.8:
            self.now += HOUR  # everything is listed

    def step(self) -> None:
        """One thing happens; most of them are orders."""
        acts = (self.order, self.modify, self.answer, self.market, self.wait, self.news)
        self.draw.choices(acts, (40, 15, 20, 8, 12, 5))[0]()
        if len(self.books.open) > CROWD:
            self.hear(OrderCanceled(next(iter(self.books.open)), "", "asked"))

    def order(self) -> None:
        self.number += 1
        intent = draws.order(self.draw, self.number, self.now, self.last())
        if self.books.open and self.draw.random() < 0.05:
            again = self.draw.choice(list(self.books.open.values())).order
            intent = msgspec.structs.replace(again, id=str(self.number))
        expected = self.opinion.of_order(self.now, intent)
        if self.agree(self.gate.refuse(self.now, intent), expected, intent):
            self.opinion.ids.add(intent.id)
            self.opinion.sent.append(self.now)
            self.opinion.shapes.append((self.now, shape_of(intent)))
            self.books.open[intent.id] = Open(intent)

    def modify(self) -> None:
        if not self.books.open and self.draw.random() < 0.9:
            return
        change = draws.change(self.draw, self.books.open, self.last())
        expected = self.opinion.of_change(self.now, change)
        reason = self.gate.refuse_change(self.now, change)
        assert reason is None or reason.startswith("modify ")
        if self.agree(reason, expected, change):
            resting = self.books.open[change.id]
            resting.asked.append(changed(resting.asked[-1] if resting.asked else resting.order, change))
            self.opinion.sent.append(self.now)

    def agree(self, reason: str | None, expected: set[str], intent: Body) -> bool:
        """Both pass, or both refuse and the gate's reason is one of the second opinion's."""
        kind = "passes" if reason is None else kind_of(reason)
        self.verdicts[kind] += 1
        same = not expected if reason is None else kind in expected
        assert same, f"{intent}: the gate says {reason!r}, the second opinion {sorted(expected)}; limits {self.limits}"
        return reason is None

    def answer(self) -> None:
        """The venue answers for an open order."""
        if not self.books.open:
            return
        order = self.draw.choice(sorted(self.books.open))
        resting = self.books.open[order]
        name = resting.order.instrument
        match self.draw.randrange(8):
            case 0:
                self.hear(OrderAccepted(order, name))
            case 1:
                self.hear(OrderCanceled(order, name, "asked"))
            case 2:
                self.hear(Reject(order, name, "venue", self.draw.choice(("modify: no", "cancel: no", "no"))))
            case 3 if self.draw.random() < 0.4:
                self.hear(OrderUnknown(order, name, "no answer"))
            case 3 if resting.order.type == "STOP_LIMIT":
                self.hear(OrderTriggered(order, name))
            case 4 if resting.asked:
                terms = self.draw.choice(resting.asked)
                self.hear(OrderModified(order, name, terms.quantity, terms.price, terms.trigger))
            case _:
                self.fill(resting)

    def fill(self, resting: Open) -> None:
        order, count = resting.order, self.draw.randint(1, resting.left)
        if order.reduce_only and not self.limits.get("sum_reduce_only"):
            held = self.books.held(order.instrument)
            count = min(count, int(max(0, held if order.side == "SELL" else -held)))
        if not count:  # the venue holds a reduce-only order to the position
            self.hear(OrderCanceled(order.id, order.instrument, "nothing to reduce"))
            return
        price = self.price(order.instrument) if order.price is None else order.price
        fee = D(self.draw.choice(("0", "0.5", "-0.25")))
        self.number += 1
        self.hear(
            Fill(order.id, str(self.number), order.instrument, order.side, D(count) / 100, price, fee, "ZAR", "TAKER")
        )

    def hear(self, answer: Body) -> None:
        """Tell both what the venue said, as the port would."""
        order: str = getattr(answer, "id", "")
        self.gate.hear(answer)
        self.opinion.unknown.pop(order, None)
        match answer:
            case OrderUnknown():
                self.opinion.unknown[order] = answer.instrument
            case OrderCanceled():
                self.books.open.pop(order, None)
            case OrderTriggered() if order in self.books.open:
                self.books.open[order].wake()
            case OrderModified():
                self.books.modified(answer)
            case Fill():
                self.ledger.fill(answer)
                self.books.fill(answer)
            case Reject() if order in self.books.open:
                resting = self.books.open[order]
                if answer.reason.startswith("modify"):
                    resting.asked = resting.asked[1:]
                if resting.left <= 0 or answer.reason == "no":
                    del self.books.open[order]
        self.mark()

    def market(self, name: str = "") -> None:
        """A trade, or a quote."""
        name = name or self.draw.choice(draws.NAMES)
        price = D(self.draw.choice((160, 190, 196, 198, 200, 200, 200, 202, 204, 220, 240))) / 2
        if self.draw.random() < 0.8 or name not in self.books.price:
            self.books.price[name] = Fraction(price)
            self.ledger.prices[name] = float(price)
            self.input(Trade(name, self.now, float(price), 1.0, "BUY", "1"))
        else:
            ask = price + D(self.draw.choice((1, 8))) / 2
            self.opinion.touch[name] = (Fraction(price), Fraction(ask))
            self.input(Quote(name, self.now, float(price), float(ask), 1.0, 1.0))
        self.opinion.seen[name] = self.now
        self.mark()

    def wait(self) -> None:
        self.now += self.draw.choice((1, SECOND // 2, SECOND, 10 * SECOND, 60 * SECOND, HOUR, 7 * HOUR))
        self.mark()

    def news(self) -> None:
        body = draws.news(self.draw, self.now)
        self.opinion.hear(self.now, body)
        self.input(body)

    def input(self, body: Body) -> None:
        for take in self.hears.get(type(body), ()):
            take(self.now, body)

    def mark(self) -> None:
        account = self.ledger.account()
        equity = self.books.equity()
        assert (account is None) == (equity is None)
        if account is not None:
            # A perpetual's average price is a quotient, which Decimal rounds at its 28th digit.
            assert abs(Fraction(account.equity) - equity) < Fraction(1, 10**12)
            self.gate.marked(self.now, account, True)
            self.opinion.marked(self.now)

    def last(self) -> float:
        return float(self.draw.choice(list(self.books.price.values()) or [Fraction(100)]))

    def price(self, name: str) -> Decimal:
        return D(repr(self.ledger.prices.get(name, 100.0)))
