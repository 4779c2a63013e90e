"""Deribit: times are ms, every change of a book names the one before; futures are counted in the quote currency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from helios_engine.catalog.importers.cryptofeed.lines import MS, moment
from helios_engine.catalog.importers.cryptofeed.reader import SIDES, Follower, Listed, Reader, Start, Venue
from helios_engine.catalog.importers.cryptofeed.stream import Stream


class Deribit(Reader):
    """trades, ticker and book."""

    def __init__(self, out: Stream, starts: Mapping[str, Sequence[Start]]) -> None:
        super().__init__(out, starts)
        self._follower = Follower(out)

    def take(self, message: Any) -> None:
        if message.get("method") != "subscription":
            self.out.unread("answers")
            return
        channel, data = message["params"]["channel"].partition(".")[0], message["params"]["data"]
        if channel == "trades":
            for one in data:
                event, side = moment(one["timestamp"], MS), SIDES[one["direction"]]
                self.out.trade(one["instrument_name"], event, one["price"], one["amount"], side, one["trade_id"])
        elif channel == "ticker":
            prices = (data["best_bid_price"], data["best_ask_price"])
            sizes = (data["best_bid_amount"], data["best_ask_amount"])
            self.out.quote(data["instrument_name"], moment(data["timestamp"], MS), *prices, *sizes)
        elif channel == "book":
            self._book(data)
        else:
            self.out.unread(channel)

    def _book(self, data: Any) -> None:
        symbol, sequence, snapshot = data["instrument_name"], int(data["change_id"]), data["type"] == "snapshot"
        if snapshot:
            self._follower.start(symbol, sequence)
        elif not self._follower.goes_on(symbol, int(data["prev_change_id"]), sequence):
            return
        levels = [
            (side, price, "0" if action == "delete" else amount)
            for side, key in ((1, "bids"), (-1, "asks"))
            for action, price, amount in data[key]
        ]
        self.out.levels(symbol, moment(data["timestamp"], MS), sequence, levels, snapshot=snapshot)


def listed(url: str, body: Any) -> Iterator[Listed]:
    """get_instruments. An option is its own base, priced in its currency."""
    for one in body["result"]:
        symbol, quote = one["instrument_name"], one["quote_currency"]
        future = one["kind"] == "future"
        linear = "_" in symbol
        yield Listed(
            symbol, one["base_currency"] if future else symbol, quote, one["tick_size"], one["min_trade_amount"],
            one["min_trade_amount"], maker_fee=one["maker_commission"], taker_fee=one["taker_commission"],
            contracts=f"amounts of {quote}" if future and not linear else "",
            listed=moment(one["creation_timestamp"], MS), delisted=_end(one),
        )  # fmt: skip


def _end(one: Any) -> int:
    return 0 if one["settlement_period"] == "perpetual" else moment(one["expiration_timestamp"], MS)


def pair(symbol: str) -> tuple[str, str] | None:
    """The currencies of BTC-PERPETUAL, BTC-25MAR22, or of the option BTC-25MAR22-30000-C."""
    parts = symbol.split("-")
    base, mark, quote = parts[0].partition("_")
    if len(parts) == 4:
        return symbol, quote if mark else base
    return (base, quote if mark else "USD") if len(parts) == 2 and base else None


def contracts(symbol: str) -> str:
    """Futures and perpetuals that are settled in coins are counted in USD."""
    return "amounts of USD" if symbol.count("-") == 1 and "_" not in symbol else ""


VENUE = Venue(Deribit, listed, pair=pair, contracts=contracts, exponents=True)
