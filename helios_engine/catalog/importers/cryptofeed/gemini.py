"""Gemini, its second stream: the first `l2_updates` of a symbol has the whole book and trades of before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from helios_engine.catalog.importers.cryptofeed.lines import MS, moment
from helios_engine.catalog.importers.cryptofeed.reader import SIDES, Listed, Reader, Venue


class Gemini(Reader):
    """trade (ms) and l2_updates, which carry neither a time nor a number."""

    def take(self, message: Any) -> None:
        kind, out = message["type"], self.out
        if kind == "trade":
            event, side = moment(message["timestamp"], MS), SIDES[message["side"]]
            out.trade(message["symbol"], event, message["price"], message["quantity"], side, message["event_id"])
        elif kind == "l2_updates":
            symbol, snapshot = message["symbol"], "trades" in message
            if snapshot:
                out.unread("trades from before the recording", len(message["trades"]))
            levels = [(SIDES[side], price, size) for side, price, size in message["changes"]]
            self.book(symbol, None, 0, levels, snapshot=snapshot)
        else:
            out.unread(kind)


def listed(url: str, body: Any) -> Iterator[Listed]:
    """symbols/details; its `tick_size` is that of quantities, `quote_increment` that of prices."""
    if "/details/" in url:
        steps = (body["quote_increment"], body["tick_size"], body["min_order_size"])
        yield Listed(body["symbol"], body["base_currency"], body["quote_currency"], *steps)


VENUE = Venue(Gemini, listed)
