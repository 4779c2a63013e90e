"""What VALR makes of trades: buckets and the summary of a day."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from helios_valr.simulator.book import BUY, SELL
from helios_valr.simulator.market import LOT, Market, Traded
from helios_valr.simulator.speech import iso

SECOND = 10**9
DAY = 86_400 * SECOND


def bucket(market: Market, trades: list[Traded], start: int, seconds: int) -> dict[str, Any]:
    """The bucket that begins at `start` (ns UTC) of trades in order of time, at least one."""
    prices = [done.fill.price for done in trades]
    lots, worth = _volumes(market, trades)
    return {
        "currencyPairSymbol": market.pair,
        "bucketPeriodInSeconds": seconds,
        "startTime": iso(start).replace(".000Z", "Z"),
        "open": market.price(prices[0]),
        "high": market.price(max(prices)),
        "low": market.price(min(prices)),
        "close": market.price(prices[-1]),
        "volume": market.quantity(lots),
        "quoteVolume": worth,
    }


def buckets(market: Market, first: int, last: int, seconds: int) -> list[dict[str, Any]]:
    """The buckets with trades that begin in [first, last] (ns UTC), newest first."""
    groups: dict[int, list[Traded]] = {}
    for done in market.trades:
        start = done.at - done.at % (seconds * SECOND)
        if first <= start <= last:
            groups.setdefault(start, []).append(done)
    return [bucket(market, groups[start], start, seconds) for start in sorted(groups, reverse=True)]


def summary(market: Market, now: int, name: str) -> dict[str, Any]:
    """The last day of a market; `name` is the field of its pair, which REST and the stream call differently."""
    trades = [done for done in market.trades if done.at > now - DAY]
    prices = [done.fill.price for done in trades] or [market.book.best(BUY) or 1]
    lots, worth = _volumes(market, trades)
    bid, ask = market.book.best(BUY) or prices[-1], market.book.best(SELL) or prices[-1]
    change = Decimal(prices[-1] - prices[0]) * 100 / prices[0]
    return {
        name: market.pair,
        "askPrice": market.price(ask),
        "bidPrice": market.price(bid),
        "lastTradedPrice": market.price(prices[-1]),
        "previousClosePrice": market.price(prices[0]),
        "baseVolume": market.quantity(lots),
        "quoteVolume": worth,
        "highPrice": market.price(max(prices)),
        "lowPrice": market.price(min(prices)),
        "created": iso(now),
        "changeFromPrevious": f"{change:.2f}",
        "markPrice": market.price((bid + ask) // 2),
    }


def _volumes(market: Market, trades: Iterable[Traded]) -> tuple[int, str]:
    lots, worth = 0, 0
    for done in trades:
        lots += done.fill.quantity
        worth += done.fill.quantity * done.fill.price
    return lots, f"{(worth * LOT * market.tick).quantize(LOT):f}"
