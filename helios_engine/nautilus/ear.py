"""What nautilus says, heard while it matches: answers are made, positions followed, reduce-only orders cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nautilus_trader.model.identifiers import ClientOrderId

from helios_engine.bodies import Fill, OrderModified
from helios_engine.errors import VenueError
from helios_engine.events import Body
from helios_engine.ledger import after_fill
from helios_engine.nautilus.answers import answer
from helios_engine.nautilus.assembly import Assembly
from helios_engine.nautilus.funds import Funds
from helios_engine.nautilus.instruments import name_of
from helios_engine.nautilus.market import Market
from helios_engine.nautilus.reducing import trim


class Ear:
    """Takes every order event the moment it happens, between two orders of one matching."""

    def __init__(
        self, assembly: Assembly, markets: Mapping[str, Market], funds: Funds | None, tell: Callable[[Body], None]
    ) -> None:
        self._assembly, self._markets, self._funds, self._tell = assembly, markets, funds, tell
        self.closed: dict[str, Any] = {}
        """Orders that nothing can happen to any more, by their id, until somebody clears them away."""

    def hear(self, event: Any) -> None:
        """Tell what happened, and do what follows from it."""
        name = event.client_order_id.value
        market, order = self._markets[name_of(event.instrument_id)], self._assembly.cache.order(ClientOrderId(name))
        found = answer(event, order, market.why)
        if found is None or (market.is_silent and isinstance(found, OrderModified)):
            return
        if isinstance(found, Fill):
            self._book(market, found)
        self._tell(found)
        if order.is_open:
            market.open[name] = order
        else:
            market.open.pop(name, None)
            market.expiries.pop(name, None)
            if order.is_closed:
                self.closed[name] = order
        if isinstance(found, Fill):
            trim(market)
            if self._funds is not None and found.side == "SELL":
                for where, uncovered in self._funds.uncovered(market.definition):
                    where.cancel(uncovered, f"{market.definition.base} that it would sell is gone")

    def _book(self, market: Market, fill: Fill) -> None:
        """Follow the position, and put right what nautilus' cash account left out."""
        before, d = market.position, market.definition
        market.position = after_fill(before, fill.quantity if fill.side == "BUY" else -fill.quantity, fill.price)
        if self._funds is None:
            return
        missing = self._funds.missing(fill, d, before.quantity)
        if missing:
            self._assembly.adjust(self._assembly.clock.timestamp_ns(), missing, d.quote)
        wrong = self._funds.overdrawn(d)
        if wrong is not None:
            raise unsound(market, wrong)


def unsound(market: Market, error: object) -> VenueError:
    """The error that stops a run whose account nautilus could not keep."""
    return VenueError(
        f"nautilus cannot book what it filled in {market.definition.instrument}: {error}; its account is no longer "
        "sound, so the run stops: trade less than all of the balance, and keep balances below 90 million units of a "
        "currency with eight digits, beyond which nautilus cannot count exactly"
    )
