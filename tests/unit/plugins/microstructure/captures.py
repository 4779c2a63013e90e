"""Real captures of Binance, read by the importers and, beside them, straight from the raw messages.

`python -m tests.unit.plugins.microstructure.captures` follows all of them, both files of each, and looks at every
message; the tests look at every hundredth of one file.
"""

from __future__ import annotations

import gzip
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from nautilus_trader.core.rust.model import BookType, OrderSide
from nautilus_trader.model.book import OrderBook
from nautilus_trader.model.data import BookOrder
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.model.objects import Price, Quantity

from helios_engine.bodies import BookDelta, BookSnapshot
from helios_engine.catalog.tick_feeds import CatalogBooks
from helios_engine.events import Event
from helios_features.orderbook.book import Book, Top
from helios_features.orderbook.features import BookFeatures
from tests.unit.catalog.importing import imported, real_path
from tests.unit.plugins.microstructure.streams import events

MS = 1_000_000
CLOCK = 1278 * MS
"""The captures' own clock runs behind the exchange's."""
DEPTH = 10
FILES = {
    "spot/btcusdt": "BTCUSDT.BINANCE",
    "spot/ethusdt": "ETHUSDT.BINANCE",
    "cm/btcusd_perp": "BTCUSD_PERP.BINANCE_COINM",
    "cm/ethusd_perp": "ETHUSD_PERP.BINANCE_COINM",
}
Sides = tuple[dict[float, float], dict[float, float]]


class Message(NamedTuple):
    """One message of the raw capture: when it was known, its last update, and levels as text."""

    ts: int
    last: int
    is_snapshot: bool
    bids: list[list[str]]
    asks: list[list[str]]


def paths(file: str, days: int) -> list[Path]:
    """The capture's files of the first days."""
    return [real_path("binance_l2_raw", f"{file}_{day}.gz") for day in ("20240808", "20240809")[:days]]


def messages(files: list[Path]) -> Iterator[Message]:
    """The snapshot and the depth that goes on from it, as Binance says: what ends at or before it is left out."""
    begun, early = 0, list[dict[str, Any]]()
    for path in files:
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            stamp, _, text = line.partition(" ")
            ts, content = int(stamp) + CLOCK, json.loads(text)
            if "lastUpdateId" in content:
                begun = content["lastUpdateId"]
                yield Message(ts, begun, True, content["bids"], content["asks"])
                yield from (Message(ts, d["u"], False, d["b"], d["a"]) for d in early if d["u"] > begun)
                continue
            data = content["data"]
            if data.get("e") != "depthUpdate":
                continue
            if not begun:
                early.append(data)
            elif data["u"] > begun:
                yield Message(ts, data["u"], False, data["b"], data["a"])


def naive(sides: Sides, message: Message) -> None:
    """Apply a message to two dictionaries."""
    for side, levels in zip(sides, (message.bids, message.asks), strict=True):
        if message.is_snapshot:
            side.clear()
        for price, quantity in levels:
            side.pop(float(price), None)
            if float(quantity):
                side[float(price)] = float(quantity)


def naive_top(sides: Sides, count: int) -> Top | None:
    """The best levels by sorting all."""
    bids, asks = sorted(sides[0].items(), reverse=True), sorted(sides[1].items())
    return (tuple(bids[:count]), tuple(asks[:count])) if bids and asks and bids[0][0] < asks[0][0] else None


class Nautilus:
    """nautilus' own book, fed the same bodies."""

    def __init__(self, name: str) -> None:
        self.book = OrderBook(InstrumentId.from_str(name), BookType.L2_MBP)

    def apply(self, body: BookSnapshot | BookDelta) -> None:
        """A snapshot clears it; a level is set or deleted."""
        if isinstance(body, BookSnapshot):
            self.book.clear(0, 0)
            for side, levels in (("BUY", body.bids), ("SELL", body.asks)):
                for price, quantity in levels:
                    self._set(side, price, quantity)
        else:
            self._set(body.side, body.price, body.quantity)

    def top(self, count: int) -> Top:
        """Its best levels, by the text of their prices: its floats are some units in the last place away."""
        sides = (self.book.bids()[:count], self.book.asks()[:count])
        bids, asks = (tuple((float(str(level.price)), level.size()) for level in side) for side in sides)
        return bids, asks

    def _set(self, side: str, price: float, quantity: float) -> None:
        order_side = OrderSide.BUY if side == "BUY" else OrderSide.SELL
        order = BookOrder(order_side, Price(price, 2), Quantity(quantity, 8), round(price * 100))
        if quantity:
            self.book.update(order, 0, 0)
        else:
            self.book.delete(order, 0, 0)


class Checked(NamedTuple):
    """How often the books were compared, after how many messages and levels."""

    messages: int
    levels: int
    compared: int


def check(folder: Path, file: str, days: int, each: int, *, nautilus: bool = False) -> Checked:
    """Follow the imported book, the raw one and, if wished, nautilus' at once; AssertionError where they differ.

    Books are looked at after every `each`th message, and once more at the end.
    """
    name, files = FILES[file], paths(file, days)
    imported(folder, *files, clock_offset=CLOCK)
    feed = CatalogBooks(str(folder / "catalog"), name).inputs(0, 2**62)
    book, sides, other = Book("rising"), ({}, {}), Nautilus(name) if nautilus else None
    count = levels = compared = 0
    for count, message in enumerate(messages(files), 1):
        naive(sides, message)
        for _ in range(1 if message.is_snapshot else len(message.bids) + len(message.asks)):
            ts, body = next(feed)
            assert (ts, body.sequence) == (message.ts, message.last)
            lost = book.snapshot(body, ts) if isinstance(body, BookSnapshot) else book.delta(body, ts)
            assert not lost, lost
            if other is not None:
                other.apply(body)
            levels += 1
        if count % each == 0:
            compared += 1
            expected = naive_top(sides, DEPTH)
            assert book.top(DEPTH) == expected, message
            assert other is None or other.top(DEPTH) == expected, message
    assert next(feed, None) is None
    assert naive_top(sides, 10**6) == book.top(10**6)
    return Checked(count, levels, compared)


def main() -> None:
    """Follow every capture from end to end, and say what was compared and what a change costs."""
    for file in FILES:
        with tempfile.TemporaryDirectory() as folder:
            found = check(Path(folder), file, days=2, each=1)
            fed = events(CatalogBooks(folder + "/catalog", FILES[file]).inputs(0, 2**62))
        print(f"{file}: {found.messages:,} messages, {found.levels:,} bodies, equal after every message;", end=" ")
        costs = {"book": cost(Book("rising"), fed)}
        costs |= {f'every "{every}"': cost(BookFeatures(every, sequence="rising"), fed) for every in ("1s", "event")}
        print(", ".join(f"{what} {micros:.2f}" for what, micros in costs.items()), "µs CPU a body")


def cost(part: Book | BookFeatures, fed: list[Event[Any]]) -> float:
    """CPU microseconds a body, once through."""
    begun = time.process_time()
    for event in fed:
        if isinstance(part, BookFeatures):
            for _ in part.on_event(event):
                pass
        elif isinstance(event.body, BookDelta):
            part.delta(event.body, event.ts)
        else:
            part.snapshot(event.body, event.ts)
    return (time.process_time() - begun) / len(fed) * 1e6


if __name__ == "__main__":
    main()
