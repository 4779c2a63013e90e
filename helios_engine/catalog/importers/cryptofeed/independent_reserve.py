"""Independent Reserve: its tickers carry trades; its books are of single orders, which are not kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from helios_engine.catalog.importers.cryptofeed.lines import iso_moment
from helios_engine.catalog.importers.cryptofeed.reader import SIDES, Listed, Reader, Venue, spelled


class IndependentReserve(Reader):
    """Trade events of the ticker channels."""

    def take(self, message: Any) -> None:
        event, data = message["Event"], message.get("Data")
        if event == "Trade" and message["Channel"].startswith("ticker-"):
            time, side = iso_moment(data["TradeDate"]), SIDES[data["Side"]]
            symbol = data["Pair"].upper()
            self.out.trade(symbol, time, data["Price"], data["Volume"], side, data["TradeGuid"])
        else:
            self.out.unread(f"{event} of single orders" if "Order" in event else event)


def listed(url: str, body: Any) -> Iterator[Listed]:
    """The venue lists currencies, but no instruments."""
    yield from ()


VENUE = Venue(IndependentReserve, listed, pair=spelled("-"), exponents=True)
