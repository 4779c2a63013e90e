"""nautilus_trader's own BacktestEngine says what our venue should have answered."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.backtest.models import FillModel, LatencyModel, MakerTakerFeeModel
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.model.enums import AccountType, BookType, OmsType, OrderSide
from nautilus_trader.model.identifiers import ClientOrderId, Venue
from nautilus_trader.trading.strategy import Strategy

from helios_engine.bodies import CancelIntent, Fill, OrderIntent, Print
from helios_engine.nautilus.answers import answer
from helios_engine.nautilus.assembly import money
from helios_engine.nautilus.instruments import instrument_id, traded
from helios_engine.nautilus.orders import TIME_IN_FORCE as _TIME_IN_FORCE
from helios_engine.nautilus.plugin import sim_venue
from helios_engine.nautilus.ticks import Ticker
from helios_engine.timeframe import nanoseconds
from tests.unit.nautilus.scenarios import BTC, ETH, S, Scenario, trades

BALANCES = {"ZAR": "1000000", "BTC": "1000", "ETH": "0"}
LATENCIES = ("1ns", "1ms", "250ms")


class Script(Strategy):
    """Sends each command right after the event that it was decided on."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(StrategyConfig(order_id_tag="000"))
        self.scenario, self.seen, self.heard = scenario, 0, []
        self.tickers = {d.instrument: Ticker(d) for d in (BTC, ETH)}

    def on_start(self) -> None:
        for name in self.tickers:
            self.subscribe_trade_ticks(instrument_id(name))
        self.msgbus.subscribe(
            "events.order.*",
            lambda event: self.heard.append((event.ts_event, answer(event, self.cache.order(event.client_order_id)))),
        )

    def on_trade_tick(self, tick: Any) -> None:
        for command in self.scenario.commands.get(self.seen, ()):
            if isinstance(command, CancelIntent):
                order = self.cache.order(ClientOrderId(command.id))
                if order is not None and not order.is_closed:
                    self.cancel_order(order)
            elif isinstance(command, OrderIntent):
                self.submit_order(self.order(command))
        self.seen += 1

    def order(self, intent: OrderIntent) -> Any:
        terms: dict[str, Any] = {
            "instrument_id": instrument_id(intent.instrument),
            "order_side": OrderSide.BUY if intent.side == "BUY" else OrderSide.SELL,
            "quantity": self.tickers[intent.instrument].quantity(intent.quantity),
            "time_in_force": _TIME_IN_FORCE[intent.time_in_force],
            "client_order_id": ClientOrderId(intent.id),
        }
        if intent.price is None:
            return self.order_factory.market(**terms)
        return self.order_factory.limit(
            price=self.tickers[intent.instrument].price(intent.price), post_only=intent.post_only, **terms
        )


def through_nautilus(scenario: Scenario, latency: str, touch: bool) -> tuple[list[Any], dict[str, Decimal]]:
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(
        venue=Venue("VALR"),
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        starting_balances=[money(Decimal(amount), code) for code, amount in BALANCES.items()],
        fill_model=FillModel(prob_fill_on_limit=float(touch), prob_slippage=0.0, random_seed=0),
        fee_model=MakerTakerFeeModel(),
        latency_model=LatencyModel(base_latency_nanos=nanoseconds(latency)),
        book_type=BookType.L1_MBP,
        trade_execution=True,
    )
    for definition in (BTC, ETH):
        engine.add_instrument(traded(definition))
    script = Script(scenario)
    engine.add_data([script.tickers[body.instrument].tick(body) for body in scenario.market], sort=False)
    engine.add_strategy(script)
    engine.run()
    account = engine.cache.account_for_venue(Venue("VALR"))
    balances = {str(c): total.as_decimal() for c, total in account.balances_total().items()}
    engine.dispose()
    heard = [(ts, a) for ts, a in script.heard if a is not None]
    balances["ZAR"] += forgotten([a for _, a in heard if isinstance(a, Fill)])
    return heard, balances


def forgotten(fills: list[Fill]) -> Decimal:
    """Money that nautilus 1.221's cash account does not move when one fill turns a position around.

    It pays for `min(fill, open position)` of such a fill, and moves the base currency of the whole.
    """
    missing, held = Decimal(0), {}
    for fill in fills:
        before = held.get(fill.instrument, Decimal(0))
        signed = fill.quantity if fill.side == "BUY" else -fill.quantity
        held[fill.instrument] = after = before + signed
        if before * after < 0:
            missing -= after * fill.price
    return missing


def through_ours(scenario: Scenario, latency: str, touch: bool) -> tuple[list[Any], dict[str, Decimal]]:
    venue: Any = sim_venue(BALANCES, latency=latency, fill_model="touch" if touch else "through")
    venue.open(1, [BTC, ETH])
    heard = []
    for number, body in enumerate(scenario.market):
        heard += [(body.ts_event, a) for a in venue.market(body.ts_event, body)]
        for command in scenario.commands.get(number, ()):
            venue.send(body.ts_event, command)
        heard += [(body.ts_event, a) for a in venue.settle(body.ts_event)]
    return heard, venue.balances()


def told(answers: list[Any]) -> list[Any]:
    """What both must say: everything but the refusal of a cancel that came too late."""
    return [(ts, a) for ts, a in answers if not getattr(a, "reason", "").startswith("cancel")]


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("latency", LATENCIES)
def test_the_same_orders_have_the_same_answers_fills_fees_and_balances(seed: int, latency: str) -> None:
    scenario = trades(seed, count=300)
    touch = seed % 2 == 0

    ours, nautilus = through_ours(scenario, latency, touch), through_nautilus(scenario, latency, touch)

    assert told(ours[0]) == told(nautilus[0])
    assert ours[1] == nautilus[1]
    assert sum(isinstance(a, Fill) for _, a in ours[0]) > 5


def test_the_scenarios_bring_out_every_kind_of_answer() -> None:
    kinds = set()
    for seed in range(15):
        answers, _ = through_ours(trades(seed, count=300), "1ms", touch=True)
        kinds |= {(type(a).__name__, getattr(a, "liquidity", "")) for _, a in answers}

    assert kinds >= {("Fill", "MAKER"), ("Fill", "TAKER"), ("OrderAccepted", ""), ("OrderCanceled", ""), ("Reject", "")}


def test_of_two_instruments_ours_waits_for_its_own_open_where_bare_nautilus_fills_at_the_last_close() -> None:
    hour = 3600 * S
    closes = [Print(d.instrument, hour - 1, price, 5.0, "close") for d, price in ((BTC, 1000.0), (ETH, 500.0))]
    opens = [Print(d.instrument, hour + 1, price, 5.0, "open") for d, price in ((BTC, 1010.0), (ETH, 550.0))]
    order = OrderIntent("1", ETH.instrument, "BUY", Decimal(1))
    scenario = Scenario([*closes, *opens], {1: [order]})

    (ours,), (theirs,) = (
        [(ts, a.price) for ts, a in run(scenario, "1ns", False)[0] if isinstance(a, Fill)]
        for run in (through_ours, through_nautilus)
    )

    assert ours == (hour + 1, Decimal(550))
    assert theirs == (hour + 1, Decimal(500))  # BTC's open settles the order before ETH has one
