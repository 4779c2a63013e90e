"""What a capture holds of one instrument: messages in, blocks of rows out."""

from __future__ import annotations

from collections.abc import Iterator

from helios_engine.catalog.importers.binance_capture_book import Book, Update
from helios_engine.catalog.importers.binance_capture_messages import SPOT, Message
from helios_engine.catalog.importers.contract import Rows, Source, Symbol
from helios_engine.catalog.importers.tick_blocks import Cells, Levels
from helios_engine.catalog.manifest import Issue

_BLOCK = 65_536
_KINDS = ("books", "trades", "quotes")
_MS = 1_000_000
_LATE = 1_000_000_000
"""A clock offset that makes even the fastest message a second late is most likely too large (ns)."""


class Market:
    """One instrument's trades, quotes and book. A block of each kind is held back so that issues can go with it."""

    def __init__(self, symbol: str, venue: str, clock_offset: int) -> None:
        """On spot a book's sequence is by `U`, elsewhere by `pu`."""
        self.symbol, self.venue = Symbol(symbol, venue), venue
        self.received, self.place = 0, ""
        self._offset = clock_offset
        self.book = Book(chained=venue != SPOT)
        self._fresh()
        self._off_market = [0, 0, 0]
        self._held: dict[str, Rows] = {}
        self._fastest = 1 << 62

    def trade(self, ts: int, line: int, m: Message) -> None:
        """A trade; one that the exchange made to itself (insurance fund, deleveraging) is left out and counted."""
        if m.type in ("", "MARKET"):
            side = "-1" if m.buyer_is_maker else "1"
            self._trades.add(ts, m.happened * _MS, line, m.price, m.quantity, side, str(m.trade))
        else:
            count, begin, _ = self._off_market
            self._off_market = [count + 1, begin or ts, ts]

    def quote(self, ts: int, line: int, m: Message) -> None:
        """The best bid and ask; on spot it has no time of its own."""
        event = (m.happened or m.sent) * _MS or ts
        self._quotes.add(ts, event, line, str(m.bids), str(m.asks), m.bid_quantity, m.ask_quantity)

    def write(self, update: Update) -> None:
        """The rows of a snapshot or depth update."""
        self._levels.add(update)

    @property
    def is_full(self) -> bool:
        """Whether there is enough for a block."""
        return len(self._levels) >= _BLOCK or len(self._trades) >= _BLOCK or len(self._quotes) >= _BLOCK

    def flush(self, source: Source) -> Iterator[Rows]:
        """Everything that has been taken so far; the newest block of each kind stays back."""
        about = (source, self.symbol, self._offset)
        if len(self._levels):
            yield from self._hold(self._levels.books(*about))
        if len(self._trades):
            yield from self._hold(self._trades.trades(*about))
        if len(self._quotes):
            yield from self._hold(self._quotes.quotes(*about))
        self._fresh()

    def finish(self, issues: list[Issue]) -> Iterator[Rows]:
        """The blocks that were held back, with the issues of the kind; those of a kind without rows go with the first.

        `issues` are about trades, or about the whole capture.
        """
        there = [kind for kind in _KINDS if kind in self._held]
        found = {"books": self.book.issues, "trades": [*issues, *self._own_issues()], "quotes": list[Issue]()}
        for kind in _KINDS:
            if there and kind not in there:
                found[there[0]] = [*found[there[0]], *found[kind]]
        for kind in there:
            yield self._held.pop(kind)._replace(issues=tuple(found[kind]))

    def _fresh(self) -> None:
        self._trades = Cells("price", "quantity", "side", "trade_id")
        self._quotes = Cells("bid", "ask", "bid_quantity", "ask_quantity")
        self._levels = Levels()

    def _hold(self, block: Rows) -> Iterator[Rows]:
        before = self._held.get(block.kind)
        if before is not None:
            yield before
        self._held[block.kind] = block
        late = block.table["ts"].to_numpy() - block.table["ts_event"].to_numpy()
        late = late[late != 0]
        if late.size:
            self._fastest = min(self._fastest, int(late.min()))

    def _own_issues(self) -> Iterator[Issue]:
        count, begin, end = self._off_market
        if count:
            detail = f"{count:,} trades that were not on the market (X is not MARKET) were left out"
            yield _issue("not_market", "info", begin, end + 1, detail)
        spans = [block.table["ts"].to_numpy() for block in self._held.values()]
        if self._offset and _LATE < self._fastest < 1 << 62 and spans:
            offset, fastest = self._offset / 1e9, self._fastest / 1e9
            detail = f"the fastest message took {fastest:.3f} s with a clock offset of {offset:g} s: is it too large?"
            begin, end = min(int(s[0]) for s in spans), max(int(s[-1]) for s in spans)
            yield _issue("clock_offset", "warn", begin, end + 1, detail)


def _issue(kind: str, severity: str, begin: int, end: int, detail: str) -> Issue:
    return Issue(kind=kind, severity=severity, ts_from=begin, ts_to=end, detail=detail, origin="import")
