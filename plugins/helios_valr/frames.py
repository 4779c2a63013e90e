"""The shapes of VALR's public stream messages. What is inconsistent in itself is refused as it is decoded."""

from __future__ import annotations

import msgspec

from helios_valr.fields import Amount, Crc, Id, Pair, Positive, Sequence, Text
from helios_valr.moments import Moment
from helios_valr.rows import BookRow, BucketRow, Row, SummaryRow, TradeRow


class Message(msgspec.Struct, frozen=True):
    """A frame of a known type."""

    type: str


class Other(Message, frozen=True):
    """A frame of a type that is not known here, as it came."""

    raw: bytes


class Note(Message, frozen=True):
    """A frame that says all with its type and some words: `PONG`, `SUBSCRIBED`, `ERROR`, `AUTHENTICATED` …"""

    message: Text = ""


class OfPair(Message, frozen=True, rename="camel", kw_only=True):
    """A message on one pair."""

    currency_pair_symbol: Pair

    @property
    def pair(self) -> str:
        """The pair, `BTCZAR`."""
        return self.currency_pair_symbol


class NewTrade(OfPair, frozen=True, rename="camel", kw_only=True):
    """A trade was made."""

    data: TradeRow

    def __post_init__(self) -> None:
        _same(self.currency_pair_symbol, self.data.currency_pair)


class NewBucket(OfPair, frozen=True, rename="camel", kw_only=True):
    """Prices of a period; it may not be over yet."""

    data: BucketRow

    def __post_init__(self) -> None:
        _same(self.currency_pair_symbol, self.data.currency_pair_symbol)


class Summary(OfPair, frozen=True, rename="camel", kw_only=True):
    """The last day in short."""

    data: SummaryRow

    def __post_init__(self) -> None:
        _same(self.currency_pair_symbol, self.data.pair)


class MarkPriceRow(Row, frozen=True):
    """A price without a time: it holds when it is heard."""

    price: Positive


class MarkPriceUpdate(OfPair, frozen=True, rename="camel", kw_only=True):
    """The price positions are marked with, every 3 s, whether it moved or not."""

    data: MarkPriceRow


class AggregatedBook(OfPair, frozen=True, rename="camel", kw_only=True):
    """The best 40 levels, whole."""

    data: BookRow

    def __post_init__(self) -> None:
        for level in self.data.asks + self.data.bids:
            _same(self.currency_pair_symbol, level.currency_pair)


class OrderEntry(Row, frozen=True):
    """One order of a level; quantity 0 removes it."""

    order_id: Id
    quantity: Amount


class OrderLevel(msgspec.Struct, frozen=True, rename="pascal"):
    """The orders at a price, in their queue's order."""

    price: Positive
    orders: tuple[OrderEntry, ...]


class FullBookRow(msgspec.Struct, frozen=True, rename="pascal", kw_only=True):
    """Orders by level; whole in a snapshot, the changed ones in an update."""

    last_change: Moment
    asks: tuple[OrderLevel, ...]
    bids: tuple[OrderLevel, ...]
    sequence_number: Sequence
    checksum: Crc


class FullBook(OfPair, frozen=True, rename="camel", kw_only=True):
    """An L3 snapshot or update, by `type`."""

    data: FullBookRow


class L1Row(msgspec.Struct, frozen=True, kw_only=True):
    """Levels `(price, quantity)`; `lc` is the time of the last change, `sq` and `cs` sequence and checksum."""

    lc: Moment
    a: tuple[tuple[Positive, Amount], ...]
    b: tuple[tuple[Positive, Amount], ...]
    sq: Sequence
    cs: Crc


class L1Book(Message, frozen=True, kw_only=True):
    """A snapshot or a diff of the levels, by `type`."""

    ps: Pair
    d: L1Row

    @property
    def pair(self) -> str:
        """The pair, `BTCZAR`."""
        return self.ps


class DepthRow(msgspec.Struct, frozen=True, kw_only=True):
    """The best levels `(price, quantity)`, whole; nothing says which came first but `lc`."""

    lc: Moment
    a: tuple[tuple[Positive, Positive], ...]
    b: tuple[tuple[Positive, Positive], ...]


class DepthBook(Message, frozen=True, kw_only=True):
    """The best levels of a side, as many as the type says."""

    ps: Pair
    d: DepthRow

    @property
    def pair(self) -> str:
        """The pair, `BTCZAR`."""
        return self.ps


class AllowedOrderTypes(OfPair, frozen=True, rename="camel", kw_only=True):
    """Which kinds of orders a pair takes now."""

    data: msgspec.Raw = msgspec.Raw(b"null")  # its shape is documented nowhere


class Settled(Message, frozen=True):
    """`FUNDING_RUN_COMPLETED` or `PNL_RUN_COMPLETED`; they carry nothing."""


def _same(told: str, found: str) -> None:
    if told != found:
        raise ValueError(f"a message on {told} holds data of {found}")
