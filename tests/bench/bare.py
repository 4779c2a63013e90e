"""nautilus_trader alone on the same work: its engine, the same Parquet, the same orders at the same times."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.backtest.models import FillModel, LatencyModel, MakerTakerFeeModel
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.model.enums import AccountType, BookType, OmsType, OrderSide
from nautilus_trader.model.identifiers import Venue
from nautilus_trader.model.objects import Quantity
from nautilus_trader.trading.strategy import Strategy

from helios_engine.catalog.feeds import CatalogBars
from helios_engine.catalog.tick_feeds import CatalogTrades
from helios_engine.nautilus.assembly import money
from helios_engine.nautilus.instruments import instrument_id, size_digits, traded
from helios_engine.nautilus.ticks import Ticker
from tests.bench.data import BTC


class Precomputed(Strategy):
    """Sends each order at the first tick at or after the time it was decided at; computes nothing."""

    def __init__(self, orders: list[tuple[int, str]]) -> None:
        super().__init__(StrategyConfig(order_id_tag="000"))
        self.orders, self.next = orders, 0
        self.due = orders[0][0] if orders else 2**62
        self.size = Quantity(1, size_digits(BTC))

    def on_start(self) -> None:
        self.subscribe_trade_ticks(instrument_id(BTC.instrument))

    def on_trade_tick(self, tick: Any) -> None:
        while tick.ts_init >= self.due:
            side = OrderSide.BUY if self.orders[self.next][1] == "BUY" else OrderSide.SELL
            self.submit_order(self.order_factory.market(tick.instrument_id, side, self.size))
            self.next += 1
            self.due = self.orders[self.next][0] if self.next < len(self.orders) else 2**62


def run(root: Path, kind: str, orders: list[tuple[int, str]]) -> dict[str, Any]:
    """Run once; CPU seconds to read and build ticks, seconds of the loop, fills and balances."""
    begin = time.process_time()
    ticker = Ticker(BTC)
    if kind == "bars":
        feed: Any = CatalogBars(root, BTC.instrument, "1m").prints(0, 2**62)
    else:
        feed = CatalogTrades(root, BTC.instrument).inputs(0, 2**62)
    ticks = [ticker.tick(body) for _, body in feed]
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(
        venue=Venue("BENCH"),
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        starting_balances=[money(Decimal(1_000_000), "USDT"), money(Decimal(0), "BTC")],
        fill_model=FillModel(prob_fill_on_limit=0.0, prob_slippage=0.0, random_seed=0),
        fee_model=MakerTakerFeeModel(),
        latency_model=LatencyModel(base_latency_nanos=1 if kind == "bars" else 1_000_000),
        book_type=BookType.L1_MBP,
        trade_execution=True,
    )
    engine.add_instrument(traded(BTC))
    engine.add_data(ticks, sort=False)
    engine.add_strategy(Precomputed(orders))
    built = time.process_time()
    engine.run()
    done = time.process_time()
    account = engine.cache.account_for_venue(Venue("BENCH"))
    fills = sum(len(order.trade_ids) for order in engine.cache.orders())
    return {
        "read": built - begin,
        "seconds": done - built,
        "fills": fills,
        "balances": {str(c): str(m.as_decimal()) for c, m in account.balances_total().items()},
    }
