"""Orders, their answers, and what they leave in the account. Money and quantities are Decimal."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from helios_engine.events import Body

Side = Literal["BUY", "SELL"]
OrderType = Literal["MARKET", "LIMIT", "STOP", "STOP_LIMIT", "TRAILING_STOP"]


class OrderIntent(Body, frozen=True):
    """The order we want. `id` is ours, unique in a run.

    `price` is for LIMIT and STOP_LIMIT orders, `trigger` is where a STOP, STOP_LIMIT or TRAILING_STOP order wakes
    up, and `offset` how far behind the best price (in price) a TRAILING_STOP follows; it may begin without a
    trigger. `expires` (ns UTC) is for GTD.
    """

    id: str
    instrument: str
    side: Side
    quantity: Decimal
    type: OrderType = "MARKET"
    price: Decimal | None = None
    time_in_force: Literal["GTC", "IOC", "FOK", "GTD"] = "GTC"
    post_only: bool = False
    reduce_only: bool = False
    trigger: Decimal | None = None
    offset: Decimal | None = None
    expires: int = 0


class CancelIntent(Body, frozen=True):
    """Take the order `id` back."""

    id: str
    instrument: str


class ModifyIntent(Body, frozen=True):
    """Change quantity, price or trigger of the resting order `id`; `None` leaves it."""

    id: str
    instrument: str
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger: Decimal | None = None


class OrderAccepted(Body, frozen=True):
    """The venue has the order."""

    id: str
    instrument: str


class OrderModified(Body, frozen=True):
    """A resting order is changed, at our wish or because a trailing stop followed the market: its terms from now on."""

    id: str
    instrument: str
    quantity: Decimal
    price: Decimal | None = None
    trigger: Decimal | None = None


class OrderTriggered(Body, frozen=True):
    """A stop-limit order has woken up and rests as a limit order now."""

    id: str
    instrument: str


class OrderCanceled(Body, frozen=True):
    """The order is gone from the venue, by our wish, by its time in force, or by the venue's."""

    id: str
    instrument: str
    reason: str


class Fill(Body, frozen=True):
    """A part of the order `id` was done; `fee` is positive when paid, negative when received."""

    id: str
    fill_id: str
    instrument: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    liquidity: Literal["MAKER", "TAKER"]


class Reject(Body, frozen=True):
    """Somebody said no to an intent: `by` is gate or venue, with the reason."""

    id: str
    instrument: str
    by: Literal["gate", "venue"]
    reason: str


class OrderUnknown(Body, frozen=True):
    """Nobody knows what became of the order; it is not rejected, and no new risk is taken."""

    id: str
    instrument: str
    reason: str


class Position(Body, frozen=True):
    """What we hold after a fill: quantity (negative is short) at its average price."""

    instrument: str
    quantity: Decimal
    average_price: Decimal
    realised: Decimal


class FundingPayment(Body, frozen=True):
    """What a position in a perpetual paid (negative) or received (positive) at a funding time."""

    instrument: str
    amount: Decimal
    currency: str
    rate: Decimal


class Account(Body, frozen=True):
    """The account in the report currency, marked at the last price of every position."""

    currency: str
    cash: Decimal
    equity: Decimal
    exposure: Decimal
