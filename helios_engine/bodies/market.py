"""Market data: what the venue says about prices.

Prices and quantities are floats, each the float nearest to the decimal the venue printed, so
`round(x * 10**scale)` gives back the exact integer that the catalog stores (below 2**53).
Sums are made over those integers: exact, and the same for every chunking.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from helios_engine.events import Body


class Instrument(Body, frozen=True):
    """What may be traded, from `valid_from` (ns UTC) on: tick, lot, minimums, fees as fractions.

    `listed` and `delisted` (ns UTC) bound its life at the venue; 0 means not known, or not yet. A perpetual is a
    linear contract on the base: positions may be short, cost margin (fractions of the notional) and pay funding.
    """

    instrument: str
    base: str
    quote: str
    price_scale: int
    size_scale: int
    tick: Decimal
    lot: Decimal
    min_quantity: Decimal = Decimal(0)
    min_notional: Decimal = Decimal(0)
    maker_fee: Decimal = Decimal(0)
    taker_fee: Decimal = Decimal(0)
    valid_from: int = 0
    listed: int = 0
    delisted: int = 0
    contract: Literal["spot", "perpetual"] = "spot"
    margin_init: Decimal = Decimal(0)
    margin_maint: Decimal = Decimal(0)


class Trade(Body, frozen=True):
    """One public trade; `side` is the taker's, BUY or SELL, or empty where the venue is silent."""

    instrument: str
    ts_event: int
    price: float
    quantity: float
    side: str
    trade_id: str


class Quote(Body, frozen=True):
    """The best bid and ask with their sizes."""

    instrument: str
    ts_event: int
    bid: float
    ask: float
    bid_quantity: float
    ask_quantity: float


class BookSnapshot(Body, frozen=True):
    """A whole order book: `(price, quantity)` levels, best first."""

    instrument: str
    ts_event: int
    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]
    sequence: int


class BookDelta(Body, frozen=True):
    """One changed level; quantity 0 removes it. `side` is BUY (bid) or SELL (ask)."""

    instrument: str
    ts_event: int
    side: str
    price: float
    quantity: float
    sequence: int


class Bar(Body, frozen=True):
    """Open, high, low, close and base volume of `[ts_open, ts_close)`."""

    instrument: str
    timeframe: str
    ts_open: int
    ts_close: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class Print(Body, frozen=True):
    """One step of a bar's stated path, for the venue alone; no stage ever sees one.

    `phase` is `open`, `extreme` or `close`. With bars only, it is all the venue has to match on.
    """

    instrument: str
    ts_event: int
    price: float
    quantity: float
    phase: str


class Ticker(Body, frozen=True):
    """A venue's summary of the last day."""

    instrument: str
    ts_event: int
    last: float
    bid: float
    ask: float
    volume: float


class MarkPrice(Body, frozen=True):
    """The price a venue marks derivatives with."""

    instrument: str
    ts_event: int
    price: float


class FundingRate(Body, frozen=True):
    """The rate paid by longs to shorts at `ts_event`, as a fraction of the notional."""

    instrument: str
    ts_event: int
    rate: float


class VenueStatus(Body, frozen=True):
    """What a venue says of itself: online, read-only, maintenance."""

    venue: str
    ts_event: int
    status: str
