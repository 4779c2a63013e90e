"""The sim venue: Helios' events in, answers out, nautilus_trader's matching and account between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from nautilus_trader.accounting.error import AccountError
from nautilus_trader.model.enums import OrderSide, TimeInForce
from nautilus_trader.model.identifiers import ClientOrderId

from helios_engine.bodies import (
    BookDelta,
    BookSnapshot,
    CancelIntent,
    Instrument,
    ModifyIntent,
    OrderIntent,
    Print,
    Quote,
    Reject,
    Trade,
)
from helios_engine.errors import BuildError, ConfigError, VenueError
from helios_engine.events import Body
from helios_engine.fees import IN_QUOTE, FeeIn
from helios_engine.nautilus.answers import answer
from helios_engine.nautilus.assembly import Assembly
from helios_engine.nautilus.fees import VenueFees, highest_rates
from helios_engine.nautilus.flight import Command, Flight
from helios_engine.nautilus.market import Market, Memory, Ticker, pair
from helios_engine.timeframe import duration_text, nanoseconds

FILL_PROBABILITY = {"touch": 1.0, "through": 0.0}
_TIME_IN_FORCE = {"GTC": TimeInForce.GTC, "IOC": TimeInForce.IOC, "FOK": TimeInForce.FOK}


class SimVenue:
    """Matches on trades and prints; implements `helios_engine.stage.Venue`.

    A command waits at its instrument (see `Flight`): it takes effect at that instrument's next event, never
    on a price from before it arrived. Events that can change nothing, because no order rests and none is due,
    are remembered instead of shown to nautilus, unless `dense`.
    """

    def __init__(
        self,
        *,
        balances: Mapping[str, str],
        latency: str,
        fill_model: str,
        dense: bool,
        fees_in: Mapping[str, tuple[FeeIn, FeeIn]] | None = None,
        delay: str = "0s",
    ) -> None:
        self._balances = {currency: _amount(currency, text) for currency, text in balances.items()}
        self._latency, self._delay = _latency(latency), _delay(delay)
        self._fees_in = dict(fees_in or {})
        self._fill_model, self._dense = fill_model, dense
        self._assembly: Assembly | None = None
        self._definitions: dict[str, Instrument] = {}
        self._tickers: dict[str, Ticker] = {}
        self._memories: dict[str, Memory] = {}
        self._flights: dict[str, Flight] = {}
        self._resting: dict[str, int] = {}
        self._now: Market | None = None
        self._answers: list[Body] = []

    def models(self) -> dict[str, str]:
        """The models in words, for the report."""
        late = f"; every command sets out {duration_text(self._delay)} late" if self._delay else ""
        return {
            "fills": f"{self._fill_model}; market orders at the next trade or open; no spread in the data",
            "latency": f"{duration_text(self._latency)} on trades; with bars alone, the next open{late}",
            "account": "cash",
        }

    def open(self, ts: int, instruments: Iterable[Instrument]) -> None:
        """Open the account at `ts` for instruments that all name one venue."""
        known = list(instruments)
        names = {definition.instrument.rpartition(".")[2] for definition in known}
        if len(names) != 1:
            raise BuildError(
                f"nautilus.sim is one venue with one account; the instruments name {sorted(names) or 'none'}"
            )
        probability = FILL_PROBABILITY[self._fill_model]
        # nautilus locks nothing in a currency that the account never held, so each begins with at least 0.
        currencies = {code: Decimal(0) for d in known for code in (d.base, d.quote)}
        self._assembly = Assembly(names.pop(), {**currencies, **self._balances}, probability, VenueFees(self._fees_in))
        self._assembly.bus.subscribe("events.order.*", self._hear)
        for definition in known:
            self.instrument(ts, definition)
        self._assembly.start(ts)

    def instrument(self, ts: int, body: Instrument) -> None:
        """Add an instrument; changing one that is traded is not supported yet."""
        if body.instrument in self._tickers:
            raise BuildError(f"{body.instrument} changes its definition at {ts}; nautilus.sim does not take that yet")
        assert self._assembly is not None
        definition = pair(body)
        self._assembly.cache.add_instrument(definition)
        self._assembly.exchange.add_instrument(definition)
        self._definitions[body.instrument] = body
        self._tickers[body.instrument] = Ticker(body)
        self._memories[body.instrument] = Memory()
        self._flights[body.instrument] = Flight(self._latency, self._delay)
        self._resting[body.instrument] = 0

    def market(self, ts: int, body: Body) -> list[Body]:
        """Match what rests on a market event; its instrument's due commands follow at `settle`."""
        if not isinstance(body, Trade | Print):
            if isinstance(body, Quote | BookSnapshot | BookDelta):
                raise BuildError(f"nautilus.sim matches on trades and bars; it does not take {type(body).__name__} yet")
            return []
        name = body.instrument
        self._now = body
        self._flights[name].note(body)
        if self._dense or self._resting[name]:
            try:
                self._show([*self._memories[name].take(), body])
            except AccountError as error:
                raise _overdrawn(name, error) from error
            self._memories[name].shown(body)
            return self._take()
        self._memories[name].add(body)
        return []

    def send(self, ts: int, intent: Body) -> None:
        """Put an intent on its way."""
        assert isinstance(intent, Command)
        self._flights[intent.instrument].send(ts, intent)

    def settle(self, ts: int) -> list[Body]:
        """Let commands take effect that are due at the market event of this moment."""
        body, self._now = self._now, None
        if body is None:
            return []
        flight = self._flights[body.instrument]
        if len(flight):
            self._apply(ts, body, flight.due(ts, body))
        return self._take()

    def finish(self, ts: int) -> list[Body]:
        """Nothing more is due: a command that never met an event has no answer."""
        return self._take()

    def balances(self) -> dict[str, Decimal]:
        """Total balance by currency."""
        assert self._assembly is not None
        return self._assembly.balances()

    def _apply(self, ts: int, body: Market, commands: list[Command]) -> None:
        if not commands:
            return
        self._show(self._memories[body.instrument].take())
        assert self._assembly is not None
        self._assembly.clock.set_time(ts)
        for command in commands:
            try:
                self._command(command)
            except ValueError as error:
                self._answers.append(Reject(command.id, command.instrument, "venue", str(error)))
            except AccountError as error:
                raise _overdrawn(command.instrument, error) from error

    def _command(self, command: Command) -> None:
        assert self._assembly is not None
        desk, ticker = self._assembly.desk, self._tickers[command.instrument]
        if isinstance(command, OrderIntent):
            self._afford(command)
            desk.submit_order(self._order(desk.order_factory, ticker, command))
            return
        order = self._assembly.cache.order(ClientOrderId(command.id))
        if order is None or order.is_closed:
            verb = "cancel" if isinstance(command, CancelIntent) else "modify"
            raise ValueError(f"{verb}: no open order {command.id!r}")
        if isinstance(command, ModifyIntent):
            quantity = None if command.quantity is None else ticker.quantity(command.quantity)
            price = None if command.price is None else ticker.price(command.price)
            desk.modify_order(order, quantity, price)
        else:
            desk.cancel_order(order)

    def _afford(self, intent: OrderIntent) -> None:
        """Refuse what the free balances do not cover with its fee; nautilus looks at the price alone."""
        assert self._assembly is not None
        definition = self._definitions[intent.instrument]
        fees_in = self._fees_in.get(intent.instrument, IN_QUOTE)
        in_quote, in_base = highest_rates(definition, intent, fees_in)
        if intent.side == "SELL":
            if in_base > 0:
                self._cover(definition.base, intent.quantity * (1 + in_base), in_base, digits=8)
            return
        price = intent.price
        if price is None:
            ask = self._assembly.ask(self._tickers[intent.instrument].id)
            if ask is None:
                return  # no market yet: nautilus rejects it
            price = ask + definition.tick  # what is more than the last trade's size costs a tick more
        self._cover(definition.quote, intent.quantity * price * (1 + in_quote), in_quote, digits=2)

    def _cover(self, code: str, need: Decimal, rate: Decimal, digits: int) -> None:
        assert self._assembly is not None
        # Resting orders lock what they give away, but not the fee that they will cost.
        free = self._assembly.free(code) - self._assembly.locked(code) * rate
        if need > free:
            raise ValueError(f"INSUFFICIENT_BALANCE: needs {need:.{digits}f} {code} with fees, free {free:.{digits}f}")

    def _order(self, factory: Any, ticker: Ticker, intent: OrderIntent) -> Any:
        terms: dict[str, Any] = {
            "instrument_id": ticker.id,
            "order_side": OrderSide.BUY if intent.side == "BUY" else OrderSide.SELL,
            "quantity": ticker.quantity(intent.quantity),
            "time_in_force": _TIME_IN_FORCE[intent.time_in_force],
            "reduce_only": intent.reduce_only,
            "client_order_id": ClientOrderId(intent.id),
        }
        if intent.type == "MARKET":
            return factory.market(**terms)
        if intent.price is None:
            raise ValueError("a LIMIT order needs a price")
        return factory.limit(price=ticker.price(intent.price), post_only=intent.post_only, **terms)

    def _show(self, bodies: list[Market]) -> None:
        assert self._assembly is not None
        for body in bodies:
            tick = self._tickers[body.instrument].tick(body)
            self._assembly.clock.set_time(body.ts_event)
            self._assembly.exchange.process_trade_tick(tick)
            self._assembly.cache.add_trade_tick(tick)

    def _hear(self, event: Any) -> None:
        found = answer(event)
        if found is not None:
            self._answers.append(found)

    def _take(self) -> list[Body]:
        found, self._answers = self._answers, []
        assert self._assembly is not None
        for name in {getattr(body, "instrument", "") for body in found}:
            open_orders = self._assembly.cache.orders_open_count(instrument_id=self._tickers[name].id)
            self._resting[name] = open_orders
        return found


def _overdrawn(instrument: str, error: Exception) -> VenueError:
    return VenueError(
        f"the account cannot hold what nautilus filled in {instrument}: {error}; its state is no longer "
        "sound, so the run stops: trade less than all of the balance"
    )


def _amount(currency: str, text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ConfigError(f"[account] balances: {currency} = {text!r} is not an amount of money") from None


def _delay(text: str) -> int:
    try:
        return nanoseconds(text)
    except ValueError as error:
        raise ConfigError(f"nautilus.sim delay: {error}") from None


def _latency(text: str) -> int:
    try:
        found = nanoseconds(text)
    except ValueError as error:
        raise ConfigError(f"nautilus.sim latency: {error}") from None
    if found < 1:
        raise ConfigError(
            "nautilus.sim latency must be at least 1ns: an order may not meet the event it was decided on"
        )
    return found
