"""nautilus_trader's own BacktestEngine on a world: what our venue should have answered.

Where Helios deviates on purpose, the run is arranged so that both see the same: commands wait at their instrument, an
order expires before an event at or after its time can match, a stop is filled by the market and not at its trigger,
reduce-only orders are cut to the position, what the exchange would refuse for its tick, lot or minimum is not sent, and
definitions, marks and funding take effect between two events of the market.
"""

from __future__ import annotations

import itertools
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple

import msgspec
from nautilus_trader.backtest.config import SimulationModuleConfig
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.backtest.models import FillModel, LatencyModel, MakerTakerFeeModel
from nautilus_trader.backtest.modules import SimulationModule
from nautilus_trader.config import LoggingConfig, RiskEngineConfig, StrategyConfig
from nautilus_trader.core.datetime import unix_nanos_to_dt
from nautilus_trader.model.enums import (
    AccountType,
    BookType,
    LiquiditySide,
    OmsType,
    OrderSide,
    OrderType,
    TimeInForce,
    TriggerType,
)
from nautilus_trader.model.identifiers import ClientOrderId, Venue
from nautilus_trader.model.objects import Money
from nautilus_trader.trading.strategy import Strategy

from helios_engine.bodies import (
    BookDelta,
    BookSnapshot,
    CancelIntent,
    Fill,
    FundingPayment,
    FundingRate,
    Instrument,
    MarkPrice,
    ModifyIntent,
    OrderAccepted,
    OrderIntent,
    OrderModified,
    Print,
    Quote,
    Reject,
    Trade,
)
from helios_engine.nautilus.answers import answer, plain
from helios_engine.nautilus.book import whole
from helios_engine.nautilus.flight import Flight
from helios_engine.nautilus.instruments import currency, instrument_id, traded
from helios_engine.nautilus.models.latency import Constant
from helios_engine.nautilus.ticks import Ticker
from helios_engine.timeframe import nanoseconds
from tests.unit.nautilus.worlds import World

BALANCES = dict.fromkeys(("ZAR", "USDT", "BTC", "ETH", "SOL"), "1000000")
VENUE = Venue("VALR")
_MATCHED = (Trade, Print, Quote, BookSnapshot, BookDelta)
_FORCES = {name: TimeInForce[name] for name in ("GTC", "IOC", "FOK", "GTD")}
D = Decimal


class Between(SimulationModule):
    """What happens to the exchange between two events of the market."""

    def __init__(self, world: World) -> None:
        super().__init__(SimulationModuleConfig())
        self.world, self.next, self.script = world, 0, None
        self.marks: dict[str, Decimal] = {}

    def pre_process(self, data: Any) -> None:
        while not isinstance(self.world.market[self.next][1], _MATCHED):
            ts, body = self.world.market[self.next]
            self.aside(ts, body)
            self.next += 1
        ts, body = self.world.market[self.next]
        self.script.flights[body.instrument].note(body)
        if isinstance(body, Trade | Print) and (body.instrument, "told") not in self.marks:
            self.marks[body.instrument] = D(repr(body.price))
        for order in sorted(self.resting(body.instrument), key=lambda o: o.client_order_id.value):
            if 0 < order.expire_time_ns <= ts:
                self.script.expired.add(order.client_order_id.value)
                self.cancel(order)
        self.next += 1

    def aside(self, ts: int, body: Any) -> None:
        if isinstance(body, MarkPrice):
            self.marks[body.instrument] = D(repr(body.price))
            self.marks[body.instrument, "told"] = D(1)
        elif isinstance(body, FundingRate):
            self.fund(ts, body)
        else:
            self.define(ts, body)

    def fund(self, ts: int, body: FundingRate) -> None:
        held = sum(
            (p.signed_decimal_qty() for p in self.cache.positions_open(None, instrument_id(body.instrument))), D(0)
        )
        quote = next(d.quote for d in self.world.instruments if d.instrument == body.instrument)
        step = D(1).scaleb(-currency(quote).precision)
        amount = (-held * self.marks[body.instrument] * D(repr(body.rate))).quantize(step, ROUND_HALF_EVEN)
        if amount:
            self.exchange.adjust_account(Money(amount, currency(quote)))
            self.script.heard.append((ts, FundingPayment(body.instrument, plain(amount), quote, D(repr(body.rate)))))

    def define(self, ts: int, body: Instrument) -> None:
        changed = traded(body)
        self.cache.add_instrument(changed)
        self.exchange.update_instrument(changed)
        self.script.definitions[body.instrument] = body
        for order in self.resting(body.instrument):
            left = order.leaves_qty.as_decimal() % body.lot
            price = order.price.as_decimal() % body.tick if order.has_price else 0
            trigger = order.trigger_price.as_decimal() % body.tick if order.has_trigger_price else 0
            if left or price or trigger:
                self.cancel(order)

    def resting(self, name: str) -> list[Any]:
        """Open orders in the order in which they were accepted."""
        accepted = [a.id for _, a in self.script.heard if isinstance(a, OrderAccepted)]
        found = {o.client_order_id.value: o for o in self.cache.orders_open(instrument_id=instrument_id(name))}
        return [found[known] for known in accepted if known in found]

    def cancel(self, order: Any) -> None:
        self.script.now = self.world.market[self.next][0]
        self.exchange.get_matching_engine(order.instrument_id).cancel_order(order)
        self.script.now = 0

    def process(self, ts_now: int) -> None:
        pass

    def log_diagnostics(self, logger: Any) -> None:
        pass

    def reset(self) -> None:
        pass


