"""Kraken Futures: contracts of 1 of the quote currency; times are ms, and every book numbers its messages by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from helios_engine.catalog.importers.cryptofeed.lines import MS, moment
from helios_engine.catalog.importers.cryptofeed.reader import SIDES, Follower, Listed, Reader, Start, Venue
from helios_engine.catalog.importers.cryptofeed.stream import Stream

_CONTRACTS = "contracts of 1 of the quote currency"


class KrakenFutures(Reader):
    """trade, ticker_lite, book_snapshot and book."""

    def __init__(self, out: Stream, starts: Mapping[str, Sequence[Start]]) -> None:
        super().__init__(out, starts)
        self._follower = Follower(out)

    def take(self, message: Any) -> None:
        feed, out = message.get("feed"), self.out
        if "event" in message or feed is None:
            out.unread(message.get("event", "message without a feed"))
        elif feed == "trade":
            event, side = moment(message["time"], MS), SIDES[message["side"]]
            out.trade(message["product_id"], event, message["price"], message["qty"], side, message["uid"])
        elif feed == "trade_snapshot":
            out.unread("trades from before the recording", len(message["trades"]))
        elif feed == "ticker_lite":
            out.quote(message["product_id"], None, message["bid"], message["ask"])
        elif feed == "book_snapshot":
            sequence, symbol = int(message["seq"]), message["product_id"]
            self._follower.start(symbol, sequence)
            levels = [(side, x["price"], x["qty"]) for side, key in ((1, "bids"), (-1, "asks")) for x in message[key]]
            out.levels(symbol, moment(message["timestamp"], MS), sequence, levels, snapshot=True)
        elif feed == "book":
            sequence, symbol = int(message["seq"]), message["product_id"]
            if self._follower.goes_on(symbol, sequence - 1, sequence):
                level = (SIDES[message["side"]], message["price"], message["qty"])
                out.levels(symbol, moment(message["timestamp"], MS), sequence, [level], snapshot=False)
        else:
            out.unread(feed)


def listed(url: str, body: Any) -> Iterator[Listed]:
    """instruments; symbols are in small letters here and in capitals in the stream."""
    for one in body["instruments"]:
        symbol = one["symbol"].upper()
        base, quote = pair(symbol) or ("", "")
        contracts = f"contracts of {one.get('contractSize', '1')} {quote}"
        yield Listed(symbol, base, quote, one.get("tickSize", ""), "1", contracts=contracts)


def pair(symbol: str) -> tuple[str, str] | None:
    """The currencies of PI_XBTUSD or FI_XBTUSD_210924."""
    kind, _, rest = symbol.partition("_")
    name = rest.partition("_")[0]
    return (name[:-3], name[-3:]) if kind in ("PI", "FI") and len(name) > 5 and name.endswith("USD") else None


VENUE = Venue(KrakenFutures, listed, pair=pair, contracts=lambda symbol: _CONTRACTS, exponents=True)
