"""From what is wanted to what VALR is asked for: events of the stream with their pairs, and what only REST has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from helios_engine.bodies import (
    Bar,
    BookDelta,
    BookSnapshot,
    DataIssue,
    Health,
    Instrument,
    MarkPrice,
    Quote,
    Ticker,
    Trade,
    VenueStatus,
)
from helios_engine.errors import ConfigError
from helios_engine.recorder.connection import Wanted
from helios_valr.translation import VENUE

BOOKS = ("OB_L1_DIFF", "FULL_ORDERBOOK_UPDATE", "AGGREGATED_ORDERBOOK_UPDATE")
"""Events that bring a book; of one connection, one of them."""
_ALWAYS = (Instrument, VenueStatus, Health, DataIssue)
_NAME = re.compile(rf"(?P<pair>[A-Z0-9]{{2,32}})\.{VENUE}")


class Subscriptions(msgspec.Struct, frozen=True):
    """Pairs by event of the stream, pairs whose bars and whose trades are wanted, and every pair."""

    book: str
    events: dict[str, tuple[str, ...]]
    bars: tuple[str, ...]
    trades: tuple[str, ...]
    pairs: tuple[str, ...]

    @property
    def books(self) -> tuple[str, ...]:
        """The pairs whose books are wanted."""
        return self.events.get(self.book, ())

    @property
    def watched(self) -> tuple[tuple[str, str], ...]:
        """Events and pairs that are never silent for long. Trades and summaries may be."""
        names = (self.book, "MARK_PRICE_UPDATE")
        return tuple((name, pair) for name in names for pair in self.events.get(name, ()))

    @property
    def checked(self) -> tuple[str, ...]:
        """Pairs whose bars nobody wants but whose trades are held against them."""
        return tuple(pair for pair in self.trades if pair not in self.bars)

    def frame(self, only: str = "") -> bytes:
        """A SUBSCRIBE of all events, or of one. Always with every pair: it replaces the one before it."""
        rows = [{"event": name, "pairs": pairs} for name, pairs in self.events.items() if not only or name == only]
        return msgspec.json.encode({"type": "SUBSCRIBE", "subscriptions": rows})


def subscriptions(wanted: Sequence[Wanted], book: str = BOOKS[0]) -> Subscriptions:
    """What to ask VALR for; ConfigError for what it does not give, or no instrument of VALR."""
    if book not in BOOKS:
        raise ConfigError(f"connection 'valr': books {book!r}; expected one of {', '.join(BOOKS)}")
    found: dict[str, set[str]] = {}
    bars, every = set[str](), set[str]()
    for one in wanted:
        pair = pair_of(one.instrument)
        every.add(pair)
        if one.kind is Bar:
            if one.timeframe not in ("", "1m"):
                raise ConfigError(
                    f"connection 'valr': bars of {one.timeframe} of {one.instrument}; live there are bars of 1m, and "
                    "stages of aggregation make longer ones of them"
                )
            bars.add(pair)
        elif one.kind not in _ALWAYS:
            found.setdefault(_event(one, book), set()).add(pair)
    if not every:
        raise ConfigError(
            "connection 'valr': nothing is wanted of it; name at least one instrument, such as BTCZAR.VALR"
        )
    events = {name: tuple(sorted(pairs)) for name, pairs in sorted(found.items())}
    return Subscriptions(book, events, tuple(sorted(bars)), events.get("NEW_TRADE", ()), tuple(sorted(every)))


def pair_of(instrument: str) -> str:
    """BTCZAR of BTCZAR.VALR; ConfigError for any other form."""
    match = _NAME.fullmatch(instrument)
    if match is None:
        raise ConfigError(f"connection 'valr': instrument {instrument!r}; expected a pair of VALR, such as BTCZAR.VALR")
    return match["pair"]


def _event(one: Wanted, book: str) -> str:
    by_kind: dict[Any, str] = {
        Quote: book,
        BookSnapshot: book,
        BookDelta: book,
        Trade: "NEW_TRADE",
        Ticker: "MARKET_SUMMARY_UPDATE",
        MarkPrice: "MARK_PRICE_UPDATE",
    }
    if one.kind not in by_kind:
        known = ", ".join(kind.__name__ for kind in (Bar, *by_kind, *_ALWAYS))
        raise ConfigError(f"connection 'valr' has no live {one.kind.__name__} of {one.instrument}; it has {known}")
    return by_kind[one.kind]