class AtMarket(FillModel):
    """Fills a stop that has woken up from the book, not at its trigger, unless the event was a print inside a bar."""

    between: Between

    def get_orderbook_for_fill_simulation(self, instrument: Any, order: Any, best_bid: Any, best_ask: Any) -> Any:
        _, body = self.between.world.market[self.between.next - 1]
        is_stop = order.order_type in (OrderType.STOP_MARKET, OrderType.TRAILING_STOP_MARKET)
        woke = order.order_type == OrderType.STOP_LIMIT and order.liquidity_side == LiquiditySide.TAKER
        if isinstance(body, Print) and body.phase != "open":
            return None
        return self.between.exchange.get_book(instrument.id) if is_stop or woke else None


class Script(Strategy):
    """Sends each command when it is due: by itself, at its instrument's next event, or at once to a LatencyModel."""

    def __init__(self, world: World, between: Between, is_wired: bool) -> None:
        super().__init__(StrategyConfig(order_id_tag="000"))
        self.world, self.between, self.is_wired = world, between, is_wired
        self.definitions = {d.instrument: d for d in world.instruments}
        self.tickers = {d.instrument: Ticker(d) for d in world.instruments}
        self.flights = {d.instrument: Flight(Constant(nanoseconds(world.latency))) for d in world.instruments}
        self.heard: list[Any] = []
        self.expired: set[str] = set()
        self.reacted: set[str] = set()
        self.traded: set[str] = set()
        self.net = dict.fromkeys(self.definitions, D(0))
        self.seen = self.now = 0

    def on_start(self) -> None:
        for name in self.tickers:
            self.subscribe_trade_ticks(instrument_id(name))
            self.subscribe_quote_ticks(instrument_id(name))
            self.subscribe_order_book_deltas(instrument_id(name), BookType.L2_MBP, managed=False)
        self.msgbus.subscribe("events.order.*", self.hear)

    def hear(self, event: Any) -> None:
        name = event.client_order_id.value
        found = answer(
            event, self.cache.order(event.client_order_id), "expired" if name in self.expired else "canceled"
        )
        if found is None:
            return
        self.heard.append((self.now or event.ts_event or event.ts_init, found))
        if isinstance(found, Fill):
            self.net[found.instrument] += found.quantity if found.side == "BUY" else -found.quantity
            self.trim(found.instrument, event.ts_event)
        if isinstance(found, Fill) and found.id not in self.reacted:
            self.reacted.add(found.id)
            for command in self.world.reactions.get(found.id, ()):
                self.send(event.ts_event, command)

    def room(self, name: str, side: str) -> Decimal:
        return max(D(0), self.net[name] if side == "SELL" else -self.net[name])

    def trim(self, name: str, ts: int) -> None:
        for order in self.between.resting(name):
            room, engine = (
                self.room(name, order.side_string()),
                self.between.exchange.get_matching_engine(order.instrument_id),
            )
            if order.is_reduce_only and not room:
                engine.cancel_order(order)
            elif order.is_reduce_only and order.leaves_qty.as_decimal() > room:
                quantity = self.tickers[name].quantity(order.filled_qty.as_decimal() + room)
                price = order.price if order.has_price else None
                trigger = order.trigger_price if order.has_trigger_price else None
                engine._generate_order_updated(order, quantity, price, trigger)

    def on_trade_tick(self, tick: Any) -> None:
        self.step()

    def on_quote_tick(self, tick: Any) -> None:
        self.step()

    def on_order_book_deltas(self, deltas: Any) -> None:
        self.step()

    def step(self) -> None:
        market = self.world.market
        while not isinstance(market[self.seen][1], _MATCHED):
            self.decide()
        ts, body = market[self.seen]
        if isinstance(body, Trade | Print):
            self.traded.add(body.instrument)
        self.decide()
        for command in self.flights[body.instrument].due(ts, body):
            self.act(ts, command)
        # What stands between two events of the market is decided on as if right after the first: both wait alike.

    def decide(self) -> None:
        ts = self.world.market[self.seen][0]
        for command in self.world.commands.get(self.seen, ()):
            self.send(ts, command)
        self.seen += 1

    def send(self, ts: int, command: Any) -> None:
        if self.is_wired:
            self.act(ts, command)
        else:
            self.flights[command.instrument].send(ts, command)

    def act(self, ts: int, command: Any) -> None:
        order = self.cache.order(ClientOrderId(command.id))
        if isinstance(command, OrderIntent):
            room = self.room(command.instrument, command.side)
            reason = self.unsendable(ts, command) or ("no position" if command.reduce_only and not room else "")
            if command.reduce_only and command.quantity > room and not reason:
                command = msgspec.structs.replace(command, quantity=room)
                o = command
                self.heard.append((ts, OrderModified(o.id, o.instrument, plain(room), o.price, o.trigger)))
            if reason:
                self.refuse(ts, command, reason)
            else:
                self.submit_order(self.order(command))
        elif order is None or order.is_closed:
            self.refuse(ts, command, "modify" if isinstance(command, ModifyIntent) else "cancel")
        elif isinstance(command, CancelIntent):
            self.cancel_order(order)
        elif self.unchangeable(order, command):
            self.refuse(ts, command, "modify")
        else:
            ticker = self.tickers[command.instrument]
            quantity = command.quantity and ticker.quantity(command.quantity)
            self.modify_order(order, quantity, *self.prices(ticker, command.price, command.trigger))

    def refuse(self, ts: int, command: Any, reason: str) -> None:
        self.heard.append((ts, Reject(command.id, command.instrument, "venue", reason)))

    def unsendable(self, ts: int, o: OrderIntent) -> str:
        d = self.definitions[o.instrument]
        if any(x % d.tick for x in (o.price, o.trigger, o.offset) if x) or o.quantity % d.lot:
            return "off the grid"
        price = o.price or o.trigger
        if o.quantity < d.min_quantity or (price and o.quantity * price < d.min_notional):
            return "too small"
        return "late" if 0 < o.expires <= ts else ""

    def unchangeable(self, order: Any, m: ModifyIntent) -> bool:
        d = self.definitions[m.instrument]
        if (m.price and not order.has_price) or (m.trigger and not order.has_trigger_price):
            return True
        if m.trigger and getattr(order, "is_triggered", False):
            return True
        quantity = m.quantity or order.quantity.as_decimal()
        price = m.price or (order.price.as_decimal() if order.has_price else None)
        trigger = m.trigger or (order.trigger_price.as_decimal() if order.has_trigger_price else None)
        same = (not m.quantity or m.quantity == order.quantity.as_decimal()) and (
            (not m.price or m.price == order.price.as_decimal())
            and (not m.trigger or m.trigger == order.trigger_price.as_decimal())
        )
        off = any(x % d.tick for x in (price, trigger) if x) or quantity % d.lot
        worth = price or trigger
        small = quantity < d.min_quantity or (worth and quantity * worth < d.min_notional)
        room = self.room(m.instrument, order.side_string())
        if order.is_reduce_only and quantity - order.filled_qty.as_decimal() > room:
            return True
        return bool(same or off or small or quantity <= order.filled_qty.as_decimal())

    def prices(self, ticker: Ticker, *values: Decimal | None) -> list[Any]:
        return [None if value is None else ticker.price(value) for value in values]

    def order(self, o: OrderIntent) -> Any:
        ticker = self.tickers[o.instrument]
        price, trigger = self.prices(ticker, o.price, o.trigger)
        terms: dict[str, Any] = {
            "instrument_id": ticker.id,
            "order_side": OrderSide[o.side],
            "quantity": ticker.quantity(o.quantity),
            "time_in_force": _FORCES[o.time_in_force],
            "reduce_only": o.reduce_only,
            "client_order_id": ClientOrderId(o.id),
        }
        if o.expires:
            terms["expire_time"] = unix_nanos_to_dt(o.expires)
        factory = self.order_factory
        if o.type == "MARKET":
            return factory.market(**terms)
        if o.type == "LIMIT":
            return factory.limit(price=price, post_only=o.post_only, **terms)
        if o.type == "STOP":
            return factory.stop_market(trigger_price=trigger, **terms)
        if o.type == "STOP_LIMIT":
            return factory.stop_limit(price=price, trigger_price=trigger, post_only=o.post_only, **terms)
        by = TriggerType.LAST_PRICE if o.instrument in self.traded else TriggerType.BID_ASK
        return factory.trailing_stop_market(trailing_offset=o.offset, trigger_price=trigger, trigger_type=by, **terms)


