"""Bitstamp: times are us. Book changes carry no number: they go on from the REST snapshot by its time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from helios_engine.catalog.importers.cryptofeed.chain import Chain, Change
from helios_engine.catalog.importers.cryptofeed.lines import US, moment
from helios_engine.catalog.importers.cryptofeed.reader import Listed, Reader, Start, Venue, sides, step
from helios_engine.catalog.importers.cryptofeed.stream import Level, Stream


class Bitstamp(Reader):
    """live_trades and diff_order_book; type 0 is a taker who buys."""

    def __init__(self, out: Stream, starts: Mapping[str, Sequence[Start]]) -> None:
        super().__init__(out, starts)
        self._chain = Chain(out, starts, numbered=False)

    def connected(self) -> None:
        super().connected()
        self._chain.restart()

    def take(self, message: Any) -> None:
        data, event = message["data"], message["event"]
        channel, _, symbol = message.get("channel", "").rpartition("_")
        if event == "trade" and channel == "live_trades":
            time, side = moment(data["microtimestamp"], US), {"0": 1, "1": -1}[data["type"]]
            self.out.trade(symbol.upper(), time, data["price_str"], data["amount_str"], side, data["id"])
        elif event == "data" and channel == "diff_order_book":
            made = data["microtimestamp"]
            levels = list(sides(data["bids"], data["asks"]))
            change = Change(self.out.place, self.out.ts, moment(made, US), 0, int(made), None, levels)
            self._chain.change(symbol.upper(), change)
        else:
            self.out.unread(event if event.startswith("bts:") else f"{event} of {channel}")

    def finish(self) -> None:
        self._chain.finish()


def start(url: str, body: Any) -> tuple[str, int | None, int, list[Level]]:
    """An order_book answer."""
    symbol, made = urlsplit(url).path.rstrip("/").rpartition("/")[2].upper(), body["microtimestamp"]
    return symbol, moment(made, US), int(made), [x for x in sides(body["bids"], body["asks"]) if x[2].strip("0.")]


def listed(url: str, body: Any) -> Iterator[Listed]:
    """trading-pairs-info."""
    for one in body:
        base, _, quote = one["name"].partition("/")
        least, _, unit = one["minimum_order"].partition(" ")
        steps = (step(one["counter_decimals"]), step(one["base_decimals"]))
        yield Listed(one["url_symbol"].upper(), base, quote, *steps, min_notional=least if unit == quote else "0")


VENUE = Venue(Bitstamp, listed, start)
