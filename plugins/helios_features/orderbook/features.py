"""Order books, quotes and trades in, rows of microstructure out."""

from __future__ import annotations

from collections.abc import Iterator

from helios_engine.bodies import Bar, BookDelta, BookSnapshot, DataIssue, Features, Quote, Schema, Trade
from helios_engine.events import Body, Event
from helios_engine.timeframe import nanoseconds
from helios_features.orderbook.book import Numbering
from helios_features.orderbook.market import Market

LEVELS, DEEP = 5, 1
BOOK_ISSUES = ("book_gap", "sequence")
"""Kinds of `DataIssue` that tell of lost messages, which the rows of a book with `rising` numbers do not show."""


class BookFeatures:
    """One row of microstructure at the close of each bar, at each update of the book, or at fixed times.

    * spread_bps = (ask − bid) / mid · 10⁴.
    * depth_imbalance_k = (Q_b − Q_a) / (Q_b + Q_a) of the first `levels` levels, from −1 to 1.
    * microprice_bps = (m − mid) / mid · 10⁴ with m = (q_b · ask + q_a · bid) / (q_b + q_a).
    * ofi_1 … ofi_n, n = `ofi_levels`, in units of the base: the order flow imbalance Σ e since the row before, with
      e = [P_b ≥ P_b′] q_b − [P_b ≤ P_b′] q_b′ − [P_a ≤ P_a′] q_a + [P_a ≥ P_a′] q_a′ for each update, ′ marking what
      was before it (Cont, Kukanov & Stoikov 2014; per level, Xu, Gould & Howison 2018). All changes of
      one ts are one update.
    * tick_direction: 1 if the last trade that changed the price raised it, −1 if it lowered it (Lee & Ready 1991).
    * trade_imbalance = (bought − sold) / (bought + sold) since the row before, by the takers' sides.

    `every` says when: "bar" at each bar heard (`on = {timeframe = …}` picks them), from what came before it; "event"
    for each update of the book, said with the first later event of the instrument, since only then is the update
    known to be whole (a quote is said at once); or a duration such as "100ms": at the first event at or after each
    multiple of it, from what came before that multiple; quiet multiples have no row. The timeframe of a row is the
    bar's, the duration, or empty.

    Masked, never 0: all of the book while it is not trusted (see `Book`), one-sided, locked or crossed, or when
    nothing was heard of it for `max_age`; a depth that a side does not reach; sizes that are not stated; ofi unless
    the book was good through all of the window; trade_imbalance without trades, or with one that has no side; both
    in the first row. Quotes count for what the best level can tell, until a book of the instrument is heard of.

    When trust is lost a `DataIssue` of kind `book_lost` says why. The schema is `microstructure/1`; with other
    levels they are in its name.
    """

    consumes = (BookSnapshot, BookDelta, Quote, Trade, Bar, DataIssue)

    def __init__(
        self,
        every: str = "bar",
        levels: int = LEVELS,
        ofi_levels: int = DEEP,
        sequence: Numbering = "contiguous",
        max_age: str = "5m",
    ) -> None:
        if min(levels, ofi_levels) < 1:
            raise ValueError(f"expected at least 1 level, found levels {levels}, ofi_levels {ofi_levels}")
        if sequence not in ("contiguous", "rising"):
            raise ValueError(f"expected sequence 'contiguous' or 'rising', found {sequence!r}")
        self.every, self.levels, self.deep, self.sequence = every, levels, ofi_levels, sequence
        self.period = 0 if every in ("bar", "event") else nanoseconds(every)
        if self.period < 1 and every not in ("bar", "event"):
            raise ValueError(f"expected every 'bar', 'event' or a duration above 0, found {every!r}")
        self.max_age = nanoseconds(max_age)
        self.schema = schema_of(levels, ofi_levels)
        self.markets: dict[str, Market] = {}

    @property
    def optional(self) -> tuple[type[Body], ...]:
        """What it can do without: all but the bars that it was told to wait for."""
        return tuple(kind for kind in self.consumes if kind is not Bar or self.every != "bar")

    def on_event(
        self, event: Event[BookSnapshot | BookDelta | Quote | Trade | Bar | DataIssue]
    ) -> Iterator[Features | DataIssue]:
        body, ts = event.body, event.ts
        market = self.markets.get(body.instrument)
        if market is None:
            market = self.markets[body.instrument] = Market(self.levels, self.deep, self.sequence, self.max_age)
        if self.period:
            yield from self._at_boundary(market, body.instrument, ts)
        if market.is_pending and ts > market.heard:
            yield from self._updated(market, body.instrument)
        match body:
            case BookDelta() | BookSnapshot():
                lost = market.on_book(body, ts)
                if lost:
                    yield DataIssue(body.instrument, "book_lost", "warn", ts, ts, lost)
            case Trade():
                market.on_trade(body, ts)
            case Quote():
                if not market.has_book:
                    market.on_quote(body, ts)
                    if self.every == "event":
                        yield self._row(market, body.instrument, "", ts)
            case Bar():
                if self.every == "bar":
                    market.settle()
                    yield self._row(market, body.instrument, body.timeframe, ts)
            case DataIssue():
                if body.kind in BOOK_ISSUES:
                    self._doubt(market, body)

    def _at_boundary(self, market: Market, name: str, ts: int) -> Iterator[Features]:
        boundary = ts - ts % self.period
        if boundary > market.boundary:
            was, market.boundary = market.boundary, boundary
            if was:
                market.settle()
                yield self._row(market, name, self.every, boundary)

    def _updated(self, market: Market, name: str) -> Iterator[Features]:
        market.settle()
        if self.every == "event":
            yield self._row(market, name, "", market.heard)

    def _row(self, market: Market, name: str, window: str, now: int) -> Features:
        return Features.of(name, self.schema, market.row(window, now), window)

    def _doubt(self, market: Market, issue: DataIssue) -> None:
        """A doubt is told when it is over: one from before the last snapshot only cuts the flow."""
        if market.has_book and issue.ts_to > market.book.begun:
            market.book.lose(issue.detail)
        market.interrupt()


def schema_of(levels: int = LEVELS, ofi_levels: int = DEEP) -> Schema:
    """The columns for these depths, under a name that no other depths share."""
    flows = (f"ofi_{level}" for level in range(1, ofi_levels + 1))
    columns = (
        "spread_bps", f"depth_imbalance_{levels}", "microprice_bps", *flows, "tick_direction", "trade_imbalance",
    )  # fmt: skip
    usual = (levels, ofi_levels) == (LEVELS, DEEP)
    return Schema("microstructure/1" if usual else f"microstructure/1:{levels},{ofi_levels}", columns)
