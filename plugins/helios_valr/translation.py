"""VALR's rows in the engine's words. WireError where a row contradicts itself, or a float could not give it back.

Times are VALR's (`ts_event`); where a message has none, the time it was received stands in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from helios_engine.bodies import Bar, FundingRate, MarkPrice, Ticker, Trade, VenueStatus
from helios_engine.timeframe import DAY, UNITS, duration_text
from helios_valr.answers import FundingRow, MarkBucketRow, Status
from helios_valr.errors import WireError
from helios_valr.fields import decimal, exact, nearest
from helios_valr.frames import MarkPriceUpdate
from helios_valr.rows import BucketRow, SummaryRow, TradeRow

VENUE = "VALR"
T = TypeVar("T")


def instrument_of(pair: str) -> str:
    """`BTCZAR.VALR`"""
    return f"{pair}.{VENUE}"


def trade(row: TradeRow) -> Trade:
    """A trade; its side is the taker's."""
    return _checked(
        f"trade {row.id} of {row.currency_pair}",
        lambda: Trade(
            instrument=instrument_of(row.currency_pair),
            ts_event=int(row.traded_at),
            price=exact(row.price),
            quantity=exact(row.quantity),
            side=row.taker_side.upper(),
            trade_id=row.id,
        ),
    )


def bar(row: BucketRow, now: int) -> Bar | None:
    """A bar, or None while the bucket is not over at `now` (ns UTC): its prices would still change."""
    opened, closed = _span(row)
    if closed > now:
        return None
    return _checked(
        f"bucket of {row.currency_pair_symbol} at {opened}",
        lambda: Bar(
            instrument=instrument_of(row.currency_pair_symbol),
            timeframe=duration_text(closed - opened),
            ts_open=opened,
            ts_close=closed,
            open=exact(row.open),
            high=exact(row.high),
            low=exact(row.low),
            close=exact(row.close),
            volume=nearest(row.volume),
        ),
    )


def closing_mark(row: MarkBucketRow, now: int) -> MarkPrice | None:
    """The mark price at the end of a bucket, or None while it is not over at `now` (ns UTC)."""
    _, closed = _span(row)
    if closed > now:
        return None
    where = f"mark price of {row.currency_pair_symbol} at {closed}"
    return _checked(where, lambda: MarkPrice(instrument_of(row.currency_pair_symbol), closed, exact(row.close)))


def mark(message: MarkPriceUpdate, received: int) -> MarkPrice:
    """A mark price at the time it was received, for VALR sends none."""
    where = f"mark price of {message.pair}"
    return _checked(where, lambda: MarkPrice(instrument_of(message.pair), received, exact(message.data.price)))


def ticker(row: SummaryRow) -> Ticker | None:
    """The day in short, or None where no trade or no order on one side is known: 0 is no price."""
    last, bid, ask = (nearest(text or "0") for text in (row.last_traded_price, row.bid_price, row.ask_price))
    if not last or not bid or not ask:
        return None
    return Ticker(instrument_of(row.pair), int(row.created), last, bid, ask, nearest(row.base_volume))


def funding(row: FundingRow) -> FundingRate:
    """The funding of an hour. The rate is a fraction.

    VALR rounds rates under 0.0001 % to 0 and quotes such as -0.000001, which therefore is no percentage.
    """
    return FundingRate(instrument_of(row.currency_pair), int(row.funding_time), nearest(row.funding_rate))


def status(row: Status, received: int) -> VenueStatus:
    """What VALR says of itself: `online`, or `read-only`, when only reading works."""
    return VenueStatus(VENUE, received, row.status)


def _span(row: BucketRow | MarkBucketRow) -> tuple[int, int]:
    """Open and close of a bucket that divides a day, lies on its grid, and whose prices lie within high and low."""
    length, opened = row.bucket_period_in_seconds * UNITS["s"], int(row.start_time)
    what = f"bucket of {row.currency_pair_symbol} at {opened}"
    if not 0 < length <= DAY or DAY % length or opened % length:
        raise WireError(f"{what}: {row.bucket_period_in_seconds} s; expected a part of a day, begun on its grid")
    low, high = decimal(row.low), decimal(row.high)
    if not (low <= decimal(row.open) <= high and low <= decimal(row.close) <= high):
        raise WireError(f"{what}: open {row.open} or close {row.close} outside low {row.low} and high {row.high}")
    return opened, opened + length


def _checked(what: str, make: Callable[[], T]) -> T:
    try:
        return make()
    except ValueError as error:
        raise WireError(f"{what}: {error}") from None
