"""Bodies of VALR's public REST, typed; times, sizes and 64-bit ids are checked as they are read."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import msgspec

from helios_valr.errors import WireError
from helios_valr.fields import Amount, Count, Id, Pair, Places, Positive, Sequence, Side, Signed, Text, Word, hook
from helios_valr.moments import Moment, Second
from helios_valr.rows import BookRow, BucketRow, Row, SummaryRow, TradeRow

LARGEST = 32 * 2**20
"""Bytes of a body; all pairs have about 0.2 MB."""


class Time(Row, frozen=True):
    """The exchange's clock: to the second, and with a fraction."""

    epoch_time: Second
    time: Moment


class Status(Row, frozen=True):
    """`online`, `read-only`, or what VALR may say one day."""

    status: Word


class Currency(Row, frozen=True):
    """A currency. Only `short_name` names it: the rand's `symbol` is R."""

    symbol: Word
    is_active: bool
    short_name: Word
    long_name: Text
    decimal_places: Places
    withdrawal_decimal_places: Places | None = None


class PairRow(Row, frozen=True, kw_only=True):
    """What may be traded and in which steps; the margins are those of perpetuals and of margin trading."""

    symbol: Pair
    base_currency: Word
    quote_currency: Word
    short_name: Text
    active: bool
    min_base_amount: Amount
    max_base_amount: Amount
    min_quote_amount: Amount
    max_quote_amount: Amount
    tick_size: Positive
    base_decimal_places: Places
    margin_trading_allowed: bool = False
    currency_pair_type: Literal["SPOT", "FUTURE"]
    initial_margin_fraction: Amount | None = None
    maintenance_margin_fraction: Amount | None = None
    auto_close_margin_fraction: Amount | None = None


class OrderTypesRow(Row, frozen=True):
    """Which kinds of orders a pair takes."""

    currency_pair: Pair
    order_types: tuple[Word, ...]


class OrderRow(Row, frozen=True):
    """One order of the full book, and its place in the queue of its price."""

    side: Side
    quantity: Positive
    price: Positive
    currency_pair: Pair
    id: Id
    position_at_price: Count


class FullBookBody(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides of the full book, order by order; casing as VALR likes."""

    upper_asks: tuple[OrderRow, ...] | None = msgspec.field(name="Asks", default=None)
    upper_bids: tuple[OrderRow, ...] | None = msgspec.field(name="Bids", default=None)
    lower_asks: tuple[OrderRow, ...] | None = msgspec.field(name="asks", default=None)
    lower_bids: tuple[OrderRow, ...] | None = msgspec.field(name="bids", default=None)
    last_change: Moment = msgspec.field(name="LastChange")
    sequence: Sequence = msgspec.field(name="SequenceNumber")

    def __post_init__(self) -> None:
        if (self.upper_asks is None) == (self.lower_asks is None) or (self.upper_bids is None) == (
            self.lower_bids is None
        ):
            raise ValueError("expected each side once, as Asks or asks and Bids or bids")

    @property
    def asks(self) -> tuple[OrderRow, ...]:
        """Offers, as sent."""
        return self.upper_asks or self.lower_asks or ()

    @property
    def bids(self) -> tuple[OrderRow, ...]:
        """Bids, as sent."""
        return self.upper_bids or self.lower_bids or ()


class MarkBucketRow(Row, frozen=True):
    """Mark prices of a period; nothing is traded at them, so there is no volume."""

    currency_pair_symbol: Pair
    bucket_period_in_seconds: Count
    start_time: Moment
    open: Positive
    high: Positive
    low: Positive
    close: Positive


class FuturesRow(Row, frozen=True):
    """What is expected of the next funding of a perpetual; times in milliseconds on the wire."""

    currency_pair: Pair
    estimated_funding_rate: Signed
    open_interest: Amount
    next_funding_run: Moment
    next_pnl_run: Moment


class FundingRow(Row, frozen=True):
    """A funding that was paid: the rate of the hour, as a fraction."""

    currency_pair: Pair
    funding_rate: Signed
    funding_time: Moment


class Refusal(msgspec.Struct, frozen=True):
    """Why VALR said no."""

    code: int
    message: Text = ""


A = TypeVar("A")

BODIES: dict[str, Any] = {
    "time": Time,
    "status": Status,
    "currencies": tuple[Currency, ...],
    "pairs": tuple[PairRow, ...],
    "ordertypes": tuple[OrderTypesRow, ...],
    "marketsummary": tuple[SummaryRow, ...],
    "marketsummary_pair": SummaryRow,
    "orderbook": BookRow,
    "orderbook_full": FullBookBody,
    "trades": tuple[TradeRow, ...],
    "buckets": tuple[BucketRow, ...],
    "markprice_buckets": tuple[MarkBucketRow, ...],
    "futures_info": tuple[FuturesRow, ...],
    "funding_history": tuple[FundingRow, ...],
    "error": Refusal,
}
"""Every public body by the name of its endpoint."""

_DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind, dec_hook=hook) for kind in BODIES.values()
}


def read(body: bytes, kind: type[A], where: str) -> A:
    """The body as `kind`, one of BODIES; WireError names `where` and the field. An empty body or HTML is none."""
    if len(body) > LARGEST:
        raise WireError(f"{where}: a body of {len(body)} bytes; expected at most {LARGEST}")
    try:
        found: A = _DECODERS[kind].decode(body)
    except (ValueError, RecursionError) as error:
        raise WireError(f"{where}: {error}; found {body[:80]!r}") from None
    return found
