"""Bitfinex: `[channel number, content, sequence]`; the numbers are given out anew on every connection.

Trades are `te` (executed) and again `tu` (with its final fields): one of them is kept. Amounts below zero are sales.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from helios_engine.catalog.importers.cryptofeed.lines import MS, moment
from helios_engine.catalog.importers.cryptofeed.reader import Listed, Reader, Venue, gap
from helios_engine.catalog.importers.cryptofeed.stream import Level


class Bitfinex(Reader):
    """trades, ticker and book (P0 to P4); books carry no time, and a number that counts all messages."""

    _channels: dict[str, tuple[str, str]]
    _last: int | None

    def connected(self) -> None:
        super().connected()
        self._channels, self._last = {}, None

    def take(self, message: Any) -> None:
        if isinstance(message, dict):
            if message["event"] == "subscribed":
                kind = "raw book" if message.get("prec") == "R0" else message["channel"]
                self._channels[message["chanId"]] = (kind, message["symbol"].removeprefix("t"))
            self.out.unread(message["event"])
            return
        number, content, *rest = message
        self._count(rest)
        if content == "hb":
            self.out.unread("heartbeats")
            return
        kind, symbol = self._channels[number]
        if kind == "trades":
            self._trade(symbol, content, rest)
        elif kind == "ticker":
            bid, bid_size, ask, ask_size, *_ = content
            self.out.quote(symbol, None, bid, ask, bid_size, ask_size)
        elif kind == "book" and content != "cs":
            self._book(symbol, content, int(rest[0]) if rest else 0)
        else:
            self.out.unread("checksums" if content == "cs" else kind)

    def _count(self, rest: Any) -> None:
        """All messages of a connection are numbered by one, where that was asked for; after a gap no book is known."""
        if rest and isinstance(rest[-1], str):
            sequence = int(rest[-1])
            if self._last is not None and sequence != self._last + 1:
                for symbol in sorted(self.known):
                    gap(self.out, symbol, self._last, sequence)
                self.known.clear()
            self._last = sequence

    def _trade(self, symbol: str, content: Any, rest: Any) -> None:
        if content == "te":
            identity, time, amount, price = rest[0][:4]
            side = -1 if amount.startswith("-") else 1
            self.out.trade(symbol, moment(time, MS), price, amount.removeprefix("-"), side, identity)
        elif content == "tu":
            self.out.unread("trades told again (tu)")
        else:
            self.out.unread("trades from before the recording", len(content))

    def _book(self, symbol: str, content: Any, sequence: int) -> None:
        if content and not isinstance(content[0], list):
            self.book(symbol, None, sequence, [_level(content)], snapshot=False)
        else:
            self.book(symbol, None, sequence, [_level(one) for one in content], snapshot=True)


def _level(one: Any) -> Level:
    """Price, how many orders, amount; no orders: the level is gone."""
    price, count, amount = one
    return (-1 if amount.startswith("-") else 1), price, "0" if count == "0" else amount.removeprefix("-")


def listed(url: str, body: Any) -> Iterator[Listed]:
    """pub:list:pair: names only, whose currencies are three letters each or have a colon between."""
    if "pub:list:pair" in url:
        for symbol in body[0]:
            base, quote = pair(symbol) or ("", "")
            yield Listed(symbol, base, quote)


def pair(symbol: str) -> tuple[str, str] | None:
    """The currencies of BTCUSD or AAVE:USD."""
    base, colon, quote = symbol.partition(":")
    if colon:
        return (base, quote) if base and quote else None
    return (symbol[:3], symbol[3:]) if len(symbol) == 6 else None


VENUE = Venue(Bitfinex, listed, pair=pair, exponents=True)
