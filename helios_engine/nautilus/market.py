"""One instrument at the venue: its definition, its matching engine, what rests there, and what is on its way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nautilus_trader.model.enums import OrderSide

from helios_engine.bodies import BookDelta, BookSnapshot, Instrument, OrderIntent, Position, Print, Quote, Trade
from helios_engine.errors import BuildError
from helios_engine.nautilus.assembly import Assembly
from helios_engine.nautilus.book import BookMemory, Changes, whole
from helios_engine.nautilus.flight import Flight
from helios_engine.nautilus.instruments import price_digits, size_digits, traded
from helios_engine.nautilus.memory import Memory
from helios_engine.nautilus.models.simulation import Simulation
from helios_engine.nautilus.settings import Book
from helios_engine.nautilus.terms import off_grid
from helios_engine.nautilus.ticks import Ticker

Seen = Trade | Print | Quote | BookSnapshot | BookDelta
ZERO = Decimal(0)


class Market:
    """Shows nautilus the market of one instrument, or remembers what it need not see yet."""

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
        self._assembly, self._number, self._book = assembly, number, book
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
        self.has_trades = self.has_bid = False
        self._last: float | None = None
        self._quote: Quote | None = None
        self._digits, self._sizes = 0, size_digits(definition)
        self._used = False
        self._memory, self._levels = Memory(), BookMemory()
        self.depth = book == "l2"
        self.define(definition, margin)

    def define(self, definition: Instrument, margin: Decimal) -> None:
        """Take the definition that holds from now on; prices never lose digits, so that resting orders stay valid."""
        sizes = size_digits(definition)
        if sizes > self._sizes:
            raise BuildError(f"{definition.instrument}: {sizes} decimals of a lot, {self._sizes} so far: too fine")
        digits, self.definition = self._digits, definition
        self._digits = max(digits, price_digits(definition))
        self.instrument = traded(definition, digits=self._digits, margin=margin)
        self.ticker = Ticker(definition, self._digits)
        self._assembly.cache.add_instrument(self.instrument)
        if not hasattr(self, "engine"):
            self.engine: Any = self._assembly.engine(self.instrument, self._number, depth=self.depth)
            self.simulation.join(self.engine)
        else:
            self.engine.update_instrument(self.instrument)
            self.simulation.define(definition)
            self._fit(is_finer=self._digits > digits)

    def takes(self, body: Seen) -> bool:
        """Whether this body is matched on here; BuildError for a book that comes after the first order."""
        kind = type(body)
        if kind is Trade or kind is Print:
            return True
        if kind is Quote:
            return not self.depth and self._book != "trades"
        if self._book == "auto" and not self.depth:
            self._deepen(kind.__name__)
        return self.depth

    def note(self, body: Seen, *, dense: bool) -> bool:
        """Follow the market; True if nautilus must see this body now, and it was shown."""
        kind = type(body)
        must = dense or bool(self.open)
        self.simulation.note(body, self.open)
        if kind is Trade or kind is Print:
            self._last, self.has_trades = body.price, True  # type: ignore[union-attr]
            if kind is Print:
                self.simulation.walk(inside_bar=body.phase != "open")  # type: ignore[union-attr]
            if not self.has_bid and (kind is Print or body.side != "BUY"):  # type: ignore[union-attr]
                self.has_bid = True
            must = must or (self.depth and self._levels.is_one_sided())
        else:
            self.has_bid = True
            if kind is Quote:
                self._quote = body  # type: ignore[assignment]
            else:
                must = self._levels.apply(body) or must  # type: ignore[arg-type]
        if must:
            self.catch_up()
            self._show(body)
        elif self.depth:
            self._levels.add(body)  # type: ignore[arg-type]
        else:
            self._memory.add(body)  # type: ignore[arg-type]
        self.simulation.fill()
        return must

    def catch_up(self) -> None:
        """Show nautilus what it has not seen and what counts."""
        past = self._levels.take(self.definition.instrument) if self.depth else self._memory.take()
        for body in past:
            self._show(body)

    def price(self) -> Decimal | None:
        """What the position is worth a unit: the mark, else the last trade, else the middle of the last quote."""
        if self.mark is not None:
            return self.mark
        if self._last is not None:
            return Decimal(repr(self._last))
        if self._quote is not None:
            return (Decimal(repr(self._quote.bid)) + Decimal(repr(self._quote.ask))) / 2
        return self.position.average_price or None

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
        if self.depth:
            side = OrderSide.BUY if buys else OrderSide.SELL
            average = self.engine.get_book().get_avg_px_for_quantity(self.ticker.quantity(intent.quantity), side)
            return self.simulation.slipped(intent, Decimal(repr(average)) if average else best.as_decimal())
        away = self.definition.tick + (intent.offset or ZERO)  # what is more than the best size costs a tick more
        return self.simulation.slipped(intent, best.as_decimal() + (away if buys else -away))

    def can_trail(self) -> bool:
        """Whether a trailing stop has something to follow."""
        return self.has_bid and self.engine.best_ask_price() is not None

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

    def _show(self, body: Seen | Changes) -> None:
        kind = type(body)
        if kind is Trade or kind is Print:
            self.engine.process_trade_tick(self.ticker.tick(body))  # type: ignore[arg-type]
        elif kind is Quote:
            self.engine.process_quote_tick(self.ticker.quote(body))  # type: ignore[arg-type]
        elif kind is BookDelta:
            self.engine.process_order_book_delta(self.ticker.delta(body))  # type: ignore[arg-type]
        else:
            changes = whole(body) if isinstance(body, BookSnapshot) else body
            self.engine.process_order_book_deltas(self.ticker.deltas(changes))  # type: ignore[arg-type]

    def _deepen(self, kind: str) -> None:
        name = self.definition.instrument
        if self._used:
            raise BuildError(
                f'{name}: a {kind} came after the first order, which was matched without a book; set book = "l2" '
                'under [venue] to match on books from the start, or book = "trades" to leave them out'
            )
        self.depth = True
        self.engine = self._assembly.engine(self.instrument, self._number, depth=True)
        self.simulation.join(self.engine)
