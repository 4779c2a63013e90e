"""What an execution stage knows: definitions, prices, positions, cash, and its one live order an instrument."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from helios_engine.bodies import (
    Account,
    Bar,
    CancelIntent,
    Fill,
    Instrument,
    OrderAccepted,
    OrderCanceled,
    OrderIntent,
    OrderUnknown,
    Position,
    Prediction,
    Quote,
    Reject,
    RiskDecision,
    Signal,
    Tick,
    Trade,
    VolForecast,
)
from helios_engine.events import Body
from helios_execution.cost_gate import CostGate, Costs, closing
from helios_execution.order import Order
from helios_execution.purse import Purse
from helios_execution.sizing import ZERO, Band, decimal, distance, whole_ticks

CONSUMES = (
    Instrument, Trade, Bar, Quote, Fill, Position, Account,
    OrderAccepted, OrderCanceled, OrderUnknown, Reject,
)  # fmt: skip
"""What every execution stage consumes beside its targets."""
OPTIONAL = (Trade, Bar, Quote)


class Desk:
    """Books of one stage. `hear` takes any body in and says for which instruments something may be done now.

    After a fill nothing may be done before its position and, where cash counts, its account have come: they
    follow the fill at once, and sizes would be wrong without them.
    """

    def __init__(self, tag: str, band: Band, purse: Purse, costs: Costs) -> None:
        self.tag, self.band, self.purse, self.costs = tag, band, purse, costs
        self.definitions: dict[str, Instrument] = {}
        self.prices: dict[str, float] = {}
        self.quotes: dict[str, Quote] = {}
        self.held: dict[str, Decimal] = {}
        self.live: dict[str, Order] = {}
        self.settling: dict[str, str] = {}
        self.count = 0

    def hear(self, body: Body) -> tuple[str, ...]:
        """Take a body in; return the instruments that may be acted on."""
        match body:
            case Trade():
                return self._priced(body.instrument, body.price)
            case Bar():
                return self._priced(body.instrument, body.close)
            case Quote():
                self.quotes[body.instrument] = body
                return self._priced(body.instrument, (body.bid + body.ask) / 2)
            case Tick():
                return tuple(self.definitions)
            case Position():
                return self._settled(body)
            case Account():
                self.purse.account = body
                self.settling = {name: wait for name, wait in self.settling.items() if wait != "account"}
                return tuple(self.definitions)
            case Prediction() | VolForecast() | Signal():
                self.costs.hear(body)
            case Instrument():
                self.definitions[body.instrument] = body
                return (body.instrument,)
            case OrderAccepted() | OrderUnknown() | OrderCanceled() | Reject() | Fill():
                return self._answered(body)
        return ()

    def is_free(self, name: str) -> bool:
        """Whether a new order of the instrument may be made now."""
        return name not in self.live and name not in self.settling and name in self.definitions and name in self.prices

    def order_of(self, body: Reject | OrderCanceled | Fill) -> Order | None:
        """The live order that an answer is for, if it is ours."""
        order = self.live.get(body.instrument)
        return order if order is not None and order.id == body.id else None

    def distance(self, name: str, wanted: float) -> Decimal:
        """The signed quantity to a position of `wanted`; 0 within the band and under the minimums."""
        held = self.held.get(name, ZERO)
        return distance(self.definitions[name], wanted, held, self.prices[name], self.band)

    def is_near(self, name: str, wanted: float, other: float) -> bool:
        """Whether a target is within the band of another; unequal ones are not before there is a price."""
        price = self.prices.get(name)
        return wanted == other or (
            price is not None and self.band.holds(decimal(wanted), decimal(other), decimal(price))
        )

    def allowed(self, name: str, quantity: Decimal) -> tuple[Decimal, list[RiskDecision]]:
        """As much of a signed quantity as its costs and the cash allow, and what the cost gate says against it."""
        definition, price = self.definitions[name], self.prices[name]
        refusals = []
        if quantity:
            reason = self.costs.refusal(definition, self.quotes.get(name), 1 if quantity > 0 else -1)
            way_out = closing(definition, quantity, self.held.get(name, ZERO), price)
            if reason and way_out != quantity:
                refusals.append(RiskDecision(name, 0.0, reason))
                quantity = way_out
        return self.purse.cut(definition, quantity, price), refusals

    def touch(self, name: str, sign: int) -> Decimal:
        """The best price on our side in whole ticks: the quote's, or the last price rounded away from the market."""
        quote = self.quotes.get(name)
        price = self.prices[name] if quote is None else (quote.bid if sign > 0 else quote.ask)
        return whole_ticks(self.definitions[name], decimal(price), ROUND_FLOOR if sign > 0 else ROUND_CEILING)

    def market(self, name: str, quantity: Decimal) -> OrderIntent:
        """Book a market order of a signed quantity as the live one."""
        order = self._open(name, quantity, None)
        return OrderIntent(order.id, name, order.side, order.left)

    def limit(self, name: str, quantity: Decimal, price: Decimal, *, post_only: bool, expires: int = 0) -> OrderIntent:
        """Book a limit order of a signed quantity as the live one; `expires` (ns UTC) 0 is never."""
        order, force = self._open(name, quantity, price), ("GTD" if expires else "GTC")
        terms = {"time_in_force": force, "post_only": post_only, "expires": expires}
        return OrderIntent(order.id, name, order.side, order.left, "LIMIT", price, **terms)  # type: ignore[arg-type]

    def cancel(self, name: str) -> Iterator[CancelIntent]:
        """Ask the live order back, once, if the venue has it for sure."""
        order = self.live.get(name)
        if order is not None and order.is_known and not order.is_doubtful and not order.is_asked_back:
            order.is_asked_back = True
            yield CancelIntent(order.id, name)

    def _open(self, name: str, quantity: Decimal, price: Decimal | None) -> Order:
        self.count += 1
        order = Order(f"{self.tag}-{self.count}", 1 if quantity > 0 else -1, abs(quantity), price)
        self.live[name] = order
        self.purse.set_aside(name, quantity, self.prices[name])
        return order

    def _priced(self, name: str, price: float) -> tuple[str, ...]:
        self.prices[name] = price
        if self.settling.get(name) == "account":
            del self.settling[name]  # none came with the fill: a price that it needs is unknown
        return (name,)

    def _settled(self, position: Position) -> tuple[str, ...]:
        name = position.instrument
        self.held[name] = position.quantity
        if self.settling.pop(name, None) and self.purse.is_cash_only and self.purse.account is not None:
            self.settling[name] = "account"
            return ()
        return (name,)

    def _answered(self, answer: OrderAccepted | OrderUnknown | OrderCanceled | Reject | Fill) -> tuple[str, ...]:
        name = answer.instrument
        order = self.live.get(name)
        if isinstance(answer, Fill):
            self.settling[name] = "position"
        if order is None or order.id != answer.id:
            return ()
        if isinstance(answer, OrderUnknown):
            order.is_doubtful = True
            return ()
        if isinstance(answer, Reject) and order.refuses_change(answer):
            order.is_asked_back = False
            return ()
        if isinstance(answer, OrderAccepted | Fill):
            order.is_known, order.is_doubtful = True, False
            order.left -= answer.quantity if isinstance(answer, Fill) else ZERO
            if isinstance(answer, OrderAccepted) or order.left > 0:
                return (name,)
        del self.live[name]
        self.purse.release(name)
        return (name,)


def desk(
    tag: str,
    band: float,
    band_notional: float,
    cash_only: bool,
    cushion: float,
    cost_gate: CostGate | None,
    is_maker: bool = False,
) -> Desk:
    """The desk of a stage's settings; ValueError for what is out of range."""
    return Desk(tag, Band.of(band, band_notional), Purse(cushion, cash_only), Costs(cost_gate, is_maker))
