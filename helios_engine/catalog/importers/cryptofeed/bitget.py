"""Bitget: spot (`sp`) and contracts (`mc`) of one name in one file; contracts get the ending their REST gives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from helios_engine.catalog.importers.cryptofeed.lines import MS, moment
from helios_engine.catalog.importers.cryptofeed.reader import SIDES, Listed, Reader, Venue, sides, step


class Bitget(Reader):
    """trade and books; its ticker is rounded to other decimals than the book's and is not kept.

    Its trades lie between bid and ask as often as on them; the sides are as the venue says.
    """

    def take(self, message: Any) -> None:
        if "event" in message or "arg" not in message:
            self.out.unread(message.get("event", "answers"))
            return
        argument, snapshot = message["arg"], message["action"] == "snapshot"
        channel, symbol = argument["channel"], _symbol(argument["instType"], argument["instId"])
        if channel == "trade" and snapshot:
            self.out.unread("trades from before the recording", len(message["data"]))
        elif channel == "trade":
            # Newest first within a message.
            for time, price, size, side in reversed(message["data"]):
                self.out.trade(symbol, moment(time, MS), price, size, SIDES[side], "")
        elif channel == "books":
            for one in message["data"]:
                levels = sides(one["bids"], one["asks"])
                self.book(symbol, moment(one["ts"], MS), 0, levels, snapshot=snapshot)
        else:
            self.out.unread(f"{channel} (rounded prices)" if channel == "ticker" else channel)


def _symbol(kind: str, name: str) -> str:
    if kind == "sp":
        return name
    if kind != "mc":
        raise ValueError(f"instType {kind!r}, expected sp or mc")
    return f"{name}_{'DMCBL' if name.endswith('USD') else 'UMCBL'}"


def listed(url: str, body: Any) -> Iterator[Listed]:
    """products and contracts."""
    for one in body["data"]:
        fees = {"maker_fee": one["makerFeeRate"], "taker_fee": one["takerFeeRate"]}
        if "symbolName" in one:
            steps = (step(one["priceScale"]), step(one["quantityScale"]), one["minTradeAmount"])
            yield Listed(one["symbolName"], one["baseCoin"], one["quoteCoin"], *steps, **fees)
            continue
        tick = _tick(one["priceEndStep"], int(one["pricePlace"]))
        steps = (tick, step(one["volumePlace"]), one["minTradeNum"])
        yield Listed(one["symbol"], one["baseCoin"], one["quoteCoin"], *steps, **fees)


def _tick(end: str, places: int) -> str:
    """5 at one decimal is a tick of 0.5."""
    digits = end.rjust(places + 1, "0")
    return f"{digits[: len(digits) - places]}.{digits[len(digits) - places :]}" if places else end


VENUE = Venue(Bitget, listed)
