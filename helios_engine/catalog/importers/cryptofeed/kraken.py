"""Kraken, the arrays of its first stream: `[id, data, channel, pair]`. Times are seconds with a fraction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from helios_engine.catalog.importers.cryptofeed.lines import S, moment
from helios_engine.catalog.importers.cryptofeed.reader import SIDES, Listed, Reader, Venue, spelled, step
from helios_engine.catalog.importers.cryptofeed.stream import Level


class Kraken(Reader):
    """trade, ticker and book. Book messages carry no number; a change to a book is dated by its latest level."""

    def take(self, message: Any) -> None:
        if isinstance(message, dict):
            self.out.unread(message["event"])
            return
        _, *parts, channel, pair = message
        if channel == "trade":
            for price, volume, time, side, *_ in parts[0]:
                self.out.trade(pair, moment(time, S), price, volume, SIDES[side], "")
        elif channel == "ticker":
            ask, bid = parts[0]["a"], parts[0]["b"]
            self.out.quote(pair, None, bid[0], ask[0], bid[2], ask[2])
        elif channel == "book" or channel.startswith("book-"):
            self._book(pair, channel, {key: value for part in parts for key, value in part.items()})
        else:
            self.out.unread(channel)

    def _book(self, pair: str, channel: str, data: dict[str, Any]) -> None:
        snapshot = "as" in data
        names = ("bs", "as") if snapshot else ("b", "a")
        levels, latest = list[Level](), 0
        for side, name in zip((1, -1), names, strict=True):
            for price, volume, time, *_ in data.get(name, ()):
                levels.append((side, price, volume))
                latest = max(latest, moment(time, S))
        if snapshot:
            depth = channel.partition("-")[2] or "10"
            said = f"{pair}: levels beyond the best {depth} stay as last seen, since the venue no longer sends them"
            self.out.report("depth", "info", said, self.out.ts)
        self.book(pair, latest or None, 0, levels, snapshot=snapshot)


def listed(url: str, body: Any) -> Iterator[Listed]:
    """AssetPairs; the stream calls a pair by its `wsname`."""
    for one in body["result"].values():
        name = one.get("wsname", "")
        base, _, quote = name.partition("/")
        tick = one.get("tick_size", step(one["pair_decimals"]))
        yield Listed(name or one["altname"], base, quote, tick, step(one["lot_decimals"]), one.get("ordermin", "0"))


VENUE = Venue(Kraken, listed, pair=spelled("/"))
