"""Raw websocket captures of Hyperliquid: trades and l2Book messages, one a line behind its receive time in ns.

Every l2Book message is a whole book of twenty levels a side, known when it is received. The first message of trades
after a subscription repeats the last ones before it: they are known from then on, however old they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec

from helios_engine.catalog.importers.binance_capture_book import Update
from helios_engine.catalog.importers.binance_capture_market import Market
from helios_engine.catalog.importers.binance_capture_messages import Count, Message, Milliseconds, stamped
from helios_engine.catalog.importers.contract import Ask, Guess, Rows, Source, Symbol
from helios_engine.catalog.manifest import Issue
from helios_engine.errors import ConfigError, DataError

_MS = 1_000_000
_OLD = 10_000_000_000
_FIRST = re.compile(r'\d{19} \{\s*"channel"\s*:\s*"(l2Book|trades)"')
_SIDES = {"B": False, "A": True}
"""The taker's side: B bought, A sold into the bids, so that the buyer was maker."""


class _Level(msgspec.Struct, gc=False):
    px: str
    sz: str


class _Book(msgspec.Struct, gc=False):
    coin: str
    levels: Annotated[list[list[_Level]], msgspec.Meta(min_length=2, max_length=2)]
    time: Milliseconds


class _Trade(msgspec.Struct, gc=False):
    coin: str
    px: str
    sz: str
    side: str
    time: Milliseconds
    tid: Count


class _Line(msgspec.Struct):
    channel: str
    data: msgspec.Raw


_decode = msgspec.json.Decoder(_Line).decode
_decode_book = msgspec.json.Decoder(_Book).decode
_decode_trades = msgspec.json.Decoder(list[_Trade]).decode


def recognise(source: Source) -> Guess | None:
    """A receive time in ns before a message of one of the two channels."""
    first = source.first_lines[0] if source.first_lines else ""
    if _FIRST.match(first):
        return Guess(0.95, "a receive time in ns before messages of Hyperliquid's channels")
    return None


def read(sources: Sequence[Source], ask: Ask) -> Iterator[Rows]:
    """Trades and books of every coin; DataError with the line for what cannot be true, ConfigError for the clock."""
    markets: dict[str, Market] = {}
    old: dict[str, list[int]] = {}
    for source in sources:
        for number, received, text in stamped(source):
            _take(source, number, received, text, ask, markets, old)
            for market in markets.values():
                if market.is_full:
                    yield from market.flush(source)
        for market in markets.values():
            yield from market.flush(source)
    for coin, market in markets.items():
        yield from market.finish(list(_backlog(old.get(coin, []))))


def _take(
    source: Source, number: int, received: int, text: bytes, ask: Ask,
    markets: dict[str, Market], old: dict[str, list[int]],
) -> None:  # fmt: skip
    place = f"{source.name}:{number}"
    try:
        line = _decode(text)
        trades = _decode_trades(line.data) if line.channel == "trades" else []
        book = _decode_book(line.data) if line.channel == "l2Book" else None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{place}: not a message of Hyperliquid: {error}; is the file whole?") from None
    offset = ask.clock_offset or 0
    ts = received + offset
    for trade in trades:
        market = _market(trade.coin, markets, offset)
        _check(place, ts, received, trade.time, ask, market)
        if trade.side not in _SIDES:
            raise DataError(f"{place}: side is {trade.side!r}, expected B or A")
        if ts - trade.time * _MS > _OLD:
            old.setdefault(trade.coin, []).append(ts)
        message = Message(
            trade.coin, happened=trade.time, trade=trade.tid, price=trade.px, quantity=trade.sz,
            buyer_is_maker=_SIDES[trade.side],
        )  # fmt: skip
        market.trade(ts, number, message)
    if book is not None:
        market = _market(book.coin, markets, offset)
        _check(place, ts, received, book.time, ask, market)
        bids, asks = ([(level.px, level.sz) for level in side] for side in book.levels)
        market.write(Update(ts, book.time * _MS, -1, book.time, -1, bids, asks, number, source.name, True))


def _market(coin: str, markets: dict[str, Market], offset: int) -> Market:
    if coin not in markets:
        markets[coin] = Market(coin, "HYPERLIQUID", offset)
        if coin.isalnum():
            markets[coin].symbol = Symbol(coin, "HYPERLIQUID", coin, "USDC")
    return markets[coin]


def _check(place: str, ts: int, received: int, time: int, ask: Ask, market: Market) -> None:
    if received < market.received:
        raise DataError(f"{place}: received before the message of {market.place}; give files oldest first")
    market.received, market.place = received, place
    late = ts - time * _MS
    if late < 0:
        said = f"{place}: received {-late / _MS:g} ms before the exchange's time"
        needed = f"--clock-offset {((ask.clock_offset or 0) - late) // _MS + 1}ms"
        if ask.clock_offset is not None:
            raise DataError(f"{said}, even with the clock offset; at least {needed} is needed")
        raise ConfigError(f"{said}: the receiver's clock ran behind; add at least {needed}")


def _backlog(old: list[int]) -> Iterator[Issue]:
    if old:
        detail = f"{len(old):,} trades were more than 10 s old when received, as after a subscription"
        yield Issue(
            kind="backlog", severity="info", ts_from=old[0], ts_to=old[-1] + 1, detail=detail, origin="import"
        )  # fmt: skip
