"""Where a tape comes from: trades and books of a catalog, whatever exchange they are of, or recorded frames of VALR."""

from __future__ import annotations

import heapq
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from helios_engine.bodies import BookDelta, BookSnapshot, Trade
from helios_engine.errors import ConfigError, DataError
from helios_valr.messages import DEPTHS
from helios_valr.simulator.tape import Row
from helios_valr.simulator.taped import TapedMarket, Told

BOOKS = (
    "FULL_ORDERBOOK_UPDATE", "OB_L1_DIFF", "AGGREGATED_ORDERBOOK_UPDATE",
    *(f"OB_L1_D{depth}_SNAPSHOT" for depth in sorted(DEPTHS, reverse=True)),
)  # fmt: skip
"""Events that carry a book, in the order in which they are preferred where several were recorded."""
Found = tuple[list[TapedMarket], Iterator[Row]]
FOREVER = 2**63 - 1


def of_catalog(location: str, names: Sequence[str], seed: int = 7, start: int = 0) -> Found:
    """The markets of instruments of a catalog, and what happened from `start` (ns UTC) on.

    A name is an instrument, `BTCUSDT.BINANCE`, or the pair it is to be and the instrument, `BTCZAR=BTCUSDT.BINANCE`;
    without names it is every instrument that has trades. Books are taken where there are any, else quotes.
    """
    from helios_engine.catalog.store import Catalog
    from helios_engine.catalog.tick_feeds import CatalogBooks, CatalogQuotes, CatalogTrades

    catalog = Catalog(location)
    sets = {(data.manifest.kind, data.manifest.name): data.manifest for data in catalog.datasets()}
    markets, feeds = list[TapedMarket](), list[Iterator[Row]]()
    for name in names or [name for kind, name in sorted(sets) if kind == "trades"]:
        instrument = name.rpartition("=")[2]
        trades = catalog.dataset("trades", instrument).manifest
        book = next((kind for kind in ("books", "quotes") if (kind, instrument) in sets), "")
        pair = _pair_of(name.partition("=")[0], [market.pair for market in markets])
        scale = max(trades.price_scale, sets[book, instrument].price_scale if book else 0)
        about = trades.instrument
        currencies = (about.base, about.quote) if about is not None else ("", "")
        markets.append(TapedMarket(pair, seed, Decimal(1).scaleb(-scale), book == "books", currencies))
        # The book of a moment stands before its trades are told.
        if book == "books":
            feeds.append(_of(pair, CatalogBooks(location, instrument).inputs(start, FOREVER)))
        elif book:
            feeds.append(_of(pair, CatalogQuotes(location, instrument).inputs(start, FOREVER)))
        feeds.append(_of(pair, CatalogTrades(location, instrument).inputs(start, FOREVER)))
    if not markets:
        raise DataError(f"{location}: no trades of any instrument; expected some to play. See `helios-engine data ls`")
    return markets, heapq.merge(*feeds, key=lambda row: row[0])


def of_recording(folder: Path, seed: int = 7) -> Found:
    """The markets of a recording of VALR's stream (`helios_engine.recorder`), and what its frames said when they came.

    The log is read twice: which books it has and how fine its prices are must be known before. DataError if there is
    no trade and no book in it.
    """
    has, places = defaultdict[str, set[str]](set), defaultdict[str, int](int)
    for _, pair, body, event in _said(folder):
        has[pair].add(event)
        prices = [body.price] if isinstance(body, Trade | BookDelta) else [row[0] for row in (*body.bids, *body.asks)]
        places[pair] = max([places[pair], *(-int(Decimal(repr(p)).normalize().as_tuple().exponent) for p in prices)])
    if not has:
        raise DataError(f"{folder}: no trades and no books of VALR's stream in it; expected a recording of its frames")
    books = {pair: next((event for event in BOOKS if event in has[pair]), "") for pair in has}
    markets = [TapedMarket(pair, seed, Decimal(1).scaleb(-places[pair]), bool(books[pair])) for pair in sorted(has)]
    return markets, ((ts, pair, body) for ts, pair, body, event in _said(folder) if event in ("NEW_TRADE", books[pair]))


def _of(pair: str, inputs: Iterable[tuple[int, Told]]) -> Iterator[Row]:
    return ((ts, pair, body) for ts, body in inputs)


def _said(folder: Path) -> Iterator[tuple[int, str, Trade | BookSnapshot | BookDelta, str]]:
    from helios_engine.recorder.log import LogReader
    from helios_valr.books.shelf import EVENTS
    from helios_valr.wire import Wire

    wires, now = defaultdict[str, Wire](Wire), 0
    for frame in LogReader(folder).frames():
        if frame.direction == "in":
            now = max(now, frame.recv_ns)  # the clock of a recorder may step back
            taken = wires[frame.connection].take(frame.raw, now)
            for body in taken.bodies:
                if isinstance(body, Trade | BookSnapshot | BookDelta) and taken.message is not None:
                    kind = taken.message.type
                    yield now, body.instrument.removesuffix(".VALR"), body, EVENTS.get(kind, kind)


def _pair_of(name: str, taken: Sequence[str]) -> str:
    pair = re.sub("[^A-Z0-9]", "", name.partition(".")[0].upper())
    if not 2 <= len(pair) <= 32 or pair in taken:
        raise ConfigError(
            f"--instruments: {name!r} would be the pair {pair!r}, which is {'there' if pair in taken else 'no name'}; "
            "say which it is to be, as BTCZAR=BTCUSDT.BINANCE"
        )
    return pair
