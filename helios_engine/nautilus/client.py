"""The way from nautilus' order objects to the matching engine of their instrument: at once, without a queue."""

from __future__ import annotations

from typing import Any

from nautilus_trader.backtest.execution_client import BacktestExecClient


class Client(BacktestExecClient):
    """Hands a command to its instrument's matching engine; Helios has kept it until it arrived."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.engines: dict[Any, Any] = {}
        """Matching engines by nautilus' instrument id."""

    def submit_order(self, command: Any) -> None:
        """A new order."""
        order = command.order
        self.generate_order_submitted(
            strategy_id=command.strategy_id,
            instrument_id=command.instrument_id,
            client_order_id=order.client_order_id,
            ts_event=self._clock.timestamp_ns(),
        )
        self.engines[command.instrument_id].process_order(order, self.account_id)

    def modify_order(self, command: Any) -> None:
        """Other terms for a resting order."""
        self.engines[command.instrument_id].process_modify(command, self.account_id)

    def cancel_order(self, command: Any) -> None:
        """A resting order is taken back."""
        self.engines[command.instrument_id].process_cancel(command, self.account_id)
