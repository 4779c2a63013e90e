"""Target positions in, limit orders at the touch out, following the market until done or given up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from helios_engine.bodies import CancelIntent, OrderCanceled, OrderIntent, Reject, RiskDecision, Target, Tick, Trade
from helios_engine.events import Body, Event
from helios_engine.timeframe import nanoseconds
from helios_execution.cost_gate import CostGate
from helios_execution.desk import CONSUMES, OPTIONAL, desk
from helios_execution.order import Order

Says = OrderIntent | CancelIntent | RiskDecision


class Goal:
    """A target being worked: since when, its last order, when that was quoted, and when the next may be."""

    def __init__(self, quantity: float, since: int) -> None:
        self.quantity, self.since = quantity, since
        self.order = ""
        self.quoted = self.pause = since


class LimitOrders:
    """One limit order an instrument at the touch: the quote's best price on our side, else the last price.

    Prices are rounded to the tick away from the market. The order is taken back and placed anew for another
    target; every `requote_every` (0s: not) if the touch is elsewhere; and once the touch is `requote_ticks`
    ticks away (0: not). At `give_up` after the target (0s: never) it is taken back and, by `then`, what is left
    is dropped (`cancel`) or bought or sold at market (`cross`). A target within the band of the one being worked
    changes nothing. A refused order, or one the venue took back, is tried again after
    `requote_every`, else left to the next target; so is whatever the gate refuses. An order of unknown outcome
    is neither taken back nor replaced. Sizes, minimums, bands, `cash_only`, `cushion` and `cost_gate` are those of
    `execution.market`. Ids are `tag-1`, `tag-2`, …
    """

    optional = OPTIONAL

    def __init__(
        self,
        tag: str = "L",
        band: float = 0.0,
        band_notional: float = 0.0,
        post_only: bool = False,
        requote_every: str = "0s",
        requote_ticks: int = 0,
        give_up: str = "0s",
        then: Literal["cancel", "cross"] = "cancel",
        cash_only: bool = True,
        cushion: float = 0.0,
        cost_gate: CostGate | None = None,
    ) -> None:
        if requote_ticks < 0:
            raise ValueError(f"expected requote_ticks of at least 0, found {requote_ticks}")
        self.post_only, self.then, self.requote_ticks = post_only, then, requote_ticks
        self.requote_every, self.give_up = nanoseconds(requote_every), nanoseconds(give_up)
        self.desk = desk(tag, band, band_notional, cash_only, cushion, cost_gate, post_only and then == "cancel")
        self.goals: dict[str, Goal] = {}

    @property
    def consumes(self) -> tuple[Any, ...]:
        """Bodies it needs; the forecast of its cost gate is one of them."""
        return (*CONSUMES, Target, Tick, *self.desk.costs.consumes)

    def on_event(self, event: Event[Body]) -> Iterator[Says]:
        body, now = event.body, event.ts
        if type(body) is Trade and body.instrument not in self.goals:
            self.desk.prices[body.instrument] = body.price  # most events of a run: nothing to do but this
            return
        if isinstance(body, Target):
            self._aim(body, now)
            names: tuple[str, ...] = (body.instrument,)
        else:
            if isinstance(body, Reject | OrderCanceled):
                self._refused(body, now)
            names = self.desk.hear(body)
        for name in names:
            if name in self.goals:
                yield from self._work(name, self.goals[name], now)

    def _aim(self, target: Target, now: int) -> None:
        name, before = target.instrument, self.goals.get(target.instrument)
        if before is None or not self.desk.is_near(name, target.quantity, before.quantity):
            self.goals[name] = Goal(target.quantity, now)

    def _refused(self, answer: Reject | OrderCanceled, now: int) -> None:
        """The goal's own order is over without our wish: wait, or forget the goal."""
        order, goal = self.desk.order_of(answer), self.goals.get(answer.instrument)
        if order is None or goal is None or goal.order != order.id or order.is_asked_back:
            return
        by_gate = isinstance(answer, Reject) and answer.by == "gate"
        if isinstance(answer, Reject) and order.refuses_change(answer):
            return
        if by_gate or not self.requote_every or order.price is None:
            del self.goals[answer.instrument]
        else:
            goal.pause = now + self.requote_every

    def _work(self, name: str, goal: Goal, now: int) -> Iterator[Says]:
        order = self.desk.live.get(name)
        if order is not None:
            if name not in self.desk.settling and self._is_stale(name, goal, order, now):
                yield from self.desk.cancel(name)
        elif self.desk.is_free(name) and now >= goal.pause:
            yield from self._place(name, goal, now)

    def _is_stale(self, name: str, goal: Goal, order: Order, now: int) -> bool:
        """Whether a resting order should be another one, or none."""
        if order.price is None:
            return False  # at market already
        touch = self.desk.touch(name, order.sign)
        if goal.order != order.id:
            if touch != order.price or self.desk.distance(name, goal.quantity) != order.sign * order.left:
                return True
            goal.order, goal.quoted = order.id, now
        if self._is_over(goal, now):
            return True
        away = abs(touch - order.price)
        if self.requote_ticks and away >= self.requote_ticks * self.desk.definitions[name].tick:
            return True
        if self.requote_every and now >= goal.quoted + self.requote_every:
            goal.quoted = now
            return away > 0
        return False

    def _place(self, name: str, goal: Goal, now: int) -> Iterator[Says]:
        is_over = self._is_over(goal, now)
        if is_over and self.then == "cancel":
            del self.goals[name]
            return
        quantity, refusals = self.desk.allowed(name, self.desk.distance(name, goal.quantity))
        yield from refusals
        price = self.desk.touch(name, 1 if quantity > 0 else -1)
        if not quantity or price <= 0:
            del self.goals[name]
            return
        if is_over:
            intent = self.desk.market(name, quantity)
        else:
            intent = self.desk.limit(name, quantity, price, post_only=self.post_only)
        goal.order, goal.quoted = intent.id, now
        yield intent

    def _is_over(self, goal: Goal, now: int) -> bool:
        return self.give_up > 0 and now >= goal.since + self.give_up
