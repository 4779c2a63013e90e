"""The sim venue: Helios' events in, answers out, nautilus_trader's matching and account between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from nautilus_trader.accounting.error import AccountError

from helios_engine.bodies import FundingRate, Instrument, MarkPrice, Print, Reject, Trade
from helios_engine.codec import Codec
from helios_engine.events import Body
from helios_engine.nautilus import listing
from helios_engine.nautilus.assembly import Assembly
from helios_engine.nautilus.desk import Desk
from helios_engine.nautilus.ear import Ear, unsound
from helios_engine.nautilus.fees import VenueFees
from helios_engine.nautilus.flight import Command
from helios_engine.nautilus.funds import Funds
from helios_engine.nautilus.logged import Logged
from helios_engine.nautilus.margin import Margin
from helios_engine.nautilus.market import Market
from helios_engine.nautilus.memory import telling
from helios_engine.nautilus.models.execution import Execution
from helios_engine.nautilus.models.simulation import Simulation
from helios_engine.nautilus.settings import Settings
from helios_engine.timeline import Passed

_NOTHING: list[Body] = []
ZERO = Decimal(0)


class SimVenue:
    """Matches on trades, quotes, books and prints; implements `helios_engine.stage.Venue`.

    A command waits at its instrument (see `Flight`): it takes effect at that instrument's next event, never
    on a price from before it arrived. Events that can change nothing, because no order rests and none is due,
    are remembered instead of shown to nautilus, unless `dense`.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings, self._dense = settings, settings.dense
        self._assembly: Assembly = None  # type: ignore[assignment]
        self._ear: Ear = None  # type: ignore[assignment]
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

    @property
    def markets(self) -> Mapping[str, Market]:
        """What is known of each instrument, by its name."""
        return self._markets

    @property
    def is_dense(self) -> bool:
        """Whether nautilus is shown every event."""
        return self._dense

    @property
    def settles(self) -> bool:
        """Whether commands may be due at the market event that came last, or answers wait to be taken."""
        return self._now is not None or bool(self._answers)

    def logged(self, codec: Codec, write: Callable[[list[Any]], None]) -> Logged:
        """This venue, with a log of what it is told, from which it can be made again; call it before `open`."""
        return Logged(self, codec, write)

    def open(self, ts: int, instruments: Iterable[Instrument]) -> None:
        """Open the account at `ts` for instruments that all name one venue."""
        known, s = list(instruments), self._settings
        venue = listing.one_venue(known)
        # nautilus locks nothing in a currency that the account never held, so each begins with at least 0.
        held = {code: ZERO for d in known for code in (d.base, d.quote)} | dict(s.balances)
        self._execution = Execution(touch=s.models.fill_model == "touch")
        fees = VenueFees(s.fees_in)
        self._assembly = Assembly(venue, held, self._execution, fees, account=s.account, owes=bool(s.borrow))
        self._margin = Margin(self._assembly, self._markets, s.leverage, s.borrow)
        self._funds = Funds(self._assembly, self._markets, s.borrow, s.fees_in)
        self._desk = Desk(self._assembly, self._margin if s.account == "margin" else self._funds, self._answers.append)
        funds = None if s.account == "margin" else self._funds
        self._ear = Ear(self._assembly, self._markets, funds, self._answers.append)
        self._assembly.bus.subscribe("events.order.*", self._ear.hear)
        for definition in known:
            self.instrument(ts, definition)
        self._assembly.start(ts)

    def instrument(self, ts: int, body: Instrument) -> None:
        """Add an instrument, or change one: orders that rest off its new tick or lot are cancelled, with the reason."""
        s = self._settings
        listing.admit(s, body)
        margin = self._margin.rate(body) if s.account == "margin" else ZERO
        market = self._markets.get(body.instrument)
        if market is None:
            number = len(self._markets) + 1
            simulation = Simulation(s.models, body, self._execution)
            book = s.book_of(body.instrument)
            self._markets[body.instrument] = Market(self._assembly, number, body, book, simulation, margin, s.delay)
            return
        listing.same_thing(ts, market.definition, body)
        market.sight.catch_up()
        self._assembly.clock.set_time(ts)
        market.define(body, margin)

    def market(self, ts: int, body: Body) -> list[Body]:
        """Match what rests on a market event; its instrument's due commands follow at `settle`."""
        market = self._markets[body.instrument]  # type: ignore[attr-defined]
        kind = type(body)
        way = market.sight.ways.get(kind)
        if way is None:
            return self._account_for(ts, market, body)
        if market.flight.queue:  # what is sent from now on arrives later than this event
            self._now, self._body = market, body
        if kind is Print:
            market.flight.note(body)
        if market.expiries:
            market.expire(ts)
        try:
            way(body, self._dense or bool(market.open))
        except (AccountError, ValueError) as error:
            raise unsound(market, error) from error
        return self._take() if self._answers else _NOTHING

    def is_quiet(self) -> bool:
        """Whether trades can change nothing now, except for what the next order meets."""
        return not self._dense and all(market.is_quiet() for market in self._markets.values())

    def pass_over(self, passed: Passed) -> None:
        """Take in many trades at once, while it is quiet."""
        sight = self._markets[passed.rows.instrument].sight
        for n in telling(passed):
            sight.ways[Trade](passed.rows.body(n), False)

    def send(self, ts: int, intent: Body) -> None:
        """Put an intent on its way."""
        assert isinstance(intent, Command)
        self._markets[intent.instrument].flight.send(ts, intent)

    def settle(self, ts: int) -> list[Body]:
        """Let commands take effect that are due at the market event of this moment."""
        market = self._now
        if market is not None:
            self._now = None
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
        elif isinstance(body, FundingRate) and market.definition.contract == "perpetual":
            payment = self._margin.funding(body, market)
            if payment is not None:
                self._assembly.adjust(ts, payment.amount, payment.currency)
                self._answers.append(payment)
        return self._take()

    def _apply(self, ts: int, market: Market, commands: list[Command]) -> None:
        market.sight.catch_up()
        market.use()
        self._assembly.clock.set_time(ts)
        for command in commands:
            try:
                refused = self._desk.take(ts, market, command)
                market.simulation.arrive()
            except (AccountError, ValueError) as error:
                raise unsound(market, error) from error
            if refused is not None:
                self._answers.append(Reject(command.id, command.instrument, "venue", refused))

    def _take(self) -> list[Body]:
        found = self._answers[:]
        self._answers.clear()
        if found:
            self._assembly.forget(self._ear.closed.values())
            self._ear.closed.clear()
        return found
