"""Small venues and markets, written out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from helios_engine.bodies import Instrument, OrderIntent, Trade
from helios_engine.events import Body
from helios_engine.nautilus.plugin import sim_venue
from tests.unit.nautilus.worlds import PERPETUAL, SPOT

D = Decimal
S = 1_000_000_000
BTC, ETH = SPOT[:2]
PERP = PERPETUAL[0]
NAME = BTC.instrument


class Small:
    """A venue whose events come a second apart; `play` says what it answered, with the number of the event."""

    def __init__(self, *known: Instrument, balances: dict[str, str] | None = None, **settings: Any) -> None:
        self.venue: Any = sim_venue(balances or {"ZAR": "100000"}, **settings)
        self.venue.open(1, known or (BTC,))
        self.number = 0

    def play(self, *bodies: Body | Sequence[Body]) -> list[tuple[int, Body]]:
        """Events, each followed by the commands that stand in a list behind it."""
        found = []
        for body in bodies:
            if isinstance(body, Sequence):
                for command in body:
                    self.venue.send(self.number * S, command)
                continue
            self.number += 1
            if isinstance(body, Instrument):
                self.venue.instrument(self.number * S, body)
            else:
                found += [(self.number, a) for a in self.venue.market(self.number * S, body)]
            found += [(self.number, a) for a in self.venue.settle(self.number * S)]
        return found


def trade(price: float, side: str = "", quantity: float = 100.0, name: str = NAME) -> Trade:
    """A trade of a second that does not matter."""
    return Trade(name, 1, price, quantity, side, "")


def order(id: str, side: str = "BUY", quantity: str = "1", type: str = "MARKET", **terms: Any) -> OrderIntent:
    """An order in bitcoin."""
    return OrderIntent(id, terms.pop("name", NAME), side, D(quantity), type, **terms)  # type: ignore[arg-type]
