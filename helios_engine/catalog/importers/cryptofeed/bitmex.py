"""BitMEX: times are ISO; a change of a book level names it by id, its price was told when it was inserted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from helios_engine.catalog.importers.cryptofeed.lines import iso_moment
from helios_engine.catalog.importers.cryptofeed.reader import SIDES, Listed, Reader, Start, Venue
from helios_engine.catalog.importers.cryptofeed.stream import Level, Stream


class Bitmex(Reader):
    """trade, quote and orderBookL2; its books carry neither a time nor a number."""

    def __init__(self, out: Stream, starts: Mapping[str, Sequence[Start]]) -> None:
        super().__init__(out, starts)
        self._prices: dict[str, dict[str, str]] = {}

    def connected(self) -> None:
        super().connected()
        self._prices = {}

    def take(self, message: Any) -> None:
        table = message.get("table")
        if table is None:
            self.out.unread("answers")
        elif table == "trade":
            self._trades(message["action"], message["data"])
        elif table == "quote":
            for one in message["data"]:
                sizes = (one["bidSize"] or "0", one["askSize"] or "0")
                self.out.quote(one["symbol"], iso_moment(one["timestamp"]), one["bidPrice"], one["askPrice"], *sizes)
        elif table == "orderBookL2":
            self._book(message)
        else:
            self.out.unread(table)

    def _trades(self, action: str, data: Any) -> None:
        if action != "insert":
            self.out.unread("trades from before the recording", len(data))
            return
        for one in data:
            event, side = iso_moment(one["timestamp"]), SIDES[one["side"]]
            self.out.trade(one["symbol"], event, one["price"], one["size"], side, one["trdMatchID"])

    def _book(self, message: Any) -> None:
        action, data = message["action"], message["data"]
        symbols = list(dict.fromkeys(one["symbol"] for one in data))
        if action == "partial":
            symbols = symbols or [message["filter"]["symbol"]]
        for symbol in symbols:
            mine = [one for one in data if one["symbol"] == symbol]
            if action == "partial":
                self._prices[symbol] = {}
            elif symbol not in self._prices:
                self.out.unread(f"changes of a book not known ({symbol})", len(mine))
                continue
            levels = [level for one in mine if (level := self._level(action, one)) is not None]
            self.out.levels(symbol, None, 0, levels, snapshot=action == "partial")

    def _level(self, action: str, one: Any) -> Level | None:
        prices, side = self._prices[one["symbol"]], SIDES[one["side"]]
        if action in ("partial", "insert"):
            prices[one["id"]] = one["price"]
            return side, one["price"], one["size"]
        if one["id"] not in prices:
            said = f"{self.out.place}: {one['symbol']}: level {one['id']} was never told; its change is left out"
            self.out.report("sequence", "error", said, self.out.ts)
            return None
        if action == "update":
            return side, prices[one["id"]], one["size"]
        if action == "delete":
            return side, prices.pop(one["id"]), "0"
        raise ValueError(f"action {action!r}, expected partial, insert, update or delete")


def listed(url: str, body: Any) -> Iterator[Listed]:
    """instrument/active. A contract that is one of its underlying is an amount of it; other contracts are not."""
    for one in body:
        plain = not one["isInverse"] and not one["isQuanto"] and one["underlyingToPositionMultiplier"] == "1"
        multiplier, unit = one["multiplier"], one["settlCurrency"]
        contracts = "" if plain else f"contracts with a multiplier of {multiplier} {unit}"
        yield Listed(
            one["symbol"], one["underlying"], one["quoteCurrency"], one["tickSize"], one["lotSize"], one["lotSize"],
            maker_fee=one["makerFee"], taker_fee=one["takerFee"], contracts=contracts,
            listed=iso_moment(one["listing"]) if one["listing"] else 0,
            delisted=iso_moment(one["expiry"]) if one["expiry"] else 0,
        )  # fmt: skip


VENUE = Venue(Bitmex, listed, contracts=lambda symbol: "contracts, whose size BITMEX.0.gz tells", exponents=True)
