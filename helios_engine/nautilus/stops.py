"""Stops that are filled at what the market offers when they wake up."""

from __future__ import annotations

from typing import Any

from nautilus_trader.backtest.models import FillModel
from nautilus_trader.model.enums import LiquiditySide, OrderType

_STOPS = frozenset({OrderType.STOP_MARKET, OrderType.TRAILING_STOP_MARKET})


class StopFills(FillModel):
    """nautilus' fill model, without its price for stops.

    nautilus 1.221 fills a stop at its trigger, also where the market has jumped over it and nobody offered that price.
    Here it is filled by the book as it stands: after a trade, at that trade's price. Inside a bar the price is taken to
    move without jumps from print to print, so there the trigger is what the market offered; an open may be a jump.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.engines: dict[Any, Any] = {}
        """Matching engines by nautilus' instrument id."""
        self.inside_bar: set[Any] = set()
        """Instruments whose last event was a print that is no open."""

    def get_orderbook_for_fill_simulation(self, instrument: Any, order: Any, best_bid: Any, best_ask: Any) -> Any:
        """The instrument's own book for a stop that wakes up; nothing, for nautilus' own ways, else."""
        woke = order.order_type == OrderType.STOP_LIMIT and order.liquidity_side == LiquiditySide.TAKER
        if instrument.id in self.inside_bar or not (woke or order.order_type in _STOPS):
            return None
        return self.engines[instrument.id].get_book()
