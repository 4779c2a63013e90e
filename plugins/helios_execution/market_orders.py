"""Target positions in, market orders out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from helios_engine.bodies import OrderIntent, RiskDecision, Target, Trade
from helios_engine.events import Body, Event
from helios_execution.cost_gate import CostGate
from helios_execution.desk import CONSUMES, OPTIONAL, desk


class MarketOrders:
    """Trade the distance to the target at once, one order in flight an instrument.

    Quantities are whole lots, rounded toward zero; no order under the instrument's minimums at the
    last price, nor while the distance is within `band`, a fraction of the larger of target and
    position, or within `band_notional`, an amount of the quote currency (a target of 0 knows no band).
    With `cash_only` a purchase is cut to the account's cash less `cushion`, a share of it; a margin
    account turns that off. `cost_gate` keeps new risk out whose expected move does not pay for it.
    The newest target that comes while an order is in flight, or before a definition and a price are known,
    is acted on as soon as that is over; what an order could not do is left to the next target. An order
    of unknown outcome stays in flight. Ids are `tag-1`, `tag-2`, …
    """

    optional = OPTIONAL

    def __init__(
        self,
        tag: str = "M",
        band: float = 0.0,
        band_notional: float = 0.0,
        cash_only: bool = True,
        cushion: float = 0.005,
        cost_gate: CostGate | None = None,
    ) -> None:
        self.desk = desk(tag, band, band_notional, cash_only, cushion, cost_gate)
        self.wanted: dict[str, float] = {}

    @property
    def consumes(self) -> tuple[Any, ...]:
        """Bodies it needs; the forecast of its cost gate is one of them."""
        return (*CONSUMES, Target, *self.desk.costs.consumes)

    def on_event(self, event: Event[Body]) -> Iterator[OrderIntent | RiskDecision]:
        body = event.body
        if type(body) is Trade and body.instrument not in self.wanted:
            self.desk.prices[body.instrument] = body.price  # most events of a run: nothing to do but this
            return
        if isinstance(body, Target):
            self.wanted[body.instrument] = body.quantity
            names: tuple[str, ...] = (body.instrument,)
        else:
            names = self.desk.hear(body)
        for name in names:
            if name in self.wanted and self.desk.is_free(name):
                yield from self._order(name, self.wanted.pop(name))

    def _order(self, name: str, wanted: float) -> Iterator[OrderIntent | RiskDecision]:
        quantity, refusals = self.desk.allowed(name, self.desk.distance(name, wanted))
        yield from refusals
        if quantity:
            yield self.desk.market(name, quantity)
