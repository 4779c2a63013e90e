"""Every public message of VALR's streams, typed; one frame in, one message out.

`read` is strict: a frame of a known type either is wholly what VALR says it sends or is refused. A type that is
not known here (a new one, or one of an account) comes back as `Other`, with the frame as it was.
"""

from __future__ import annotations

from typing import Any

import msgspec

from helios_valr.errors import WireError
from helios_valr.fields import Amount, Crc, Id, Pair, Positive, Sequence, Text, Word, hook
from helios_valr.moments import Moment
from helios_valr.rows import BookRow, BucketRow, Row, SummaryRow, TradeRow

LARGEST = 16 * 2**20
"""Bytes of a frame; the largest ever seen, a whole L3 book, has 0.4 MB."""
DEPTHS = (1, 5, 10, 20, 40, 60, 80)
"""Levels that a depth snapshot can have."""


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


_NOTES = (
    "AUTHENTICATED", "ERROR", "PONG", "RATE_LIMIT_EXCEEDED", "SUBSCRIBED", "UNSUBSCRIBED", "UNSUPPORTED",
)  # fmt: skip
KINDS: dict[str, type[Message]] = {
    "AGGREGATED_ORDERBOOK_UPDATE": AggregatedBook,
    "ALLOWED_ORDER_TYPES_UPDATED": AllowedOrderTypes,
    "FULL_ORDERBOOK_SNAPSHOT": FullBook,
    "FULL_ORDERBOOK_UPDATE": FullBook,
    "FUNDING_RUN_COMPLETED": Settled,
    "MARKET_SUMMARY_UPDATE": Summary,
    "MARK_PRICE_UPDATE": MarkPriceUpdate,
    "NEW_TRADE": NewTrade,
    "NEW_TRADE_BUCKET": NewBucket,
    "OB_L1_DIFF": L1Book,
    "OB_L1_SNAPSHOT": L1Book,
    "PNL_RUN_COMPLETED": Settled,
    **{f"OB_L1_D{depth}_SNAPSHOT": DepthBook for depth in DEPTHS},
    **dict.fromkeys(_NOTES, Note),
}
"""Every type of message that is known, and what it is read into."""


class _Head(msgspec.Struct, frozen=True):
    type: Word


_HEAD = msgspec.json.Decoder(_Head)
_DECODERS = {name: msgspec.json.Decoder(kind, dec_hook=hook) for name, kind in KINDS.items()}


def read(frame: bytes | str) -> Message:
    """The message of a frame; WireError says which field is wrong."""
    raw = frame.encode("utf-8", "surrogatepass") if isinstance(frame, str) else bytes(frame)
    if len(raw) > LARGEST:
        raise WireError(f"a frame of {len(raw)} bytes; expected at most {LARGEST}")
    head = _decoded(_HEAD, raw, "a frame")
    decoder = _DECODERS.get(head.type)
    return Other(head.type, raw) if decoder is None else _decoded(decoder, raw, head.type)


def _decoded(decoder: msgspec.json.Decoder[Any], raw: bytes, what: str) -> Any:
    try:
        return decoder.decode(raw)
    except (ValueError, RecursionError) as error:
        raise WireError(f"{what}: {error}; found {raw[:80]!r}") from None


def _same(told: str, found: str) -> None:
    if told != found:
        raise ValueError(f"a message on {told} holds data of {found}")
