"""One instrument at the venue: its definition, its matching engine, what rests there, and what is on its way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nautilus_trader.model.enums import OrderSide

from helios_engine.bodies import Instrument, OrderIntent, Position
from helios_engine.errors import BuildError
from helios_engine.nautilus.assembly import Assembly
from helios_engine.nautilus.flight import Flight
from helios_engine.nautilus.instruments import price_digits, size_digits, traded
from helios_engine.nautilus.models.simulation import Simulation
from helios_engine.nautilus.settings import Book
from helios_engine.nautilus.sight import Sight
from helios_engine.nautilus.terms import off_grid
from helios_engine.nautilus.ticks import Ticker

ZERO = Decimal(0)


class Market:
    """What an instrument is, what rests there, and what it is worth; `sight` takes its events."""

    def __init__(
        self,
        assembly: Assembly,
        number: int,
        definition: Instrument,
        book: Book,
        simulation: Simulation,
        margin: Decimal,
        delay: int = 0,
    ) -> None:
        self._assembly, self._number = assembly, number
        self.definition = definition
        self.simulation = simulation
        self.flight = Flight(simulation.latency, delay)
        self.open: dict[str, Any] = {}
        """nautilus' orders that rest here, by our id."""
        self.why = "canceled"
        """The reason that a cancelled order is told."""
        self.is_silent = False
        """Whether what is modified now changes nothing for the order's owner."""
        self.expiries: dict[str, int] = {}
        """When orders that rest here expire (ns UTC), for those that do."""
        self.position = Position(definition.instrument, ZERO, ZERO, ZERO)
        self.mark: Decimal | None = None
        """The venue's mark price, once it has told one."""
        self.sight = Sight(definition.instrument, book, simulation, self.open, self._deepen)
        self._digits, self._sizes = 0, size_digits(definition)
        self._used = False
        self.define(definition, margin)

    def define(self, definition: Instrument, margin: Decimal) -> None:
        """Take the definition that holds from now on; prices never lose digits, so that resting orders stay valid."""
        sizes = size_digits(definition)
        if sizes > self._sizes:
            raise BuildError(f"{definition.instrument}: {sizes} decimals of a lot, {self._sizes} so far: too fine")
        digits, self.definition = self._digits, definition
        self._digits = max(digits, price_digits(definition))
        self.instrument = traded(definition, digits=self._digits, margin=margin)
        self.ticker = self.sight.ticker = Ticker(definition, self._digits)
        self._assembly.cache.add_instrument(self.instrument)
        if not hasattr(self, "engine"):
            self._join(depth=self.sight.depth)
        else:
            self.engine.update_instrument(self.instrument)
            self.simulation.define(definition)
            self._fit(is_finer=self._digits > digits)

    def price(self) -> Decimal | None:
        """What the position is worth a unit: the mark, else the last trade, else the middle of the last quote."""
        return self.mark or self.sight.price() or self.position.average_price or None

    def expected(self, intent: OrderIntent) -> Decimal | None:
        """About what an order would pay or get; nothing while nobody has offered anything."""
        if intent.price is not None:
            return intent.price
        if intent.trigger is not None:
            return self.simulation.slipped(intent, intent.trigger)
        buys = intent.side == "BUY"
        best = self.engine.best_ask_price() if buys else self.engine.best_bid_price()
        if best is None:
            return None
        if self.sight.depth:
            side = OrderSide.BUY if buys else OrderSide.SELL
            average = self.engine.get_book().get_avg_px_for_quantity(self.ticker.quantity(intent.quantity), side)
            return self.simulation.slipped(intent, Decimal(repr(average)) if average else best.as_decimal())
        away = self.definition.tick + (intent.offset or ZERO)  # what is more than the best size costs a tick more
        return self.simulation.slipped(intent, best.as_decimal() + (away if buys else -away))

    def can_trail(self) -> bool:
        """Whether a trailing stop has something to follow."""
        return self.sight.has_bid and self.engine.best_ask_price() is not None

    def is_quiet(self) -> bool:
        """Whether nothing rests here, nothing is on its way, and trades are only remembered."""
        return not (self.open or self.flight.queue or self.expiries) and self.sight.is_quiet()

    def expire(self, ts: int) -> None:
        """Take off what expires at or before `ts`, ahead of an event that could fill it."""
        for name in sorted(name for name, expires in self.expiries.items() if expires <= ts):
            self._assembly.clock.set_time(ts)
            self.cancel(self.open[name], "expired")

    def cancel(self, order: Any, why: str) -> None:
        """Take an order off, by the venue's own wish."""
        self.why = why
        self.engine.cancel_order(order)
        self.why = "canceled"

    def restate(self, order: Any, quantity: Decimal) -> None:
        """Give a resting order another quantity, without matching it anew as nautilus' own update would."""
        ticker = self.ticker
        price = ticker.price(order.price.as_decimal()) if order.has_price else None
        trigger = ticker.price(order.trigger_price.as_decimal()) if order.has_trigger_price else None
        self.engine._generate_order_updated(order, ticker.quantity(quantity), price, trigger)

    def use(self) -> None:
        """An order has arrived: from now on the kind of book is settled."""
        self._used = True

    def _fit(self, *, is_finer: bool) -> None:
        """Keep what rests under a new definition, or cancel it where it could not be sent now."""
        for order in list(self.open.values()):
            price = order.price.as_decimal() if order.has_price else None
            trigger = order.trigger_price.as_decimal() if order.has_trigger_price else None
            wrong = off_grid(self.definition, order.leaves_qty.as_decimal(), price, trigger)
            if wrong is not None:
                self.cancel(order, f"the definition changed: {wrong}")
            elif is_finer:
                self.is_silent = True  # the same terms, with as many digits as the market has now
                self.restate(order, order.quantity.as_decimal())
                self.is_silent = False

    def _deepen(self, kind: str) -> None:
        name = self.definition.instrument
        if self._used:
            raise BuildError(
                f'{name}: a {kind} came after the first order, which was matched without a book; set book = "l2" '
                'under [venue] to match on books from the start, or book = "trades" to leave them out'
            )
        self._join(depth=True)

    def _join(self, *, depth: bool) -> None:
        self.engine: Any = self._assembly.engine(self.instrument, self._number, depth=depth)
        self.sight.engine = self.engine
        self.simulation.join(self.engine)
