"""nautilus_trader's parts put together by hand: one clock, one bus, one account, one matching engine an instrument.

The assembly is that of its BacktestEngine without the loop and without the exchange's queue: Helios has those.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from nautilus_trader.accounting.accounts.cash import CashAccount
from nautilus_trader.backtest.engine import OrderMatchingEngine, SimulatedExchange
from nautilus_trader.backtest.models import FeeModel, FillModel
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.config import RiskEngineConfig, StrategyConfig
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.engine import ExecutionEngine
from nautilus_trader.model.enums import AccountType, BookType, OmsType
from nautilus_trader.model.events import AccountState
from nautilus_trader.model.identifiers import TraderId, Venue
from nautilus_trader.model.objects import AccountBalance, Money
from nautilus_trader.portfolio.portfolio import Portfolio
from nautilus_trader.risk.engine import RiskEngine
from nautilus_trader.trading.strategy import Strategy

from helios_engine.nautilus.client import Client
from helios_engine.nautilus.instruments import currency

TRADER = TraderId("HELIOS-001")
_NO_LIMIT = "1000000/00:00:01"
_EVER = 2**63
"""Later than every moment (ns UTC)."""


class Assembly:
    """One account, the matching engines beside it, and a strategy that only submits what it is told."""

    def __init__(
        self,
        name: str,
        balances: Mapping[str, Decimal],
        fill_model: FillModel,
        fee_model: FeeModel,
        *,
        account: str,
        owes: bool,
    ) -> None:
        self.clock = TestClock()
        self.bus = MessageBus(trader_id=TRADER, clock=self.clock)
        self.cache = Cache()
        self._parts: dict[str, Any] = {"msgbus": self.bus, "cache": self.cache, "clock": self.clock}
        self.portfolio = Portfolio(**self._parts)
        self.execution = ExecutionEngine(**self._parts)
        # What may be sent is judged by `terms`, `funds` and `margin`; nautilus' limits of orders a second are not ours.
        bypass = RiskEngineConfig(bypass=True, max_order_submit_rate=_NO_LIMIT, max_order_modify_rate=_NO_LIMIT)
        self.risk = RiskEngine(portfolio=self.portfolio, config=bypass, **self._parts)
        self._type = AccountType.MARGIN if account == "margin" else AccountType.CASH
        self._balances, self._owes = dict(balances), owes
        self._fills, self._fees = fill_model, fee_model
        self.exchange = SimulatedExchange(
            venue=Venue(name),
            oms_type=OmsType.NETTING,
            account_type=self._type,
            starting_balances=[Money(amount, currency(code)) for code, amount in balances.items()],
            base_currency=None,
            default_leverage=Decimal(1),
            leverages={},
            modules=[],
            portfolio=self.portfolio,
            fill_model=self._fills,
            fee_model=self._fees,
            **self._parts,
        )
        self.client = Client(exchange=self.exchange, **self._parts)
        self.exchange.register_client(self.client)
        self.execution.register_client(self.client)
        self.desk = Strategy(StrategyConfig(order_id_tag="000"))
        self.desk.register(TRADER, self.portfolio, self.bus, self.cache, self.clock)

    def start(self, ts: int) -> None:
        """Open the account at `ts` (ns UTC)."""
        self.clock.set_time(ts)
        if self._owes:
            # A factory would make it too, but its permission to borrow holds for the whole process.
            self.cache.add_account(CashAccount(self._opening(ts), True, True))
        self.exchange.initialize_account()
        for part in (self.execution, self.risk, self.client, self.desk):
            part.start()

    def engine(self, instrument: Any, number: int, *, depth: bool) -> Any:
        """The matching engine of an instrument; `number` goes into the ids of its orders and fills."""
        made = OrderMatchingEngine(
            instrument=instrument,
            raw_id=number,
            fill_model=self._fills,
            fee_model=self._fees,
            book_type=BookType.L2_MBP if depth else BookType.L1_MBP,
            oms_type=OmsType.NETTING,
            account_type=self._type,
            # Expiry is ours: nautilus looks at it only after an event has matched, and would fill what is expired.
            support_gtd_orders=False,
            use_reduce_only=False,  # see `reducing`
            trade_execution=True,
            **self._parts,
        )
        self.client.engines[instrument.id] = made
        return made

    def total(self, code: str) -> Decimal:
        """Total balance in a currency, 0 if the account never held it."""
        found = self.exchange.get_account().balance_total(currency(code))
        return Decimal(0) if found is None else found.as_decimal()

    def adjust(self, ts: int, amount: Decimal, code: str) -> None:
        """Add money to the account, or take it if negative: funding, and what a fill left out."""
        self.clock.set_time(ts)
        self.exchange.adjust_account(Money(amount, currency(code)))

    def balances(self) -> dict[str, Decimal]:
        """Total balance by currency."""
        account = self.exchange.get_account()
        return {str(currency): total.as_decimal() for currency, total in account.balances_total().items()}

    def forget(self, closed: Iterable[Any]) -> None:
        """Let go what nautilus keeps for ever and nobody asks for: orders that are `closed`, and past states.

        Those of the account are one a fill, with all balances; those of a position go with it, once it is closed.
        """
        self.exchange.get_account().purge_account_events(_EVER)
        positions = {}
        for order in closed:
            if order.position_id is not None:
                positions[order.position_id] = self.cache.position(order.position_id)
            self.cache.purge_order(order.client_order_id)
        for key, position in positions.items():
            # One that an order which still rests has had a part in must stay: that order looks for it as it is purged.
            if position is not None and position.is_closed and not self.cache.orders_for_position(key):
                self.cache.purge_position(key)

    def _opening(self, ts: int) -> AccountState:
        amounts = [Money(amount, currency(code)) for code, amount in self._balances.items()]
        balances = [AccountBalance(money, Money(0, money.currency), money) for money in amounts]
        return AccountState(
            self.client.account_id, self._type, None, True, balances, [], {}, UUID4(), ts_event=ts, ts_init=ts
        )


def money(amount: Decimal, code: str) -> Money:
    """An amount in a currency; an unknown code becomes a crypto currency with eight digits."""
    return Money(amount, currency(code))
