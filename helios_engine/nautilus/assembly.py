"""nautilus_trader's parts put together by hand: one clock, one bus, one exchange a venue name.

The assembly is that of its BacktestEngine without the loop: Helios has one of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from nautilus_trader.backtest.engine import SimulatedExchange
from nautilus_trader.backtest.execution_client import BacktestExecClient
from nautilus_trader.backtest.models import FeeModel, FillModel
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.config import StrategyConfig
from nautilus_trader.data.engine import DataEngine
from nautilus_trader.execution.engine import ExecutionEngine
from nautilus_trader.model.enums import AccountType, BookType, OmsType
from nautilus_trader.model.identifiers import InstrumentId, TraderId, Venue
from nautilus_trader.model.objects import Currency, Money
from nautilus_trader.portfolio.portfolio import Portfolio
from nautilus_trader.risk.engine import RiskEngine
from nautilus_trader.trading.strategy import Strategy

TRADER = TraderId("HELIOS-001")


class Assembly:
    """One simulated exchange, its account, and a strategy that only submits what it is told."""

    def __init__(self, name: str, balances: Mapping[str, Decimal], fill_probability: float, fees: FeeModel) -> None:
        self.clock = TestClock()
        self.bus = MessageBus(trader_id=TRADER, clock=self.clock)
        self.cache = Cache()
        parts: dict[str, Any] = {"msgbus": self.bus, "cache": self.cache, "clock": self.clock}
        self.portfolio = Portfolio(**parts)
        self.execution = ExecutionEngine(**parts)
        self.risk = RiskEngine(portfolio=self.portfolio, **parts)
        DataEngine(**parts)
        self.exchange = SimulatedExchange(
            venue=Venue(name),
            oms_type=OmsType.NETTING,
            account_type=AccountType.CASH,
            starting_balances=[money(amount, currency) for currency, amount in balances.items()],
            base_currency=None,
            default_leverage=Decimal(1),
            leverages={},
            modules=[],
            portfolio=self.portfolio,
            fill_model=FillModel(prob_fill_on_limit=fill_probability, prob_slippage=0.0, random_seed=0),
            fee_model=fees,
            book_type=BookType.L1_MBP,
            # Helios keeps commands until they arrive, so here they take effect at once.
            use_message_queue=False,
            trade_execution=True,
            **parts,
        )
        self.client = BacktestExecClient(exchange=self.exchange, **parts)
        self.exchange.register_client(self.client)
        self.execution.register_client(self.client)
        self.desk = Strategy(StrategyConfig(order_id_tag="000"))
        self.desk.register(TRADER, self.portfolio, self.bus, self.cache, self.clock)

    def start(self, ts: int) -> None:
        """Open the account at `ts` (ns UTC)."""
        self.clock.set_time(ts)
        self.exchange.initialize_account()
        for part in (self.execution, self.risk, self.client, self.desk):
            part.start()

    def free(self, code: str) -> Decimal:
        """Free balance in a currency, 0 if the account never held it."""
        found = self.exchange.get_account().balance_free(currency(code))
        return Decimal(0) if found is None else found.as_decimal()

    def locked(self, code: str) -> Decimal:
        """What resting orders hold back in a currency."""
        found = self.exchange.get_account().balance_locked(currency(code))
        return Decimal(0) if found is None else found.as_decimal()

    def ask(self, instrument: InstrumentId) -> Decimal | None:
        """The price that a purchase would pay now; nothing before the first trade."""
        found = self.exchange.get_matching_engine(instrument).best_ask_price()
        return None if found is None else found.as_decimal()

    def balances(self) -> dict[str, Decimal]:
        """Total balance by currency."""
        account = self.exchange.get_account()
        return {str(currency): total.as_decimal() for currency, total in account.balances_total().items()}


def money(amount: Decimal, code: str) -> Money:
    """An amount in a currency; an unknown code becomes a crypto currency with eight digits."""
    return Money(amount, currency(code))


def currency(code: str) -> Currency:
    """The currency of a code, as nautilus knows it."""
    return Currency.from_str(code)
