"""The gate: the last word before the venue, in every mode; no plugin can pass around it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from decimal import Decimal

import msgspec

from helios_engine.bodies import Fill, ModifyIntent, OrderCanceled, OrderIntent, OrderModified, OrderUnknown, Reject
from helios_engine.config import GateSection
from helios_engine.events import Body
from helios_engine.ledger import ZERO, Ledger
from helios_engine.timeframe import DAY, UNITS, nanoseconds


class Gate:
    """Says no, with a reason. It knows limits, open orders and the ledger, and nothing of plugins."""

    def __init__(self, limits: GateSection, ledger: Ledger) -> None:
        self._ledger = ledger
        self._max_position = _decimal(limits.max_position)
        self._max_notional = _decimal(limits.max_notional)
        self._max_rate = limits.max_orders_per_minute
        self._max_loss = None if limits.max_daily_loss is None else Decimal(str(limits.max_daily_loss))
        self._collar = None if limits.price_collar is None else Decimal(str(limits.price_collar))
        self._window = None if limits.duplicate_window is None else nanoseconds(limits.duplicate_window)
        self._open: dict[str, tuple[OrderIntent, Decimal]] = {}
        self._ids: set[str] = set()
        self._sent: deque[int] = deque()
        self._recent: dict[tuple[str, str, Decimal, Decimal | None], int] = {}
        self._unknown: set[str] = set()
        self._day = -1
        self._day_equity: Decimal | None = None
        self._checks: tuple[Callable[[int, OrderIntent], str | None], ...] = (
            self._form,
            self._identity,
            self._doubt,
            self._rate,
            self._repeat,
            self._price,
            self._notional,
            self._position,
            self._loss,
        )

    def refuse(self, ts: int, intent: OrderIntent) -> str | None:
        """Why this order may not pass, or nothing; an order that passes counts as sent."""
        self.new_day(ts)
        for check in self._checks:
            reason = check(ts, intent)
            if reason is not None:
                return reason
        self._ids.add(intent.id)
        self._open[intent.id] = (intent, intent.quantity)
        self._sent.append(ts)
        if self._window is not None:
            self._recent[_shape(intent)] = ts
        return None

    def refuse_change(self, ts: int, change: ModifyIntent) -> str | None:
        """Why a modification may not pass; it is judged as the order it would leave."""
        known = self._open.get(change.id)
        if known is None:
            return f"no open order {change.id!r} to modify"
        order = known[0]
        quantity = order.quantity if change.quantity is None else change.quantity
        after = msgspec.structs.replace(
            order, quantity=quantity, price=change.price or order.price, trigger=change.trigger or order.trigger
        )
        del self._open[change.id]  # judged without itself, then put back as it will be
        self.new_day(ts)
        checks = (
            self._form,
            self._doubt,
            self._rate,
            self._price,
            self._notional,
            self._position,
            self._loss,
        )
        reason = next((found for check in checks if (found := check(ts, after)) is not None), None)
        self._open[change.id] = known if reason is not None else (after, quantity)
        if reason is None:
            self._sent.append(ts)
        return reason

    def hear(self, answer: Body) -> None:
        """Learn what became of an order."""
        match answer:
            case Fill():
                intent, left = self._open.get(answer.id, (None, ZERO))
                if intent is not None:
                    self._open[answer.id] = (intent, left - answer.quantity)
                    if left - answer.quantity <= 0:
                        del self._open[answer.id]
            case OrderModified() if answer.id in self._open:
                intent, left = self._open[answer.id]
                known = msgspec.structs.replace(intent, quantity=answer.quantity)
                self._open[answer.id] = (known, left + answer.quantity - intent.quantity)
            case Reject() if answer.id in self._open and answer.reason.startswith(("modify", "cancel")):
                pass  # the change was refused; the order itself rests on
            case Reject() | OrderCanceled():
                self._open.pop(answer.id, None)
                self._unknown.discard(answer.id)
            case OrderUnknown():
                self._unknown.add(answer.id)

    def _form(self, ts: int, intent: OrderIntent) -> str | None:
        if intent.instrument not in self._ledger.instruments:
            return f"unknown instrument {intent.instrument!r}"
        if not intent.quantity.is_finite() or intent.quantity <= 0:
            return f"quantity {intent.quantity} is not positive"
        for name, value, kinds in (
            ("price", intent.price, ("LIMIT", "STOP_LIMIT")),
            ("trigger", intent.trigger, ("STOP", "STOP_LIMIT")),
            ("offset", intent.offset, ("TRAILING_STOP",)),
        ):
            if (intent.type in kinds) != (value is not None) and (name, intent.type) != ("trigger", "TRAILING_STOP"):
                return f"a {intent.type} order with {name} {value}"
            if value is not None and (not value.is_finite() or value <= 0):
                return f"{name} {value} is not positive"
        return None

    def _identity(self, ts: int, intent: OrderIntent) -> str | None:
        return f"duplicate order id {intent.id!r}" if intent.id in self._ids else None

    def _doubt(self, ts: int, intent: OrderIntent) -> str | None:
        doubtful = [i for i in self._unknown if i in self._open and self._open[i][0].instrument == intent.instrument]
        if doubtful and not self._reduces(intent):
            return f"the outcome of order {doubtful[0]!r} is unknown; no new risk until the venue has answered"
        return None

    def _rate(self, ts: int, intent: OrderIntent) -> str | None:
        if self._max_rate is None:
            return None
        while self._sent and self._sent[0] <= ts - UNITS["m"]:
            self._sent.popleft()
        if len(self._sent) >= self._max_rate:
            return f"order rate: {len(self._sent)} in the last minute, limit {self._max_rate}"
        return None

    def _repeat(self, ts: int, intent: OrderIntent) -> str | None:
        before = self._recent.get(_shape(intent))
        if self._window is not None and before is not None and ts - before < self._window:
            return f"duplicate order: the same {intent.side} {intent.quantity} {(ts - before) / 1e9:g} s ago"
        return None

    def _price(self, ts: int, intent: OrderIntent) -> str | None:
        last = self._ledger.prices.get(intent.instrument)
        if last is None:
            return "no price known yet"
        if self._collar is None or intent.price is None:
            return None
        distance = abs(intent.price / Decimal(repr(last)) - 1)
        if distance > self._collar:
            return (
                f"price collar: {intent.price} is {distance:.2%} from the last price {last}, limit {self._collar:.2%}"
            )
        return None

    def _notional(self, ts: int, intent: OrderIntent) -> str | None:
        return self._over("order value", intent.instrument, intent.quantity, self._max_notional)

    def _position(self, ts: int, intent: OrderIntent) -> str | None:
        if self._reduces(intent):
            return None
        same_side = sum(
            (
                left
                for order, left in self._open.values()
                if (order.instrument, order.side) == (intent.instrument, intent.side)
            ),
            ZERO,
        )
        sign = 1 if intent.side == "BUY" else -1
        after = self._ledger.held(intent.instrument) + sign * (intent.quantity + same_side)
        return self._over("position value", intent.instrument, abs(after), self._max_position)

    def _loss(self, ts: int, intent: OrderIntent) -> str | None:
        if self._max_loss is None or self._day_equity is None or self._reduces(intent):
            return None
        account = self._ledger.account()
        if account is None:
            return "daily loss cannot be judged: a price that the account needs is unknown"
        loss = 1 - account.equity / self._day_equity if self._day_equity > 0 else Decimal(1)
        if loss > self._max_loss:
            return (
                f"daily loss {loss:.2%} is over the limit {self._max_loss:.2%}; only orders that reduce a position pass"
            )
        return None

    def _over(self, what: str, instrument: str, quantity: Decimal, limit: Decimal | None) -> str | None:
        if limit is None:
            return None
        worth = self._ledger.worth(instrument, quantity)
        if worth is None:
            return f"{what} cannot be judged: no price of {instrument} in the report currency"
        return f"{what} {worth:.2f} is over the limit {limit}" if worth > limit else None

    def _reduces(self, intent: OrderIntent) -> bool:
        held = self._ledger.held(intent.instrument)
        if held == 0 or (held > 0) == (intent.side == "BUY"):
            return False
        closing = sum(
            (
                left
                for order, left in self._open.values()
                if (order.instrument, order.side) == (intent.instrument, intent.side)
            ),
            ZERO,
        )
        return intent.quantity + closing <= abs(held)

    def new_day(self, ts: int) -> None:
        """Take the day's first known equity as the one that a daily loss is measured from."""
        day = ts // DAY
        if day != self._day:
            account = self._ledger.account()
            if account is not None:
                self._day, self._day_equity = day, account.equity


def _shape(intent: OrderIntent) -> tuple[str, str, Decimal, Decimal | None]:
    return (intent.instrument, intent.side, intent.quantity, intent.price)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
