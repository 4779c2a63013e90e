"""Binance: spot (also .us and TR), USD-M and COIN-M futures. Times are ms; `m` says that the buyer was the maker.

Book changes go on from a REST snapshot: those up to its `lastUpdateId` are dropped; then `U` follows the last `u`
(spot), or `pu` is the last `u` (futures).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from helios_engine.catalog.importers.cryptofeed.chain import Chain, Change
from helios_engine.catalog.importers.cryptofeed.lines import MS, moment
from helios_engine.catalog.importers.cryptofeed.reader import Listed, Reader, Start, Venue, sides
from helios_engine.catalog.importers.cryptofeed.stream import Level, Stream

_PERPETUAL = 4_133_404_800_000
"""The day of delivery (ms) of a contract that has none."""


class Binance(Reader):
    """aggTrade, bookTicker and depthUpdate of the combined stream."""

    def __init__(self, out: Stream, starts: Mapping[str, Sequence[Start]]) -> None:
        super().__init__(out, starts)
        self._chain = Chain(out, starts)

    def take(self, message: Any) -> None:
        if "stream" not in message:
            self.out.unread("answers")
            return
        name, data = message["stream"].partition("@")[2], message["data"]
        if "E" in data:
            self.out.measure(moment(data["E"], MS))
        if name in ("aggTrade", "trade"):
            ids = data["a"] if name == "aggTrade" else data["t"]
            side = {True: -1, False: 1}[data["m"]]
            self.out.trade(data["s"], moment(data["T"], MS), data["p"], data["q"], side, ids)
        elif name == "bookTicker":
            event = moment(data["T"], MS) if "T" in data else None
            self.out.quote(data["s"], event, data["b"], data["a"], data["B"], data["A"])
        elif name == "depth" or name.startswith("depth@"):
            self._depth(data)
        else:
            self.out.unread(name)

    def finish(self) -> None:
        self._chain.finish()

    def _depth(self, data: Any) -> None:
        before = int(data["pu"]) if "pu" in data else None
        event = moment(data["T"] if "T" in data else data["E"], MS)
        levels = list(sides(data["b"], data["a"]))
        place = (self.out.place, self.out.ts, event)
        self._chain.change(data["s"], Change(*place, int(data["U"]), int(data["u"]), before, levels))


def start(url: str, body: Any) -> tuple[str, int | None, int, list[Level]]:
    """A depth snapshot."""
    symbol = parse_qs(urlsplit(url).query)["symbol"][0]
    event = moment(body["T"], MS) if "T" in body else None
    return symbol, event, int(body["lastUpdateId"]), list(sides(body["bids"], body["asks"]))


def listed(url: str, body: Any) -> Iterator[Listed]:
    """exchangeInfo."""
    for one in body["symbols"]:
        filters = {found["filterType"]: found for found in one["filters"]}
        lot = filters.get("LOT_SIZE", {})
        notional = filters.get("MIN_NOTIONAL", filters.get("NOTIONAL", {}))
        size = one.get("contractSize")
        delivery = one.get("deliveryDate", "0")
        yield Listed(
            one["symbol"],
            one["baseAsset"],
            one["quoteAsset"],
            filters.get("PRICE_FILTER", {}).get("tickSize", ""),
            lot.get("stepSize", ""),
            lot.get("minQty", "0"),
            notional.get("minNotional", notional.get("notional", "0")),
            contracts=f"contracts of {size} {one['quoteAsset']}" if size is not None else "",
            listed=moment(one.get("onboardDate", "0"), MS),
            delisted=0 if int(delivery) >= _PERPETUAL else moment(delivery, MS),
        )


SPOT = Venue(Binance, listed, start)
COIN = Venue(Binance, listed, start, contracts=lambda symbol: "contracts of a fixed sum of the quote currency")
