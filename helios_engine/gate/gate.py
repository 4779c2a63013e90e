"""Says no, with a reason: every rule in its order, the state behind them, and what the gate has to hear."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from helios_engine.bodies import (
    Account,
    Bar,
    BookDelta,
    BookSnapshot,
    Control,
    DataIssue,
    Health,
    ModifyIntent,
    OrderIntent,
    Quote,
    Trade,
    VenueStatus,
)
from helios_engine.config_gate import GateSection
from helios_engine.events import Body
from helios_engine.gate.form import Form
from helios_engine.gate.holdings import Case, Holdings
from helios_engine.gate.identity import Identity
from helios_engine.gate.limits import Limits
from helios_engine.gate.losses import Losses
from helios_engine.gate.open_orders import OpenOrders, Resting
from helios_engine.gate.pace import Pace
from helios_engine.gate.prices import Prices
from helios_engine.gate.reasons import MODIFY
from helios_engine.gate.size import Size
from helios_engine.gate.switches import EVERYTHING, Switches
from helios_engine.gate.trouble import Trouble
from helios_engine.ledger import Ledger

Rule = Callable[[Case], str | None]
Hear = Callable[[int, Any], None]


class Gate:
    """The last word before the venue. It knows limits, open orders and the ledger, and nothing of plugins.

    Two lists of rules: what no order passes, and what an order that reduces a position passes. A cancel is
    not asked about at all.
    """

    def __init__(self, section: GateSection, ledger: Ledger) -> None:
        limits = Limits.of(section)
        self._ledger, self._limits = ledger, limits
        self.orders = self._orders = OpenOrders()
        self._holdings = Holdings(limits, ledger, self._orders)
        self._identity, self._pace = Identity(limits), Pace(limits, self._orders)
        self._prices, self._losses = Prices(limits, ledger), Losses(limits, ledger)
        self._trouble = Trouble(limits, ledger, self._orders)
        self.switches = self._switches = Switches(ledger.instruments)
        form, size = Form(ledger.instruments), Size(limits, ledger, self._holdings)
        prices, trouble, losses = self._prices, self._trouble, self._losses
        self._form: tuple[Rule, ...] = (*form.rules, self._switches.killed)
        self._always: tuple[Rule, ...] = (prices.known, prices.minimum, prices.losing_side, size.promise, size.short)
        self._every: tuple[Rule, ...] = (*self._form, self._identity.id, self._identity.repeat, *self._always)
        self._new_risk: tuple[Rule, ...] = (
            self._switches.held,
            trouble.unanswered,
            trouble.venue,
            trouble.sick,
            trouble.doubtful,
            trouble.old,
            self._pace.rate,
            prices.both_sides,
            prices.notional,
            size.position,
            size.exposure,
            losses.daily,
            losses.drawdown,
        )
        self._new_order: tuple[Rule, ...] = (*self._new_risk, self._pace.open)

    def refuse(self, ts: int, order: OrderIntent) -> str | None:
        """Why this order may not pass, or nothing; an order that passes counts as sent."""
        case = Case(ts, order, order.quantity)
        reason = _first(self._every, case)
        if reason is None and not self._holdings.reduces(case):
            reason = _first(self._new_order, case)
        if reason is None:
            self._orders.add(Resting(order))
            self._identity.sent(case)
            self._pace.sent(ts)
        return reason

    def refuse_change(self, ts: int, change: ModifyIntent) -> str | None:
        """Why a modification may not pass; it is judged as the order it would leave.

        A smaller quantity and nothing else is no new risk. Until the venue has answered, the larger of the
        old and the new quantity counts.
        """
        resting = self._orders.take(change.id)
        if resting is None:
            return f"{MODIFY}form: no open order {change.id!r}"
        try:
            reason = self._judge_change(ts, resting, change)
        finally:
            self._orders.add(resting)
        if reason is not None:
            return MODIFY + reason
        resting.asked.append(resting.changed(change))
        self._pace.sent(ts)
        return None

    def held(self, instrument: str) -> Decimal:
        """What is held of an instrument, signed: of a spot instrument what the account owns of its base currency."""
        return self._holdings.held(instrument)

    def troubles(self, ts: int) -> list[str]:
        """What is wrong at `ts`, in words; empty while all is well."""
        return self._trouble.told(ts)

    def hear(self, answer: Body) -> None:
        """Learn what became of an order."""
        self._orders.hear(answer)

    def marked(self, ts: int, account: Account, is_trading: bool) -> None:
        """Take in a marked account, which losses are measured from; before the start it makes no peak."""
        self._losses.marked(ts, account, is_trading)

    def pass_over(self, ts: int, body: Body) -> None:
        """Many trades came in at once, of which `body` was the last, at `ts`."""
        if self._limits.max_data_age is not None:
            self._trouble.market(ts, body)

    def hold(self, ts: int) -> None:
        """Something inside the run failed: only orders that reduce pass until `resume`, as after `reduce_only`."""
        self._switches.control(ts, Control("reduce_only", EVERYTHING))

    def hears(self) -> dict[type[Body], tuple[Hear, ...]]:
        """Which inputs the gate wants, and who takes them: of market data only what a limit asks for."""
        found: dict[type[Body], tuple[Hear, ...]] = {
            Control: (self._switches.control,),
            Health: (self._trouble.health,),
            VenueStatus: (self._trouble.status,),
        }
        if self._limits.quarantine is not None:
            found[DataIssue] = (self._trouble.issue,)
        if self._limits.price_collar is not None:
            found[Quote] = (self._prices.quote,)
            found[BookSnapshot] = (self._prices.book,)
        if self._limits.max_data_age is not None:
            for kind in (Trade, Bar, Quote, BookSnapshot, BookDelta):
                found[kind] = (*found.get(kind, ()), self._trouble.market)
        return found

    def _judge_change(self, ts: int, resting: Resting, change: ModifyIntent) -> str | None:
        after = resting.changed(change)
        case = Case(ts, after, after.quantity)
        reason = _first(self._form, case)
        if reason is not None:
            return reason
        if change.instrument != after.instrument:
            return f"form: order {change.id!r} is of {after.instrument}, not of {change.instrument}"
        if after.quantity <= resting.filled:
            return f"form: quantity {after.quantity} is not more than {resting.filled}, which is filled"
        case = Case(ts, after, after.quantity - resting.filled)
        if resting.shrinks(change):
            return _first((self._prices.known, self._prices.minimum), case)
        reason = _first(self._always, case)
        if reason is None and not self._holdings.reduces(case):
            reason = _first(self._new_risk, case)
        return reason


def _first(rules: tuple[Rule, ...], case: Case) -> str | None:
    """The first rule's no."""
    for rule in rules:
        reason = rule(case)
        if reason is not None:
            return reason
    return None