class Outcome(NamedTuple):
    """Answers with their times, balances, positions by instrument, and how every order ended."""

    answers: list[Any]
    balances: dict[str, Decimal]
    positions: dict[str, Decimal]


def through_nautilus(world: World, *, is_wired: bool = False) -> Outcome:
    """A world through nautilus' own engine; `is_wired` leaves the latency to its LatencyModel."""
    risk = RiskEngineConfig(max_order_submit_rate="1000000/00:00:01", max_order_modify_rate="1000000/00:00:01")
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True), risk_engine=risk))
    between = Between(world)
    between.script = script = Script(world, between, is_wired)
    fills = AtMarket(prob_fill_on_limit=float(world.is_touch), prob_slippage=0.0, random_seed=0)
    fills.between = between
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN if world.account == "margin" else AccountType.CASH,
        starting_balances=[Money(Decimal(amount), currency(code)) for code, amount in BALANCES.items()],
        fill_model=fills,
        fee_model=MakerTakerFeeModel(),
        latency_model=LatencyModel(base_latency_nanos=nanoseconds(world.latency)) if is_wired else None,
        book_type=BookType.L2_MBP if world.data == "l2" else BookType.L1_MBP,
        trade_execution=True,
        default_leverage=Decimal(1),
        use_message_queue=is_wired,  # commands that are due together take effect one after the other
        modules=[between],
        use_reduce_only=False,
    )
    for definition in world.instruments:
        engine.add_instrument(traded(definition))
    rows = [_row(script.tickers[body.instrument], body) for _, body in world.market if isinstance(body, _MATCHED)]
    firsts = [
        next(i for i, row in enumerate(rows) if str(row.instrument_id) == d.instrument) for d in world.instruments
    ]
    cuts = [*firsts, len(rows)]
    for begin, end in itertools.pairwise(cuts):
        engine.add_data(rows[begin:end], sort=False)
    engine.add_strategy(script)
    engine.run()
    account = engine.cache.account_for_venue(VENUE)
    balances = {str(c): total.as_decimal() for c, total in account.balances_total().items()}
    positions = {str(p.instrument_id): plain(p.signed_decimal_qty()) for p in engine.cache.positions_open()}
    done = [a for _, a in script.heard if isinstance(a, Fill)]
    if world.account == "cash":
        for d in world.instruments:
            balances[d.quote] += forgotten([f for f in done if f.instrument == d.instrument], d.quote)
    engine.dispose()
    return Outcome(script.heard, balances, positions)


def forgotten(fills: list[Fill], code: str) -> Decimal:
    """Money that nautilus 1.221's cash account does not move when one fill turns a position around.

    It pays for `min(fill, open position)` of such a fill, and moves the base currency of the whole.
    """
    missing = held = Decimal(0)
    for fill in fills:
        before, held = held, held + (fill.quantity if fill.side == "BUY" else -fill.quantity)
        if before * held < 0:
            missing -= Money(held * fill.price, currency(code)).as_decimal()
    return missing


def _row(ticker: Ticker, body: Any) -> Any:
    if isinstance(body, Trade | Print):
        return ticker.tick(body)
    if isinstance(body, Quote):
        return ticker.quote(body)
    return ticker.delta(body) if isinstance(body, BookDelta) else ticker.deltas(whole(body))
