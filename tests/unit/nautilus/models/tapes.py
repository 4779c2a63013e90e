"""Small tapes with their right fills, run through the models alone or through the whole venue."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from helios_engine.bodies import BookDelta, BookSnapshot, Fill, OrderIntent, Quote, Trade
from helios_engine.events import Body
from helios_engine.nautilus.models.tape import Deal, FillModel, Resting
from helios_engine.nautilus.plugin import sim_venue
from tests.unit.nautilus.scenarios import BTC, ETH, S

D = Decimal
BUY = Resting("mine", "BUY", 100, 10)
RICH = {"ZAR": "10000000", "BTC": "1000", "ETH": "1000"}

deals = st.lists(
    st.tuples(st.integers(95, 105), st.integers(1, 30), st.sampled_from(["BUY", "SELL", ""])), min_size=1, max_size=40
).map(lambda rows: [Deal(n, *row) for n, row in enumerate(rows, 1)])
orders = st.builds(
    Resting,
    id=st.just("mine"),
    side=st.sampled_from(["BUY", "SELL"]),
    price=st.integers(96, 104),
    leaves=st.integers(1, 60),
)


def filled(model: FillModel, tape: list[Deal], *start: Resting) -> list[dict[str, int]]:
    """What each order gets of each deal; an order is worked until nothing is left of it."""
    open_orders, found = list(start), []
    model.rest(open_orders)
    for deal in tape:
        shares = model.deal(deal, open_orders)
        found.append({o.id: q for o, q in zip(open_orders, shares, strict=True) if q})
        open_orders = [
            o._replace(leaves=o.leaves - q) for o, q in zip(open_orders, shares, strict=True) if q < o.leaves
        ]
        model.rest(open_orders)
    return found


def total(steps: list[dict[str, int]], order: str = "mine") -> int:
    """All that an order got."""
    return sum(step.get(order, 0) for step in steps)


def trade(second: int, price: float, quantity: float, side: str, instrument: str = BTC.instrument) -> Trade:
    """A trade at a whole second."""
    return Trade(instrument, second * S, price, quantity, side, f"t{second}")


def limit(name: str, side: Any, quantity: str, price: int, **terms: Any) -> OrderIntent:
    """A limit order in BTCZAR."""
    return OrderIntent(name, BTC.instrument, side, D(quantity), "LIMIT", D(price), **terms)


def answers(
    market: list[Any],
    commands: dict[int, list[Body]],
    balances: dict[str, str] | None = None,
    **settings: Any,
) -> tuple[list[tuple[int, Any]], Any]:
    """Every answer of the venue with the number of its event, from 1, and the venue."""
    venue: Any = sim_venue(balances or RICH, **settings)
    venue.open(1, [BTC, ETH])
    found = []
    for number, body in enumerate(market, 1):
        found += [(number, a) for a in venue.market(body.ts_event, body)]
        for command in commands.get(number, ()):
            venue.send(body.ts_event, command)
        found += [(number, a) for a in venue.settle(body.ts_event)]
    return found, venue


def fills(market: list[Any], commands: dict[int, list[Body]], **settings: Any) -> list[tuple[int, str, str, str, str]]:
    """Every fill as (event, order, quantity, price, MAKER or TAKER)."""
    found, _ = answers(market, commands, **settings)
    return [(n, a.id, str(a.quantity), str(a.price), a.liquidity) for n, a in found if isinstance(a, Fill)]


def quote(second: int, bid: float, ask: float, quantity: float = 5.0) -> Quote:
    """A quote at a whole second, as much on both sides."""
    return Quote(BTC.instrument, second * S, bid, ask, quantity, quantity)


def book(second: int, bids: dict[float, float], asks: dict[float, float]) -> BookSnapshot:
    """A whole book at a whole second."""
    best = sorted(bids.items(), reverse=True)
    return BookSnapshot(BTC.instrument, second * S, tuple(best), tuple(sorted(asks.items())), second)


def level(second: int, side: str, price: float, quantity: float) -> BookDelta:
    """One changed level at a whole second."""
    return BookDelta(BTC.instrument, second * S, side, price, quantity, second)
