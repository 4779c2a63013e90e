"""The chosen models as a fill model of nautilus: what it may fill itself, at which price, and what it must leave."""

from __future__ import annotations

from typing import Any, NamedTuple

from nautilus_trader.backtest.models import FillModel
from nautilus_trader.model.book import OrderBook
from nautilus_trader.model.data import BookOrder
from nautilus_trader.model.enums import BookType, LiquiditySide, OrderSide, OrderType, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.model.objects import FIXED_PRECISION, Price

from helios_engine.nautilus.models import tape
from helios_engine.nautilus.models.watch import Watch

MARKET_TYPES = (
    OrderType.MARKET,
    OrderType.STOP_MARKET,
    OrderType.TRAILING_STOP_MARKET,
    OrderType.MARKET_IF_TOUCHED,
)
STOPS = (OrderType.STOP_MARKET, OrderType.TRAILING_STOP_MARKET)
RAW: int = 10 ** (tape.DIGITS - FIXED_PRECISION)
"""Units of the models in one of nautilus' raw integers: 1 in its build of high precision."""


class Held(NamedTuple):
    """An order that met the market on arrival and was not filled by nautilus, with the price it met."""

    order: Any
    price: Any


class Execution(FillModel):
    """One for all instruments of a venue.

    A resting order of an instrument with a fill model of ours is never filled by nautilus: `Working` does it. A
    market order is shown nautilus' own fills, each worse by the slippage; without slippage nautilus is left alone.

    Except for a stop that has woken up: nautilus 1.221 fills it at its trigger, also where the market has jumped over
    it and nobody offered that price. Here the book fills it as it stands, after a trade at that trade's price. Inside a
    bar the price is taken to move without jumps from print to print, so there the trigger is what was offered.
    """

    def __init__(self, *, touch: bool) -> None:
        super().__init__(
            prob_fill_on_limit=1.0 if touch else 0.0, prob_fill_on_stop=1.0, prob_slippage=0.0, random_seed=0
        )
        self.held: list[Held] = []
        self._books: dict[InstrumentId, Any] = {}
        self._watches: dict[InstrumentId, Watch] = {}
        self._nothing: dict[InstrumentId, Any] = {}

    def add(self, engine: Any, watch: Watch) -> None:
        """Take in an instrument: nautilus' matching engine of it, and what its models know."""
        instrument = engine.instrument.id
        self._books[instrument], self._watches[instrument] = engine.get_book(), watch
        self._nothing[instrument] = OrderBook(instrument, BookType.L2_MBP)

    def get_orderbook_for_fill_simulation(self, instrument: Any, order: Any, best_bid: Any, best_ask: Any) -> Any:
        """The book that an order is matched with; None for nautilus' own."""
        watch, best = self._watches[instrument.id], best_ask if order.side == OrderSide.BUY else best_bid
        takes = order.liquidity_side != LiquiditySide.MAKER
        if order.order_type in MARKET_TYPES:
            if watch.slips is not None:
                return self._slipped(watch, instrument, order, best)
        elif watch.fills is not None:
            if not takes:
                return self._nothing[instrument.id]
            if watch.fills.binds_takers and not watch.has_quotes:
                return self._bound(watch.fills, instrument, order, best)
        woke = order.order_type in STOPS or (order.order_type == OrderType.STOP_LIMIT and takes)
        return self._books[instrument.id] if woke and not watch.is_inside_bar else None

    def _bound(self, fills: tape.FillModel, instrument: Any, order: Any, price: Any) -> Any:
        """Nothing but for a FOK order that the volume suffices for; what may fill in part is held."""
        if order.time_in_force != TimeInForce.FOK:
            self.held.append(Held(order, price))
            return self._nothing[instrument.id]
        if not fills.taken(as_units(order.leaves_qty), whole=True):
            return self._nothing[instrument.id]
        return _book(instrument.id, order.side == OrderSide.BUY, [(price, order.leaves_qty)])

    def _slipped(self, watch: Watch, instrument: Any, order: Any, best: Any) -> Any:
        """nautilus' own fills, each moved against the order; none falls below one tick."""
        fills = self._books[instrument.id].simulate_fills(
            order, instrument.price_precision, instrument.size_precision, is_aggressive=True
        )
        if not fills:
            return None
        is_buy = order.side == OrderSide.BUY
        if self._books[instrument.id].book_type == BookType.L1_MBP:
            # On one level nautilus takes the price of its market, which is not always the book's.
            is_walk = watch.is_inside_bar and order.order_type in STOPS
            fills = [(order.trigger_price if is_walk else best, fills[0][1])]
        assert watch.slips is not None
        cost = watch.slips.cost(as_units(fills[0][0]), as_units(order.leaves_qty)) // RAW
        if not is_buy:
            cost = -min(cost, fills[-1][0].raw - instrument.price_increment.raw)
        worse = [(Price.from_raw(price.raw + cost, instrument.price_precision), size) for price, size in fills]
        return _book(instrument.id, is_buy, worse)


def _book(instrument: InstrumentId, is_buy: bool, levels: list[tuple[Any, Any]]) -> Any:
    """A book with these levels on the side that an order takes from."""
    found = OrderBook(instrument, BookType.L2_MBP)
    for number, (price, size) in enumerate(levels, 1):
        found.add(BookOrder(OrderSide.SELL if is_buy else OrderSide.BUY, price, size, number), 0, 0)
    return found


def as_units(value: Any) -> int:
    """A price or quantity of nautilus in units of the models."""
    return int(value.raw) * RAW
