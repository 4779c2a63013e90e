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
    return _head(market, start, seconds) | {
        "open": market.price(prices[0]),
        "high": market.price(max(prices)),
        "low": market.price(min(prices)),
        "close": market.price(prices[-1]),
        "volume": market.quantity(lots),
        "quoteVolume": worth,
    }


def buckets(market: Market, first: int, last: int, seconds: int, has_empty: bool = False) -> list[dict[str, Any]]:
    """The buckets that begin in [first, last] (ns UTC), newest first.

    One without a trade is among them only if `has_empty`: it repeats the last price, and there is none before a trade.
    """
    step = seconds * SECOND
    groups: dict[int, list[Traded]] = {}
    for done in market.trades:
        groups.setdefault(done.at - done.at % step, []).append(done)
    found: list[dict[str, Any]] = []
    before: Traded | None = None
    for start in range(-(-first // step) * step, last + 1, step) if has_empty else sorted(groups):
        if start in groups:
            before = groups[start][-1]
            if first <= start <= last:
                found.append(bucket(market, groups[start], start, seconds))
        else:
            before = before or next((done for done in reversed(market.trades) if done.at < start), None)
            if before is not None:
                price = before._replace(fill=before.fill._replace(quantity=0))
                found.append(bucket(market, [price], start, seconds) | {"volume": "0", "quoteVolume": "0"})
    return found[::-1]


def mark_buckets(market: Market, first: int, last: int, seconds: int) -> list[dict[str, Any]]:
    """The buckets of mark prices that begin in [first, last] (ns UTC), newest first; nothing trades at them."""
    step = seconds * SECOND
    groups: dict[int, list[int]] = {}
    for at, mark in market.marks:
        groups.setdefault(at - at % step, []).append(mark)
    found: list[dict[str, Any]] = []
    close: int | None = None
    for start in range(min(groups, default=last + 1), last + 1, step):
        # A price holds until it moves.
        marks = ([] if close is None else [close]) + groups.get(start, [])
        close = marks[-1]
        if start >= first:
            prices = {"open": marks[0], "high": max(marks), "low": min(marks), "close": close}
            found.append(_head(market, start, seconds) | {name: market.price(price) for name, price in prices.items()})
    return found[::-1]


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
        "markPrice": market.price(market.mark or prices[-1]),
    }


def _head(market: Market, start: int, seconds: int) -> dict[str, Any]:
    return {
        "currencyPairSymbol": market.pair,
        "bucketPeriodInSeconds": seconds,
        "startTime": iso(start).replace(".000Z", "Z"),
    }


def _volumes(market: Market, trades: Iterable[Traded]) -> tuple[int, str]:
    lots, worth = 0, 0
    for done in trades:
        lots += done.fill.quantity
        worth += done.fill.quantity * done.fill.price
    return lots, f"{(worth * LOT * market.tick).quantize(LOT):f}"
