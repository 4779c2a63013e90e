"""What VALR lists: currencies, kinds of orders, and what perpetuals are expected to pay and have paid."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from random import Random
from typing import Any

from helios_valr.simulator.market import LOT, Market
from helios_valr.simulator.speech import iso

HOUR = 3_600 * 10**9
FUNDING, PNL = HOUR, 4 * HOUR
"""How often perpetuals pay funding and settle their profits, ns; at the full hours of UTC."""
PAID = 720
"""How many fundings are remembered: those of thirty days."""
NAMES = {"BTC": "Bitcoin", "ETH": "Ethereum", "SOL": "Solana", "XRP": "XRP", "ZAR": "Rand", "USDT": "Tether USD"}
ORDER_TYPES = ("LIMIT_POST_ONLY", "LIMIT", "MARKET", "SIMPLE", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")


def currencies(markets: Iterable[Market]) -> list[dict[str, Any]]:
    """Every currency of the pairs. The rand's symbol is R, as VALR has it."""
    names = dict.fromkeys(name for market in markets for name in (market.base, market.quote))
    return [
        {
            "symbol": "R" if name == "ZAR" else name,
            "isActive": True,
            "shortName": name,
            "longName": NAMES.get(name, name),
            "decimalPlaces": "2" if name == "ZAR" else "8",
            "withdrawalDecimalPlaces": "2" if name == "ZAR" else "8",
        }
        for name in names
    ]


def order_types(markets: Iterable[Market]) -> list[dict[str, Any]]:
    """The same kinds for every pair."""
    return [{"currencyPair": market.pair, "orderTypes": ORDER_TYPES} for market in markets]


def futures(markets: Iterable[Market], seed: int, now: int) -> list[dict[str, Any]]:
    """Each perpetual's next funding; its open interest is what rests in its book, for nobody holds anything here."""
    return [
        {
            "currencyPair": market.pair,
            "estimatedFundingRate": _rate(market, seed, _next(now, FUNDING)),
            "openInterest": market.quantity(sum(lots for _, side in market.book.sides.items() for level in side.values()
                                                for lots in level.values())),
            "nextFundingRun": _next(now, FUNDING) // 10**6,
            "nextPnlRun": _next(now, PNL) // 10**6,
        }
        for market in markets
        if market.is_perpetual
    ]  # fmt: skip


def funding(market: Market, seed: int, now: int) -> list[dict[str, Any]]:
    """What was paid at the full hours up to `now` (ns UTC), newest first."""
    last = now - now % FUNDING
    return [
        {
            "currencyPair": market.pair,
            "fundingRate": _rate(market, seed, at),
            "fundingTime": iso(at).replace(".000Z", "Z"),
        }
        for at in range(last, last - PAID * FUNDING, -FUNDING)
    ]


def _rate(market: Market, seed: int, at: int) -> str:
    """A made-up rate of an hour; one below a millionth is 0, as VALR's rule says."""
    drawn = Decimal(Random(f"{seed} {market.pair} {at}").randint(-3_000, 3_000)) * LOT
    return f"{drawn.normalize():f}" if abs(drawn) >= Decimal("0.000001") else "0"


def _next(now: int, every: int) -> int:
    return now - now % every + every
