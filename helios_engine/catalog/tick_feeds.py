"""Feeds of single events: trades, quotes, order books, funding rates, definitions, and plugins' own bodies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from helios_engine.block import SIDES as _SIDES
from helios_engine.block import Rows
from helios_engine.bodies import BookDelta, BookSnapshot, FundingRate, Instrument, Quote, Trade
from helios_engine.catalog.feeds import CatalogFeed
from helios_engine.catalog.naming import folder_of
from helios_engine.codec import Codec
from helios_engine.errors import BuildError
from helios_engine.events import Body


class CatalogTrades(CatalogFeed):
    """Trades of one instrument, each known when it was received."""

    kind = "trades"

    def __init__(self, catalog: str, instrument: str) -> None:
        super().__init__(catalog, instrument)

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Trade]]:
        """Trades by availability; ties keep the order of the data set."""
        name, names = self._name, ("ts", "ts_event", "price", "quantity", "side", "trade_id")
        for columns in self._columns(start, stop, *names):
            for ts, ts_event, price, quantity, side, trade_id in zip(*columns, strict=True):
                yield ts, Trade(name, ts_event, price, quantity, _SIDES[side], trade_id or "")

    def blocks(self, start: int, stop: int) -> Iterator[Rows]:
        """The same trades in columns."""
        return self._as_rows(Trade, start, stop)


class CatalogQuotes(CatalogFeed):
    """The best bid and ask of one instrument; a size of 0 is one that the source did not state."""

    kind = "quotes"

    def __init__(self, catalog: str, instrument: str) -> None:
        super().__init__(catalog, instrument)

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Quote]]:
        """Quotes by availability."""
        name, names = self._name, ("ts", "ts_event", "bid", "ask", "bid_quantity", "ask_quantity")
        for columns in self._columns(start, stop, *names):
            for ts, *rest in zip(*columns, strict=True):
                yield ts, Quote(name, *rest)

    def blocks(self, start: int, stop: int) -> Iterator[Rows]:
        """The same quotes in columns."""
        return self._as_rows(Quote, start, stop)


class CatalogBooks(CatalogFeed):
    """The order book of one instrument: snapshots, and one delta for each changed level."""

    kind = "books"

    def __init__(self, catalog: str, instrument: str) -> None:
        super().__init__(catalog, instrument)

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, BookSnapshot | BookDelta]]:
        """Snapshots and deltas by availability; the rows of a snapshot are one body."""
        name = self._name
        for (ts, sequence, is_snapshot), rows in groupby(self._rows(start, stop), key=lambda row: row[:3]):
            if not is_snapshot:
                for _, _, _, event, side, price, quantity in rows:
                    yield ts, BookDelta(name, event, _SIDES[side], price, quantity, sequence)
                continue
            bids: list[tuple[float, float]] = []
            asks: list[tuple[float, float]] = []
            made = 0
            for _, _, _, event, side, price, quantity in rows:
                made = event
                if side:
                    (bids if side > 0 else asks).append((price, quantity))
            yield ts, BookSnapshot(name, made, tuple(bids), tuple(asks), sequence)

    def _rows(self, start: int, stop: int) -> Iterator[tuple[int, int, bool, int, int, float, float]]:
        names = ("ts", "sequence", "snapshot", "ts_event", "side", "price", "quantity")
        for columns in self._columns(start, stop, *names):
            yield from zip(*columns, strict=True)


class CatalogFunding(CatalogFeed):
    """Funding rates of one instrument, known when they are charged."""

    kind = "funding"

    def __init__(self, catalog: str, instrument: str) -> None:
        super().__init__(catalog, instrument)

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, FundingRate]]:
        """Rates by availability."""
        for columns in self._columns(start, stop, "ts", "ts_event", "rate"):
            for ts, ts_event, rate in zip(*columns, strict=True):
                yield ts, FundingRate(self._name, ts_event, rate)

    def blocks(self, start: int, stop: int) -> Iterator[Rows]:
        """The same rates in columns."""
        return self._as_rows(FundingRate, start, stop)


class CatalogInstruments(CatalogFeed):
    """Definitions of a venue's instruments, each told when it came into force: the historical universe."""

    kind = "instruments"

    def __init__(self, catalog: str, venue: str) -> None:
        super().__init__(catalog, venue)

    def instruments(self) -> Iterable[Instrument]:
        """None: what may be traded in a run is what its market data is of."""
        return []

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Instrument]]:
        """Definitions by the time from which they hold; those in force at `start` come then."""
        from helios_engine.catalog.definitions import definitions, in_force

        known = list(definitions(self._dataset, stop))
        for definition in in_force(known, start).values():
            yield start, definition
        for definition in known:
            if definition.valid_from > start:
                yield definition.valid_from, definition


class CatalogBodies(CatalogFeed):
    """Bodies of a plugin, as `bodies.write_bodies` stored them; `body` is their tag, such as `news.Sentiment/1`."""

    kind = "bodies"

    def __init__(self, catalog: str, name: str, body: str) -> None:
        super().__init__(catalog, name, folder_of(body))
        self._tag = body
        self._codec = Codec()

    def instruments(self) -> Iterable[Instrument]:
        """None: a plugin's bodies define nothing."""
        return []

    def bodies(self, codec: Codec) -> tuple[type[Body], ...]:
        """The kind of body that this feed yields; BuildError if no installed plugin knows it."""
        found = tuple(kind for kind in codec.kinds() if codec.tag(kind) == self._tag)
        if not found:
            raise BuildError(f"{self._dataset.name} holds {self._tag}, which no installed plugin offers; install it")
        self._codec = codec
        return found

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Body]]:
        """Bodies by availability."""
        for columns in self._columns(start, stop, "ts", "body"):
            for ts, raw in zip(*columns, strict=True):
                yield ts, self._codec.decode(self._tag, raw)
