"""The sim venue: Helios' events in, answers out, nautilus_trader's matching and account between."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from nautilus_trader.accounting.error import AccountError
from nautilus_trader.model.identifiers import ClientOrderId

from helios_engine.bodies import (
    BookDelta,
    BookSnapshot,
    Fill,
    FundingRate,
    Instrument,
    MarkPrice,
    OrderModified,
    Print,
    Quote,
    Reject,
    Trade,
)
from helios_engine.errors import BuildError, VenueError
from helios_engine.events import Body
from helios_engine.fees import IN_QUOTE
from helios_engine.ledger import after_fill
from helios_engine.nautilus.answers import answer
from helios_engine.nautilus.assembly import Assembly
from helios_engine.nautilus.desk import Desk
from helios_engine.nautilus.fees import VenueFees
from helios_engine.nautilus.flight import Command
from helios_engine.nautilus.funds import Funds
from helios_engine.nautilus.instruments import name_of
from helios_engine.nautilus.margin import Margin
from helios_engine.nautilus.market import Market
from helios_engine.nautilus.models.execution import Execution
from helios_engine.nautilus.models.simulation import Simulation
from helios_engine.nautilus.reducing import trim
from helios_engine.nautilus.settings import Settings

_MATCHED = frozenset({Trade, Print, Quote, BookSnapshot, BookDelta})
_NOTHING: list[Body] = []
ZERO = Decimal(0)


class SimVenue:
    """Matches on trades, quotes, books and prints; implements `helios_engine.stage.Venue`.

    A command waits at its instrument (see `Flight`): it takes effect at that instrument's next event, never
    on a price from before it arrived. Events that can change nothing, because no order rests and none is due,
    are remembered instead of shown to nautilus, unless `dense`.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._assembly: Assembly = None  # type: ignore[assignment]
        self._markets: dict[str, Market] = {}
        self._now: Market | None = None
        self._body: Body | None = None
        self._answers: list[Body] = []

    def models(self) -> dict[str, str]:
        """The models in words, for the report."""
        return self._settings.words()

    def pins(self) -> dict[str, str]:
        """Digests of the files that answers depend on, for the journal's header."""
        file = self._settings.models.latency_file
        return {"latency_file": file} if file else {}

    def open(self, ts: int, instruments: Iterable[Instrument]) -> None:
        """Open the account at `ts` for instruments that all name one venue."""
        known, s = list(instruments), self._settings
        names = {definition.instrument.rpartition(".")[2] for definition in known}
        if len(names) != 1:
            raise BuildError(
                f"nautilus.sim is one venue with one account; the instruments name {sorted(names) or 'none'}"
            )
        # nautilus locks nothing in a currency that the account never held, so each begins with at least 0.
        held = {code: ZERO for d in known for code in (d.base, d.quote)} | dict(s.balances)
        self._execution = Execution(touch=s.models.fill_model == "touch")
        fees = VenueFees(s.fees_in)
        self._assembly = Assembly(names.pop(), held, self._execution, fees, account=s.account, owes=bool(s.borrow))
        self._assembly.bus.subscribe("events.order.*", self._hear)
        self._margin = Margin(self._assembly, self._markets, s.leverage, s.borrow)
        self._funds = Funds(self._assembly, self._markets, s.borrow, s.fees_in)
        self._desk = Desk(self._assembly, self._margin if s.account == "margin" else self._funds, self._answers.append)
        for definition in known:
            self.instrument(ts, definition)
        self._assembly.start(ts)

    def instrument(self, ts: int, body: Instrument) -> None:
        """Add an instrument, or change one: orders that rest off its new tick or lot are cancelled, with the reason."""
        s = self._settings
        if body.contract == "perpetual" and s.account == "cash":
            raise BuildError(
                f'{body.instrument} is a perpetual, which a cash account cannot hold; set account = "margin" under '
                "[venue], and leverage"
            )
        if s.account == "margin" and s.fees_in.get(body.instrument, IN_QUOTE) != IN_QUOTE:
            raise BuildError(
                f"{body.instrument}: its fee schedule takes fees from what is bought or sold, which nautilus.sim does "
                "in cash accounts alone; in a margin account give maker_fee and taker_fee under [[instrument]]"
            )
        margin = self._margin.rate(body) if s.account == "margin" else ZERO
        market = self._markets.get(body.instrument)
        if market is None:
            number = len(self._markets) + 1
            simulation = Simulation(s.models, body, self._execution)
            self._markets[body.instrument] = Market(self._assembly, number, body, s.book, simulation, margin, s.delay)
            return
        if (body.base, body.quote, body.contract) != _nature(market.definition):
            raise BuildError(f"{body.instrument} becomes another thing at {ts}: base, quote and contract cannot change")
        market.catch_up()
        self._assembly.clock.set_time(ts)
        market.define(body, margin)

    def market(self, ts: int, body: Body) -> list[Body]:
        """Match what rests on a market event; its instrument's due commands follow at `settle`."""
        market = self._markets[body.instrument]  # type: ignore[attr-defined]
        if type(body) not in _MATCHED:
            return self._account_for(ts, market, body)
        if not market.takes(body):  # type: ignore[arg-type]
            return _NOTHING
        self._now, self._body = market, body
        market.flight.note(body)
        if market.expiries:
            self._expire(ts, market)
        try:
            market.note(body, dense=self._settings.dense)  # type: ignore[arg-type]
        except (AccountError, ValueError) as error:
            raise _unsound(market, error) from error
        return self._take() if self._answers else _NOTHING

    def send(self, ts: int, intent: Body) -> None:
        """Put an intent on its way."""
        assert isinstance(intent, Command)
        self._markets[intent.instrument].flight.send(ts, intent)

    def settle(self, ts: int) -> list[Body]:
        """Let commands take effect that are due at the market event of this moment."""
        market, self._now = self._now, None
        if market is not None and len(market.flight):
            assert self._body is not None
            due = market.flight.due(ts, self._body)
            if due:
                self._apply(ts, market, due)
        return self._take() if self._answers else _NOTHING

    def finish(self, ts: int) -> list[Body]:
        """Nothing more is due: a command that never met an event has no answer."""
        return self._take()

    def balances(self) -> dict[str, Decimal]:
        """Total balance by currency."""
        return self._assembly.balances()

    def _account_for(self, ts: int, market: Market, body: Body) -> list[Body]:
        """Mark, and pay funding."""
        if isinstance(body, MarkPrice):
            market.mark = Decimal(repr(body.price))
        if not isinstance(body, FundingRate) or market.definition.contract != "perpetual":
            return self._take()
        payment = self._margin.funding(body, market)
        if payment is None:
            return self._take()
        self._assembly.adjust(ts, payment.amount, payment.currency)
        return [*self._take(), payment]

    def _apply(self, ts: int, market: Market, commands: list[Command]) -> None:
        market.catch_up()
        market.use()
        self._assembly.clock.set_time(ts)
        for command in commands:
            try:
                refused = self._desk.take(ts, market, command)
                market.simulation.arrive()
            except (AccountError, ValueError) as error:
                raise _unsound(market, error) from error
            if refused is not None:
                self._answers.append(Reject(command.id, command.instrument, "venue", refused))

    def _expire(self, ts: int, market: Market) -> None:
        """Orders whose time has come are gone before this event matches."""
        for name in sorted(name for name, expires in market.expiries.items() if expires <= ts):
            self._assembly.clock.set_time(ts)
            market.cancel(market.open[name], "expired")

    def _hear(self, event: Any) -> None:
        name = event.client_order_id.value
        market, order = self._markets[name_of(event.instrument_id)], self._assembly.cache.order(ClientOrderId(name))
        found = answer(event, order, market.why)
        if found is None or (market.is_silent and isinstance(found, OrderModified)):
            return
        if isinstance(found, Fill):
            self._book(market, found)
        self._answers.append(found)
        if order.is_open:
            market.open[name] = order
        else:
            market.open.pop(name, None)
            market.expiries.pop(name, None)
        if isinstance(found, Fill):
            trim(market)

    def _book(self, market: Market, fill: Fill) -> None:
        """Follow the position, and put right what nautilus' account left out."""
        before, d = market.position, market.definition
        market.position = after_fill(before, fill.quantity if fill.side == "BUY" else -fill.quantity, fill.price)
        if self._settings.account == "margin":
            return
        missing = self._funds.missing(fill, d, before.quantity)
        if missing:
            self._assembly.adjust(self._assembly.clock.timestamp_ns(), missing, d.quote)
        wrong = self._funds.overdrawn(d)
        if wrong is not None:
            raise _unsound(market, wrong)

    def _take(self) -> list[Body]:
        found = self._answers[:]
        self._answers.clear()
        return found


def _nature(d: Instrument) -> tuple[str, str, str]:
    return (d.base, d.quote, d.contract)


def _unsound(market: Market, error: object) -> VenueError:
    return VenueError(
        f"nautilus cannot book what it filled in {market.definition.instrument}: {error}; its account is no longer "
        "sound, so the run stops: trade less than all of the balance, and keep balances below 90 million units of a "
        "currency with eight digits, beyond which nautilus cannot count exactly"
    )
