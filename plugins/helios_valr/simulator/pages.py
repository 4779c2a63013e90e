"""The endpoints of public REST that answer in pages, newest first, and how much they give at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from helios_valr.simulator import listings, speech, summaries
from helios_valr.simulator.asked import Query, RefusedError, moment, truth, whole
from helios_valr.simulator.market import Market

SECOND = 10**9
PERIODS = (60, 300, 900, 1800, 3600, 21600, 86400)
MOST_BUCKETS, MOST_ROWS = 300, 100
Rows = list[dict[str, Any]]


def trades(market: Market, query: Query, inclusive: bool) -> Rows:
    """At most 100 of those between `startTime` and `endTime`, older than `beforeId` (or from it on if `inclusive`)."""
    skip, limit = whole(query, "skip", 0), whole(query, "limit", MOST_ROWS, MOST_ROWS)
    rows = list(reversed(market.trades))
    if "beforeId" in query:
        places = [n for n, done in enumerate(rows) if done.id == query["beforeId"]]
        rows = rows[places[0] + (not inclusive) :] if places else []
    first, last = moment(query, "startTime", 0), moment(query, "endTime", 1 << 62)
    rows = [done for done in rows if first <= done.at <= last]
    return [speech.trade(market, done) | {"sequenceId": done.sequence} for done in rows[skip : skip + limit]]


def buckets(market: Market, query: Query, now: int) -> Rows:
    """Prices of trades; times are whole seconds since 1970."""
    seconds, first, last, page = _span(query, lambda name, default: whole(query, name, default // SECOND) * SECOND, now)
    return summaries.buckets(market, first, last, seconds, truth(query, "includeEmpty"))[page]


def mark_buckets(market: Market, query: Query, now: int) -> Rows:
    """Mark prices; times are ISO 8601."""
    seconds, first, last, page = _span(query, lambda name, default: moment(query, name, default), now)
    return summaries.mark_buckets(market, first, last, seconds)[page]


def funding(markets: dict[str, Market], query: Query, seed: int, now: int) -> Rows:
    """What a perpetual has paid, `limit` at most 100 of it."""
    skip, limit = whole(query, "skip", 0), whole(query, "limit", MOST_ROWS, MOST_ROWS)
    market = markets.get(query.get("currencyPair", "").upper())
    if market is None or not market.is_perpetual:
        raise RefusedError(-21, "Unsupported Currency Pair")
    return listings.funding(market, seed, now)[skip : skip + limit]


def _span(query: Query, at: Callable[[str, int], int], now: int) -> tuple[int, int, int, slice]:
    """The period, the first and last time at which a bucket may begin, and the part of them that is wanted."""
    seconds, limit = whole(query, "periodSeconds", 60), whole(query, "limit", MOST_BUCKETS, MOST_BUCKETS)
    if seconds not in PERIODS:
        raise RefusedError(-11, f"periodSeconds must be one of {', '.join(map(str, PERIODS))}")
    step = seconds * SECOND
    last = at("endTime", now)
    first = at("startTime", last - last % step - step * (MOST_BUCKETS - 1))
    if last // step - -(-first // step) + 1 > MOST_BUCKETS:
        raise RefusedError(-11, f"at most {MOST_BUCKETS} buckets at once")
    skip = whole(query, "skip", 0)
    return seconds, first, min(last, now), slice(skip, skip + limit)
