"""Raw websocket captures of Binance (spot, USD-M, COIN-M): one message a line behind its local receive time in ns.

Trades, quotes (`bookTicker`) and books (`depthUpdate` behind a REST snapshot) are read; other streams are counted.
`ts` is the receive time plus the clock offset, `ts_event` the exchange's own time: T where a message has it, else E.
Files of one command go on from each other in the order given, since a book needs the snapshot of an earlier file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from helios_engine.catalog.importers.binance_capture_book import Update
from helios_engine.catalog.importers.binance_capture_clock import refusal
from helios_engine.catalog.importers.binance_capture_market import Market
from helios_engine.catalog.importers.binance_capture_messages import (
    COINM,
    KINDS,
    SPOT,
    USDM,
    Line,
    Message,
    is_coinm,
    kind_of,
    lack,
    lines,
    venue_of,
)
from helios_engine.catalog.importers.contract import Ask, Guess, Rows, Source
from helios_engine.catalog.manifest import Issue
from helios_engine.errors import DataError
from helios_engine.timeframe import iso

_MS = 1_000_000
_LOOKED_AT = 512
"""After so many lines it is looked whether a block is full."""
_FIRST = re.compile(r'\d{19} \{\s*"(stream"\s*:\s*"[a-z0-9_]+@|lastUpdateId"\s*:\s*\d)')


def recognise(source: Source) -> Guess | None:
    """A receive time in ns before a combined-stream message or a depth snapshot."""
    if not any(_FIRST.match(line) for line in source.first_lines[:3]):
        return None
    return Guess(0.97, "a receive time in ns before each message of a Binance stream")


def read(sources: Sequence[Source], ask: Ask) -> Iterator[Rows]:
    """Rows of every instrument in the files.

    Raises ConfigError if receive times are before the exchange's and no clock offset was named, DataError if they
    still are with it, if time goes backwards, or for a line of another form.
    """
    capture = _Capture(sources, ask)
    for source in sources:
        yield from capture.read(source)
    yield from capture.finish()


class _Capture:
    def __init__(self, sources: Sequence[Source], ask: Ask) -> None:
        self._sources, self._offset_asked = sources, ask.clock_offset
        self._offset = ask.clock_offset or 0
        self._markets: dict[tuple[str, str], Market] = {}
        self._known: dict[tuple[str, str], Market] = {}
        self._unnamed: set[str] = set()
        self._others: Counter[str] = Counter()
        self._span = [0, 0]

    def read(self, source: Source) -> Iterator[Rows]:
        self._unnamed, kinds = set(), dict[str, str]()
        for number, received, line in lines(source):
            if line.data is not None:
                kind = kinds.get(line.stream)
                if kind is None:
                    kind = kinds[line.stream] = kind_of(line.stream)
                if kind in KINDS:
                    market = self._market(source, number, kind, line.stream, line.data)
                    self._take(source, market, number, received, kind, line.data)
                else:
                    self._skip(line.stream, received)
            elif line.last_update >= 0:
                market = self._snapshot_market(source, number, line)
                self._take_snapshot(source, market, number, received, line)
            else:
                self._skip(line.stream, received)
            if number % _LOOKED_AT == 0:
                for market in self._markets.values():
                    if market.is_full:
                        yield from market.flush(source)
        for market in self._markets.values():
            market.book.pause(source.name, _before(source))
            yield from market.flush(source)

    def finish(self) -> Iterator[Rows]:
        issues = []
        if self._others:
            detail = ", ".join(f"{count:,} of {name or 'no stream'}" for name, count in self._others.items())
            begin, end = self._span
            detail = f"messages were left out that are no trades, quotes or depth updates: {detail}"
            issues.append(
                Issue(kind="not_read", severity="info", ts_from=begin, ts_to=end + 1, detail=detail, origin="import")
            )
        for market in self._markets.values():
            found = list(market.finish(issues))
            if not found:
                reason = "; ".join(issue.detail for issue in market.book.issues) or "no rows"
                raise DataError(f"{self._sources[0].name}: nothing of {market.symbol.symbol} can be kept: {reason}")
            yield from found
            issues = []

    def _market(self, source: Source, number: int, kind: str, stream: str, message: Message) -> Market:
        missing = lack(kind, message)
        if missing:
            raise DataError(f"{source.name}:{number}: a {kind} message needs {missing}; is the file whole?")
        venue = venue_of(message)
        market = self._known.get((stream, venue))
        if market is None or market.symbol.symbol != message.symbol:
            if stream.partition("@")[0].upper() != message.symbol:
                raise DataError(f"{source.name}:{number}: stream {stream} has a message of {message.symbol}")
            market = self._of(message.symbol, venue)
            self._known[stream, venue] = market
        return market

    def _take(self, source: Source, market: Market, number: int, received: int, kind: str, message: Message) -> None:
        ts = self._arrived(source, market, number, received, max(message.sent, message.happened))
        if kind == "bookTicker":
            market.quote(ts, number, message)
        elif kind == "trade":
            market.trade(ts, number, message)
        else:
            if self._unnamed and market.venue == SPOT and message.symbol not in self._unnamed:
                raise DataError(
                    f"{source.name}:{number}: depth of {message.symbol} in a file whose snapshot, of "
                    f"{min(self._unnamed)}, names no symbol; split the file by symbols"
                )
            update = Update(
                ts, (message.happened or message.sent) * _MS, message.first, message.last, message.previous,
                message.bids, message.asks, number, source.name,  # type: ignore[arg-type]
            )  # fmt: skip
            if market.book.update(update):
                market.write(update)

    def _take_snapshot(self, source: Source, market: Market, number: int, received: int, line: Line) -> None:
        if line.bids is None or line.asks is None:
            raise DataError(f"{source.name}:{number}: a depth snapshot needs bids and asks; is the file whole?")
        ts = self._arrived(source, market, number, received, max(line.sent, line.happened))
        event = (line.happened or line.sent) * _MS or ts
        snapshot = Update(ts, event, -1, line.last_update, -1, line.bids, line.asks, number, source.name, True)
        market.write(snapshot)
        for update in market.book.snapshot(snapshot):
            market.write(update)

    def _arrived(self, source: Source, market: Market, number: int, received: int, sent: int) -> int:
        """The time at which a message is known; refused if the exchange sent it later, or time goes backwards."""
        ts = received + self._offset
        if ts < sent * _MS:
            raise refusal(f"{source.name}:{number}", ts - sent * _MS, self._offset_asked, self._sources)
        if received < market.received:
            raise DataError(
                f"{source.name}:{number}: received at {iso(received)}, before the message of {market.place} at "
                f"{iso(market.received)}; give files oldest first, and cut a capture where its clock was set back"
            )
        market.received, market.place = received, f"{source.name}:{number}"
        return ts

    def _snapshot_market(self, source: Source, number: int, line: Line) -> Market:
        """Whose snapshot it is: that of spot names nobody, so that its file must be of one symbol."""
        if line.symbol:
            return self._of(line.symbol, COINM if is_coinm(line.symbol) else USDM if line.sent else SPOT)
        found = {s.upper() for s in re.findall(rb'"stream"\s*:\s*"([a-z0-9]+)@depth[@"]', source.head)}
        names = {name.decode() for name in found}
        if len(names) != 1:
            raise DataError(
                f"{source.name}:{number}: the depth snapshot names no symbol, and the depth updates near the file's "
                f"beginning are of {', '.join(sorted(names)) or 'none'}; split the file by symbols"
            )
        self._unnamed = names
        return self._of(min(names), USDM if line.sent else SPOT)

    def _of(self, symbol: str, venue: str) -> Market:
        return self._markets.setdefault((symbol, venue), Market(symbol, venue, self._offset))

    def _skip(self, stream: str, received: int) -> None:
        self._others[stream] += 1
        ts = received + self._offset
        self._span = [self._span[0] or ts, ts]


def _before(source: Source) -> str:
    """The file of the day before, as captures are named: `btcusdt_20240808` is before `btcusdt_20240809`."""
    stem, _, day = source.stem.rpartition("_")
    try:
        earlier = datetime.strptime(day, "%Y%m%d") - timedelta(days=1)
    except ValueError:
        return "the capture that begins with a depth snapshot"
    return f"{stem}_{earlier:%Y%m%d}{source.path.name[len(source.stem) :]}"
