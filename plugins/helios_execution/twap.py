"""Target positions in, market orders in equal slices over time out."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from helios_engine.bodies import OrderIntent, RiskDecision, Target, Tick, Trade
from helios_engine.events import Body, Event
from helios_engine.timeframe import nanoseconds
from helios_execution.cost_gate import CostGate
from helios_execution.desk import CONSUMES, OPTIONAL, desk
from helios_execution.sizing import ZERO, decimal, is_too_small, smallest, whole_lots


class Plan:
    """Slices toward one target: when they are due (ns UTC), from which position, and how many are dealt with."""

    def __init__(self, quantity: float, times: list[int]) -> None:
        self.quantity, self.times = quantity, times
        self.start: Decimal | None = None
        self.done = 0


class Twap:
    """Trade the distance to a target in `duration` / `interval` equal slices at market, the first one at once.

    Slice k of n brings the position to k/n of the way, so what an earlier one could not do (refused, filled in
    part, in flight for too long, cut to the cash) is in the next; so is a slice under the minimums, or one that
    would leave less than the minimums. After the last slice up to `retries` more follow, an interval apart; then
    what is left waits for the next target. `jitter`, a fraction of the interval in [0, 1), delays each slice by a
    seeded random part of it. A new target replaces what is left of the old one, unless it is within the band of it;
    a target within the band of the position is left alone. One order in flight an instrument. `band`,
    `band_notional`, `cash_only`, `cushion` and `cost_gate` are those of `execution.market`; ids are `tag-1`, `tag-2`, …
    """

    optional = OPTIONAL

    def __init__(
        self,
        tag: str = "T",
        duration: str = "1h",
        interval: str = "5m",
        jitter: float = 0.0,
        retries: int = 3,
        seed: int = 0,
        band: float = 0.0,
        band_notional: float = 0.0,
        cash_only: bool = True,
        cushion: float = 0.005,
        cost_gate: CostGate | None = None,
    ) -> None:
        self.interval, length = nanoseconds(interval), nanoseconds(duration)
        if not 0 < self.interval <= length or length % self.interval:
            raise ValueError(f"expected a duration of whole intervals, found duration {duration}, interval {interval}")
        if not 0 <= jitter < 1 or retries < 0:
            raise ValueError(f"expected jitter in [0, 1) and retries of at least 0, found {jitter} and {retries}")
        self.slices, self.retries, self.jitter, self.seed = length // self.interval, retries, jitter, seed
        self.desk = desk(tag, band, band_notional, cash_only, cushion, cost_gate)
        self.plans: dict[str, Plan] = {}
        self.targets = 0

    @property
    def consumes(self) -> tuple[Any, ...]:
        """Bodies it needs; the forecast of its cost gate is one of them."""
        return (*CONSUMES, Target, Tick, *self.desk.costs.consumes)

    def on_event(self, event: Event[Body]) -> Iterator[OrderIntent | RiskDecision]:
        body, now = event.body, event.ts
        if type(body) is Trade and body.instrument not in self.plans:
            self.desk.prices[body.instrument] = body.price  # most events of a run: nothing to do but this
            return
        if isinstance(body, Target):
            self._aim(body, now)
            names: tuple[str, ...] = (body.instrument,)
        else:
            names = self.desk.hear(body)
        for name in names:
            plan = self.plans.get(name)
            if plan is not None and now >= plan.times[plan.done] and self.desk.is_free(name):
                yield from self._slice(name, plan, now)

    def _aim(self, target: Target, now: int) -> None:
        name, plan = target.instrument, self.plans.get(target.instrument)
        if plan is not None and self.desk.is_near(name, target.quantity, plan.quantity):
            return
        # Keyed by what is drawn for: the times of one target do not depend on how many others there were.
        draw = random.Random(f"{self.seed}:{name}:{now}")
        late = [int(draw.random() * self.jitter * self.interval) for _ in range(self.slices + self.retries)]
        times = [now + number * self.interval + wait for number, wait in enumerate(late)]
        self.plans[name] = Plan(target.quantity, times)

    def _slice(self, name: str, plan: Plan, now: int) -> Iterator[OrderIntent | RiskDecision]:
        plan.done = bisect_right(plan.times, now)
        held, target = self.desk.held.get(name, ZERO), decimal(plan.quantity)
        if plan.start is None:
            plan.start = held
            if not self.desk.distance(name, plan.quantity):
                del self.plans[name]  # within the band
                return
        is_last = plan.done >= self.slices
        here = target if is_last else plan.start + (target - plan.start) * plan.done / self.slices
        due = self._toward(name, target, here, held)
        quantity, refusals = self.desk.allowed(name, due)
        yield from refusals
        if plan.done == len(plan.times) or (is_last and not due):
            del self.plans[name]  # done, or not to be done before the next target
        if quantity:
            yield self.desk.market(name, quantity)

    def _toward(self, name: str, target: Decimal, here: Decimal, held: Decimal) -> Decimal:
        """The signed quantity from `held` to `here` in whole lots, never past the target or away from it."""
        definition, price = self.desk.definitions[name], decimal(self.desk.prices[name])
        rest = target - held
        if (here - held) * rest <= 0:
            return ZERO
        whole = whole_lots(definition, abs(rest))
        quantity = min(whole, whole_lots(definition, abs(here - held)))
        left = whole - quantity
        if is_too_small(definition, quantity, price) or 0 < left < smallest(definition, price):
            return ZERO  # joined to the next slice
        return quantity.copy_sign(rest)
