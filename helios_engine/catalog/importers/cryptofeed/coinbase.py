"""Coinbase: times are ISO; `side` of a match is the MAKER's, so the taker's is the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from helios_engine.catalog.importers.cryptofeed.lines import iso_moment
from helios_engine.catalog.importers.cryptofeed.reader import SIDES, Listed, Reader, Venue, sides, spelled


class Coinbase(Reader):
    """match, ticker, snapshot and l2update; the `last_match` of the answer was before the recording."""

    def take(self, message: Any) -> None:
        kind, out = message["type"], self.out
        if kind == "match":
            symbol, side = message["product_id"], -SIDES[message["side"]]
            event = iso_moment(message["time"])
            out.trade(symbol, event, message["price"], message["size"], side, message["trade_id"])
        elif kind == "ticker":
            out.quote(message["product_id"], iso_moment(message["time"]), message["best_bid"], message["best_ask"])
        elif kind == "snapshot":
            self.book(message["product_id"], None, 0, sides(message["bids"], message["asks"]), snapshot=True)
        elif kind == "l2update":
            changes = [(SIDES[side], price, size) for side, price, size in message["changes"]]
            self.book(message["product_id"], iso_moment(message["time"]), 0, changes, snapshot=False)
        else:
            out.unread({"last_match": "trades from before the recording"}.get(kind, kind))


def listed(url: str, body: Any) -> Iterator[Listed]:
    """products."""
    for one in body:
        steps = (one["quote_increment"], one["base_increment"], one["base_min_size"], one["min_market_funds"])
        yield Listed(one["id"], one["base_currency"], one["quote_currency"], *steps)


VENUE = Venue(Coinbase, listed, pair=spelled("-"))
