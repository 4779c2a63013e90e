"""KuCoin: trades are dated in ns; book changes go on from a REST snapshot by their sequence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from helios_engine.catalog.importers.cryptofeed.chain import Chain, Change
from helios_engine.catalog.importers.cryptofeed.lines import MS, NS, moment
from helios_engine.catalog.importers.cryptofeed.reader import SIDES, Listed, Reader, Start, Venue, sides, spelled
from helios_engine.catalog.importers.cryptofeed.stream import Level, Stream


class Kucoin(Reader):
    """trade.l3match, trade.ticker and trade.l2update."""

    def __init__(self, out: Stream, starts: Mapping[str, Sequence[Start]]) -> None:
        super().__init__(out, starts)
        self._chain = Chain(out, starts)

    def take(self, message: Any) -> None:
        subject = message.get("subject")
        if message["type"] != "message" or subject is None:
            self.out.unread(message["type"])
            return
        data = message["data"]
        if subject == "trade.l3match":
            event, side = moment(data["time"], NS), SIDES[data["side"]]
            self.out.trade(data["symbol"], event, data["price"], data["size"], side, data["tradeId"])
        elif subject == "trade.ticker":
            symbol, event = message["topic"].partition(":")[2], moment(data["time"], MS)
            sizes = (data["bestBidSize"], data["bestAskSize"])
            self.out.quote(symbol, event, data["bestBid"], data["bestAsk"], *sizes)
        elif subject == "trade.l2update":
            self._change(data)
        else:
            self.out.unread(subject)

    def finish(self) -> None:
        self._chain.finish()

    def _change(self, data: Any) -> None:
        changes = data["changes"]
        levels = [level for level in sides(changes["bids"], changes["asks"]) if level[1].strip("0.")]
        numbers = (int(data["sequenceStart"]), int(data["sequenceEnd"]))
        self._chain.change(data["symbol"], Change(self.out.place, self.out.ts, None, *numbers, None, levels))


def start(url: str, body: Any) -> tuple[str, int | None, int, list[Level]]:
    """A level-2 snapshot."""
    data, symbol = body["data"], parse_qs(urlsplit(url).query)["symbol"][0]
    return symbol, moment(data["time"], MS), int(data["sequence"]), list(sides(data["bids"], data["asks"]))


def listed(url: str, body: Any) -> Iterator[Listed]:
    """symbols."""
    for one in body["data"]:
        steps = (one["priceIncrement"], one["baseIncrement"], one["baseMinSize"])
        yield Listed(one["symbol"], one["baseCurrency"], one["quoteCurrency"], *steps)


VENUE = Venue(Kucoin, listed, start, pair=spelled("-"))
