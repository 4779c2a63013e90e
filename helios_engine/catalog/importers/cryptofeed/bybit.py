"""Bybit, its first streams: trades are dated in ms, books in us; contracts on USD are inverse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from helios_engine.catalog.importers.cryptofeed.lines import MS, US, moment
from helios_engine.catalog.importers.cryptofeed.reader import SIDES, Listed, Reader, Venue
from helios_engine.catalog.importers.cryptofeed.stream import Level


class Bybit(Reader):
    """trade and orderBookL2_25. The venue's `cross_seq` grows by leaps: nothing can be told to be missing by it."""

    def take(self, message: Any) -> None:
        topic, _, symbol = message.get("topic", "").rpartition(".")
        if topic == "trade":
            for one in message["data"]:
                event, side = moment(one["trade_time_ms"], MS), SIDES[one["side"]]
                self.out.trade(one["symbol"], event, one["price"], one["size"], side, one["trade_id"])
        elif topic == "orderBookL2_25":
            self._book(symbol, message)
        else:
            self.out.unread(topic or "answers")

    def _book(self, symbol: str, message: Any) -> None:
        data, snapshot = message["data"], message["type"] == "snapshot"
        if snapshot:
            entries = data["order_book"] if isinstance(data, dict) else data
            levels = [_level(one, one["size"]) for one in entries]
        else:
            levels = [_level(one, "0") for one in data["delete"]]
            levels += [_level(one, one["size"]) for key in ("update", "insert") for one in data[key]]
        event = moment(message["timestamp_e6"], US)
        self.book(symbol, event, int(message["cross_seq"]), levels, snapshot=snapshot)


def _level(one: Any, size: str) -> Level:
    return SIDES[one["side"]], one["price"], size


def listed(url: str, body: Any) -> Iterator[Listed]:
    """symbols."""
    for one in body["result"]:
        lot = one["lot_size_filter"]
        yield Listed(
            one["name"], one["base_currency"], one["quote_currency"], one["price_filter"]["tick_size"],
            lot["qty_step"], lot["min_trading_qty"], maker_fee=one["maker_fee"], taker_fee=one["taker_fee"],
            contracts=contracts(one["name"]),
        )  # fmt: skip


def contracts(symbol: str) -> str:
    """Everything that is not priced in USDT is an inverse contract of 1 USD."""
    return "" if symbol.endswith("USDT") else "contracts of 1 USD"


VENUE = Venue(Bybit, listed, contracts=contracts, exponents=True)
