"""Rows that REST bodies and stream messages share. Unknown fields are allowed: VALR adds some without notice."""

from __future__ import annotations

import msgspec

from helios_valr.fields import Amount, Count, Id, Pair, Positive, Sequence, Side, Signed
from helios_valr.moments import Moment


class Row(msgspec.Struct, frozen=True, rename="camel"):
    """A JSON object whose names are ours in camelCase."""


class TradeRow(Row, frozen=True):
    """One public trade. `sequence_id` and `quote_volume` come by REST only."""

    price: Positive
    quantity: Positive
    currency_pair: Pair
    traded_at: Moment
    taker_side: Side
    id: Id
    sequence_id: Sequence | None = None
    quote_volume: Amount | None = None


class BucketRow(Row, frozen=True):
    """Prices and volumes of `[start_time, start_time + bucket_period_in_seconds)`; an empty one has volume 0."""

    currency_pair_symbol: Pair
    bucket_period_in_seconds: Count
    start_time: Moment
    open: Positive
    high: Positive
    low: Positive
    close: Positive
    volume: Amount
    quote_volume: Amount | None = None


class SummaryRow(Row, frozen=True, kw_only=True):
    """The last day of a pair. REST names it `currencyPair`, the stream `currencyPairSymbol`: one of them is there.

    A side without an order has the price 0, or none at all.
    """

    currency_pair: Pair | None = None
    currency_pair_symbol: Pair | None = None
    ask_price: Amount | None = None
    bid_price: Amount | None = None
    last_traded_price: Amount
    previous_close_price: Amount | None = None
    base_volume: Amount
    quote_volume: Amount | None = None
    high_price: Amount
    low_price: Amount
    created: Moment
    change_from_previous: Signed | None = None
    mark_price: Amount | None = None

    def __post_init__(self) -> None:
        if (self.currency_pair or self.currency_pair_symbol) is None:
            raise ValueError("expected currencyPair or currencyPairSymbol")

    @property
    def pair(self) -> str:
        """The pair, by whichever name it came."""
        return self.currency_pair or self.currency_pair_symbol or ""


class LevelRow(Row, frozen=True):
    """A price of an aggregated book: the quantity of all its orders."""

    side: Side
    quantity: Positive
    price: Positive
    currency_pair: Pair
    order_count: Count = 0


class BookRow(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides of an aggregated book, named `Asks` and `Bids` or `asks` and `bids`; asks rise, bids fall."""

    upper_asks: tuple[LevelRow, ...] | None = msgspec.field(name="Asks", default=None)
    upper_bids: tuple[LevelRow, ...] | None = msgspec.field(name="Bids", default=None)
    lower_asks: tuple[LevelRow, ...] | None = msgspec.field(name="asks", default=None)
    lower_bids: tuple[LevelRow, ...] | None = msgspec.field(name="bids", default=None)
    last_change: Moment = msgspec.field(name="LastChange")
    sequence: Sequence = msgspec.field(name="SequenceNumber")

    def __post_init__(self) -> None:
        for upper, lower, side in (
            (self.upper_asks, self.lower_asks, "sell"),
            (self.upper_bids, self.lower_bids, "buy"),
        ):
            if (upper is None) == (lower is None):
                raise ValueError("expected each side once, as Asks or asks and Bids or bids")
            if any(level.side.lower() != side for level in upper or lower or ()):
                raise ValueError(f"expected levels of side {side} only")

    @property
    def asks(self) -> tuple[LevelRow, ...]:
        """Offers, best first."""
        return self.upper_asks or self.lower_asks or ()

    @property
    def bids(self) -> tuple[LevelRow, ...]:
        """Bids, best first."""
        return self.upper_bids or self.lower_bids or ()
