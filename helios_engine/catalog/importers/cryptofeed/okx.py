"""OKX, its fifth interface: times are ms; swaps, futures and options are counted in contracts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from helios_engine.catalog.importers.cryptofeed.lines import MS, moment
from helios_engine.catalog.importers.cryptofeed.reader import SIDES, Follower, Listed, Reader, Start, Venue, sides
from helios_engine.catalog.importers.cryptofeed.stream import Stream


class Okx(Reader):
    """trades, tickers and books; books carry numbers only in later recordings."""

    def __init__(self, out: Stream, starts: Mapping[str, Sequence[Start]]) -> None:
        super().__init__(out, starts)
        self._follower = Follower(out)

    def take(self, message: Any) -> None:
        if "event" in message:
            self.out.unread(message["event"])
            return
        channel, symbol = message["arg"]["channel"], message["arg"]["instId"]
        for one in message["data"]:
            if channel == "trades":
                event, side = moment(one["ts"], MS), SIDES[one["side"]]
                self.out.trade(one["instId"], event, one["px"], one["sz"], side, one["tradeId"])
            elif channel == "tickers":
                event = moment(one["ts"], MS)
                self.out.quote(symbol, event, one["bidPx"], one["askPx"], one["bidSz"] or "0", one["askSz"] or "0")
            elif channel == "books":
                self._book(symbol, message["action"], one)
            else:
                self.out.unread(channel)

    def _book(self, symbol: str, action: str, one: Any) -> None:
        sequence, snapshot = int(one.get("seqId", 0)), action == "snapshot"
        if snapshot:
            self._follower.start(symbol, sequence)
        elif "prevSeqId" in one and not self._follower.goes_on(symbol, int(one["prevSeqId"]), sequence):
            return
        self.book(symbol, moment(one["ts"], MS), sequence, sides(one["bids"], one["asks"]), snapshot=snapshot)


def listed(url: str, body: Any) -> Iterator[Listed]:
    """public/instruments. An option is its own base, priced in its currency."""
    for one in body["data"]:
        kind, symbol = one["instType"], one["instId"]
        base, quote = (one["baseCcy"], one["quoteCcy"]) if kind == "SPOT" else pair(symbol) or ("", "")
        size = one["ctVal"] if one["ctMult"] in ("", "1") else f"{one['ctVal']} x {one['ctMult']}"
        yield Listed(
            symbol, base, quote, one["tickSz"], one["lotSz"], one["minSz"],
            contracts="" if kind == "SPOT" else f"contracts of {size} {one['ctValCcy']}",
            listed=moment(one["listTime"] or "0", MS), delisted=moment(one["expTime"] or "0", MS),
        )  # fmt: skip


def pair(symbol: str) -> tuple[str, str] | None:
    """The currencies of BTC-USDT, BTC-USD-SWAP, BTC-USD-220527 or of the option BTC-USD-220527-30000-C."""
    parts = symbol.split("-")
    if len(parts) == 5:
        return symbol, parts[0]
    return (parts[0], parts[1]) if len(parts) in (2, 3) and all(parts) else None


def contracts(symbol: str) -> str:
    """What is not a plain pair is counted in contracts."""
    return "contracts, whose size OKX.0.gz tells" if symbol.count("-") > 1 else ""


VENUE = Venue(Okx, listed, pair=pair, contracts=contracts)
